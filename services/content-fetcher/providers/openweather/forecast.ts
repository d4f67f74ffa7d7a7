import type { MessageInitShape } from "@bufbuild/protobuf";
import { z } from "zod";
import {
  DailyForecast_Basis,
  type DailyForecastSchema,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { FetchContext, ResolvedQuery } from "../../provider.ts";
import { isoDayAt, midnightMs, nextDay, toCivil } from "../civil-days.ts";
import { readableArray } from "../readable-array.ts";
import {
  celsius,
  citation,
  get,
  optionalNumber,
  positionParameters,
  round,
  share,
  sunTimes,
  weather,
  worstOf,
} from "./request.ts";

export type Forecast = MessageInitShape<typeof DailyForecastSchema>;

/** Days that the slots touch, today included: 40 of them, three hours apart. */
export const FORECAST_DAY_COUNT = 6;
const HOUR_MS = 3_600_000;
const SLOT_MS = 3 * HOUR_MS;
/** A day counts as covered when its slots stand for this much of it: else its extremes would be those of half a day. */
const MIN_COVERED_MS = 18 * HOUR_MS;
/** The part of a day whose weather counts as the day's: when people are about. Hours after midnight. */
const DAYTIME = { fromHour: 6, toHour: 22 } as const;

const amount = z.object({ "3h": optionalNumber }).nullish();
const schema = z.object({
  list: readableArray(
    z.object({
      /** Seconds since the epoch. */
      dt: z.number(),
      main: z.object({
        temp: celsius,
        temp_min: celsius.nullish(),
        temp_max: celsius.nullish(),
        humidity: optionalNumber,
      }),
      weather,
      wind: z.object({ speed: optionalNumber }).nullish(),
      pop: optionalNumber,
      rain: amount,
      snow: amount,
    }),
  ),
  /** The sun's times are those of today. */
  city: z.object({ id: optionalNumber, sunrise: optionalNumber, sunset: optionalNumber }).nullish(),
});

type Slot = z.infer<typeof schema>["list"][number];

/**
 * The free forecast: slots of three hours, made into civil days at the destination.
 *
 * @returns undefined when there is nothing for the position; else the days that are covered, which today's and the last
 * one often are not
 */
export async function fetchForecast(
  days: readonly string[],
  location: { readonly latitude: number; readonly longitude: number },
  query: ResolvedQuery,
  context: FetchContext,
): Promise<readonly Forecast[] | undefined> {
  const answer = await get(
    context,
    { path: "/data/2.5/forecast", query: positionParameters(location) },
    schema,
  );
  if (answer === undefined || answer.body.list.length === 0) return undefined;
  const { list, city } = answer.body;
  const slots = [...new Map(list.map((slot) => [slot.dt, slot])).values()];
  const { id } = city ?? {};
  const page =
    typeof id === "number" && id > 0
      ? `https://openweathermap.org/city/${id}`
      : "https://openweathermap.org/";
  const source = citation(page, "OpenWeather 5 day forecast", answer.fetchMs);
  const { timeZone } = query.destination;
  const isSunDay = (day: string): boolean =>
    typeof city?.sunrise === "number" && isoDayAt(city.sunrise * 1000, timeZone) === day;
  return days.flatMap((day): Forecast[] => {
    const forecast = toForecast(day, slots, timeZone, source);
    return forecast === undefined ? [] : [{ ...forecast, ...(isSunDay(day) && sunTimes(city ?? {})) }];
  });
}

/** What the slots say of a civil day; undefined when they cover too little of it. */
function toForecast(
  day: string,
  slots: readonly Slot[],
  timeZone: string,
  source: ReturnType<typeof citation>,
): Forecast | undefined {
  const startMs = midnightMs(day, timeZone);
  const endMs = midnightMs(nextDay(day), timeZone);
  const within = slots.filter(({ dt }) => dt * 1000 >= startMs && dt * 1000 < endMs);
  if (within.length * SLOT_MS < MIN_COVERED_MS) return undefined;
  const daytime = within.filter(({ dt }) => {
    const hours = (dt * 1000 - startMs) / HOUR_MS;
    return hours >= DAYTIME.fromHour && hours < DAYTIME.toHour;
  });
  // Amounts and probabilities are of the three hours that end with the slot: each day gets its share of those.
  const falling = slots
    .map((slot) => ({
      slot,
      ms: Math.min(slot.dt * 1000, endMs) - Math.max(slot.dt * 1000 - SLOT_MS, startMs),
    }))
    .filter(({ ms }) => ms > 0);
  const fallingMs = falling.reduce((sum, { ms }) => sum + ms, 0);
  const probabilities = falling.flatMap(({ slot }) => slot.pop ?? []);
  const winds = within.flatMap(({ wind }) => wind?.speed ?? []);
  const humidities = within.flatMap(({ main }) => main.humidity ?? []);
  return {
    date: toCivil(day),
    basis: DailyForecast_Basis.FORECAST,
    condition: worstOf(daytime.flatMap((slot) => slot.weather?.map(({ id }) => id) ?? [])),
    minTemperatureCelsius: Math.min(
      ...within.map(({ main }) => Math.min(main.temp, main.temp_min ?? main.temp)),
    ),
    maxTemperatureCelsius: Math.max(
      ...within.map(({ main }) => Math.max(main.temp, main.temp_max ?? main.temp)),
    ),
    ...(fallingMs >= MIN_COVERED_MS && {
      // A slot without either is a dry one.
      precipitationMm: round(
        falling.reduce(
          (sum, { slot, ms }) => sum + ((slot.rain?.["3h"] ?? 0) + (slot.snow?.["3h"] ?? 0)) * (ms / SLOT_MS),
          0,
        ),
      ),
    }),
    ...(probabilities.length > 0 && { precipitationProbability: share(Math.max(...probabilities)) }),
    ...(winds.length > 0 && { maxWindSpeedMps: Math.max(...winds) }),
    ...(humidities.length > 0 && {
      meanRelativeHumidity: share(
        round(humidities.reduce((sum, percent) => sum + percent, 0) / humidities.length / 100),
      ),
    }),
    citations: [source],
  };
}
