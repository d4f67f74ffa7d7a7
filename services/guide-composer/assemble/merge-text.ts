import type { DailyForecast, Fact, Narrative } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toDayNumber } from "./civil-time.ts";
import { distinct, mergeCitations } from "./listings/merge.ts";

/** Facts by key: what the most preferred provider states. Another one that states the same is cited too. */
export function mergeFacts(lists: readonly (readonly Fact[])[]): Fact[] {
  const byKey = new Map<string, Fact>();
  for (const fact of lists.flat()) {
    const known = byKey.get(fact.key);
    if (known === undefined) byKey.set(fact.key, fact);
    else if (known.value === fact.value)
      byKey.set(fact.key, { ...known, citations: mergeCitations([known.citations, fact.citations]) });
  }
  return [...byKey.values()];
}

/** Narratives best first: those in the language asked for, then in the order of the providers; the same text once. */
export const mergeNarratives = (
  lists: readonly (readonly Narrative[])[],
  languageCode: string,
): Narrative[] =>
  distinct(lists.flat(), ({ key, text }) => JSON.stringify([key, text])).sort(
    (a, b) => Number(b.languageCode === languageCode) - Number(a.languageCode === languageCode),
  );

const NUMBERS = [
  "precipitationMm",
  "precipitationProbability",
  "maxWindSpeedMps",
  "maxUvIndex",
  "meanRelativeHumidity",
] as const satisfies readonly (keyof DailyForecast)[];

/**
 * One forecast a day: the most preferred provider's numbers, and what it lacks from the next, with the citations of
 * both. A forecast and a typical day are different kinds of number and are not mixed; the forecast wins.
 */
export function mergeForecasts(lists: readonly (readonly DailyForecast[])[]): DailyForecast[] {
  const days = new Map<number, DailyForecast>();
  for (const forecast of lists.flat()) {
    if (forecast.date === undefined) continue;
    const day = toDayNumber(forecast.date);
    const known = days.get(day);
    if (known === undefined || known.basis > forecast.basis) days.set(day, forecast);
    else if (known.basis === forecast.basis) days.set(day, complete(known, forecast));
  }
  return [...days].sort(([a], [b]) => a - b).map(([, forecast]) => forecast);
}

function complete(own: DailyForecast, other: DailyForecast): DailyForecast {
  const filled = { ...own };
  let used = false;
  for (const name of NUMBERS) {
    const value = other[name];
    if (filled[name] !== undefined || value === undefined) continue;
    filled[name] = value;
    used = true;
  }
  if (filled.condition === 0 && other.condition !== 0) {
    filled.condition = other.condition;
    used = true;
  }
  // Two providers' times need not belong together: both come from one.
  const { sunriseTime, sunsetTime } = other;
  const hasSun = sunriseTime !== undefined || sunsetTime !== undefined;
  if (hasSun && filled.sunriseTime === undefined && filled.sunsetTime === undefined) {
    if (sunriseTime !== undefined) filled.sunriseTime = sunriseTime;
    if (sunsetTime !== undefined) filled.sunsetTime = sunsetTime;
    used = true;
  }
  return used ? { ...filled, citations: mergeCitations([own.citations, other.citations]) } : own;
}
