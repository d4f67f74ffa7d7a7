import { z } from "zod";
import { DailyForecast_Basis } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { HttpAnswer } from "../../http/http-client.ts";
import type { FetchContext, ResolvedQuery } from "../../provider.ts";
import { daysBetween, sameDayOf, toCivil } from "../civil-days.ts";
import type { Forecast } from "./forecast.ts";
import { citation, column, dailyUnits, get, ORIGIN, placeParameters, windMps } from "./request.ts";

/** Past years that a typical day is averaged over. */
const SAMPLE_YEAR_COUNT = 5;
/** The archive lags about five days behind; two more keep clear of its edge. */
const ARCHIVE_DELAY_DAYS = 7;
/** A day counts as wet from this much on, as climatology counts rain days. */
const WET_DAY_MM = 1;

const numbers = z.array(z.number().nullable());
const schema = z.object({
  daily_units: dailyUnits,
  daily: z.object({
    time: z.array(z.string()),
    temperature_2m_max: numbers,
    temperature_2m_min: numbers,
    precipitation_sum: column,
    wind_speed_10m_max: column,
  }),
});

export interface Typical {
  /** One for each day that any year has temperatures for, in order. */
  readonly forecasts: readonly Forecast[];
  /** Whether every year could be had. */
  readonly complete: boolean;
}

/**
 * Averages over the same days of the last five years that the archive holds in full.
 *
 * One request a year: each weighs 1 of the 600 that a minute allows, while one request from the first to the last of
 * these years would weigh more than 40 (its variables and its weeks count) and fetch 1,800 days to use 150 at most. No
 * more than two are in flight, because the provider refuses the sixth.
 *
 * @param days `YYYY-MM-DD` at the destination, at least one, in order
 * @param today the same for now
 * @throws ServiceError when no year could be had
 */
export async function fetchTypical(
  days: readonly string[],
  today: string,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Typical> {
  const shifts = yearShifts(days.at(-1) ?? "", today);
  const settled = await Promise.allSettled(
    shifts.map((yearShift) => fetchYear(days, yearShift, query, context)),
  );
  const years = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const [failure] = settled.flatMap((result) => (result.status === "rejected" ? [result] : []));
  if (years.length === 0 && failure !== undefined) throw failure.reason;
  return {
    forecasts: days.flatMap((day) => toTypicalDay(day, years)),
    complete: failure === undefined,
  };
}

/** Years to go back from a trip that ends on `lastDay`, nearest first: those whose days the archive already holds. */
export function yearShifts(lastDay: string, today: string): number[] {
  const nearest = Array.from({ length: SAMPLE_YEAR_COUNT }, (_, index) => -1 - index).find(
    (shift) => daysBetween(sameDayOf(lastDay, shift), today) >= ARCHIVE_DELAY_DAYS,
  );
  return nearest === undefined
    ? []
    : Array.from({ length: SAMPLE_YEAR_COUNT }, (_, index) => nearest - index);
}

interface Year {
  readonly yearShift: number;
  readonly answer: HttpAnswer<z.infer<typeof schema>>;
}

async function fetchYear(
  days: readonly string[],
  yearShift: number,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Year> {
  const answer = await get(
    context,
    {
      origin: ORIGIN.archive,
      path: "/v1/archive",
      query: {
        ...placeParameters(query),
        daily: "temperature_2m_max,temperature_2m_min,precipitation_sum,wind_speed_10m_max",
        start_date: sameDayOf(days[0] ?? "", yearShift),
        end_date: sameDayOf(days.at(-1) ?? "", yearShift),
      },
    },
    schema,
  );
  return { yearShift, answer };
}

function toTypicalDay(day: string, years: readonly Year[]): Forecast[] {
  const samples = years.flatMap(({ yearShift, answer: { body, fetchMs } }) => {
    const { daily, daily_units: units } = body;
    const sampleDay = sameDayOf(day, yearShift);
    const index = daily.time.indexOf(sampleDay);
    const max = daily.temperature_2m_max[index];
    const min = daily.temperature_2m_min[index];
    if (typeof max !== "number" || typeof min !== "number") return [];
    return [
      {
        year: toCivil(sampleDay).year,
        fetchMs,
        max,
        min,
        rain: daily.precipitation_sum?.[index] ?? undefined,
        wind: windMps(daily.wind_speed_10m_max?.[index], units),
      },
    ];
  });
  if (samples.length === 0) return [];
  const rain = samples.flatMap((sample) => sample.rain ?? []);
  const wind = samples.flatMap((sample) => sample.wind ?? []);
  const sampleYears = samples.map(({ year }) => year);
  return [
    {
      date: toCivil(day),
      basis: DailyForecast_Basis.TYPICAL,
      sampleYearCount: samples.length,
      minTemperatureCelsius: mean(samples.map(({ min }) => min)),
      maxTemperatureCelsius: mean(samples.map(({ max }) => max)),
      ...(rain.length > 0 && {
        precipitationMm: mean(rain),
        precipitationProbability: rain.filter((mm) => mm >= WET_DAY_MM).length / rain.length,
      }),
      ...(wind.length > 0 && { maxWindSpeedMps: mean(wind) }),
      citations: [
        citation(
          Math.min(...samples.map(({ fetchMs }) => fetchMs)),
          `Open-Meteo historical weather, ${Math.min(...sampleYears)} to ${Math.max(...sampleYears)}`,
        ),
      ],
    },
  ];
}

/** One decimal: more would claim a precision that averages of a few years do not have. */
const mean = (values: readonly number[]): number =>
  Math.round((values.reduce((sum, value) => sum + value, 0) / values.length) * 10) / 10;
