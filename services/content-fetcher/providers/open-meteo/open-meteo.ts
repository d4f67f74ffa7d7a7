import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../../provider.ts";
import { daysBetween, isoDayAt, toCivil, tripDays } from "../civil-days.ts";
import { fetchForecast, type Forecast } from "./forecast.ts";
import { geocode } from "./geocoding.ts";
import { ORIGIN } from "./request.ts";
import { fetchTypical, type Typical } from "./typical.ts";

/** The forecast reaches today and the 15 days after it. */
const FORECAST_DAY_COUNT = 16;

/** Open-Meteo: the weather of the next 16 days, what is typical beyond them, and places by name. */
export const openMeteo: Provider = {
  id: "open-meteo",
  displayName: "Open-Meteo",
  origins: [
    { setting: ORIGIN.forecast, defaultUrl: "https://api.open-meteo.com", use: "non-commercial" },
    { setting: ORIGIN.archive, defaultUrl: "https://archive-api.open-meteo.com", use: "non-commercial" },
    { setting: ORIGIN.geocoding, defaultUrl: "https://geocoding-api.open-meteo.com", use: "non-commercial" },
  ],
  offerings: [{ kind: SectionKind.WEATHER, dependsOn: [QueryAspect.DATES] }],
  terms: {
    license: "CC-BY-4.0",
    uri: "https://open-meteo.com/",
    attribution: "Weather data by Open-Meteo.com",
    storable: true,
    maxStorageMs: undefined,
  },
  // Five queued requests per address are refused, whatever their host: two at a time keeps clear of that.
  limits: { attemptTimeoutMs: 3_000, maxConcurrentCount: 2, maxCallsPerMinute: 600 },
  fetch: fetchWeather,
  geocode,
};

/**
 * The forecast as far as it reaches, what is typical after that, and both for a trip that leads from one into the other.
 * When one of the two fails, the days of the other are a partial answer.
 */
async function fetchWeather(
  _kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const today = isoDayAt(context.now(), query.destination.timeZone);
  const days = tripDays(query);
  const near = days.filter((day) => daysBetween(today, day) < FORECAST_DAY_COUNT);
  const far = days.filter((day) => daysBetween(today, day) >= FORECAST_DAY_COUNT);
  const [forecast, typical] = await Promise.allSettled([
    near.length > 0 ? fetchForecast(near, query, context) : NO_FORECASTS,
    far.length > 0 ? fetchTypical(far, today, query, context) : NO_TYPICAL,
  ]);
  context.signal.throwIfAborted();
  if (forecast.status === "rejected" && (typical.status === "rejected" || far.length === 0))
    throw forecast.reason;
  if (typical.status === "rejected" && near.length === 0) throw typical.reason;

  const forecasts: Forecast[] = forecast.status === "fulfilled" ? [...forecast.value] : [];
  let complete = forecast.status === "fulfilled" && typical.status === "fulfilled" && typical.value.complete;
  if (typical.status === "fulfilled") forecasts.push(...typical.value.forecasts);
  // Toward its end the model can lack a day that the interface accepts.
  const gaps = forecast.status === "fulfilled" ? near.filter((day) => !has(forecasts, day)) : [];
  if (gaps.length > 0) {
    const [filled] = await Promise.allSettled([fetchTypical(gaps, today, query, context)]);
    context.signal.throwIfAborted();
    if (filled.status === "rejected" && forecasts.length === 0) throw filled.reason;
    if (filled.status === "fulfilled") forecasts.push(...filled.value.forecasts);
    complete &&= filled.status === "fulfilled" && filled.value.complete;
  }
  if (forecasts.length === 0) return { state: "nothing-found" };
  const ordered = days.flatMap((day) => forecasts.find((one) => isOn(one, day)) ?? []);
  return { state: "content", content: { forecasts: ordered }, partial: !complete };
}

const NO_FORECASTS: readonly Forecast[] = [];
const NO_TYPICAL: Typical = { forecasts: [], complete: true };

function isOn({ date }: Forecast, day: string): boolean {
  const civil = toCivil(day);
  return date?.year === civil.year && date.month === civil.month && date.day === civil.day;
}

const has = (forecasts: readonly Forecast[], day: string): boolean =>
  forecasts.some((forecast) => isOn(forecast, day));
