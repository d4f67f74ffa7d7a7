import { z } from "zod";
import { DailyForecast_Basis } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { FetchContext, ResolvedQuery } from "../../provider.ts";
import { isoDayAt, toCivil, type CivilDay } from "../civil-days.ts";
import { readableArray } from "../readable-array.ts";
import type { Forecast } from "./forecast.ts";
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

/** Days of a whole answer, today included. */
export const ONE_CALL_DAY_COUNT = 8;

const schema = z.object({
  daily: readableArray(
    z.object({
      /** About noon of the day, seconds since the epoch; so are the times of the sun. */
      dt: z.number(),
      sunrise: optionalNumber,
      sunset: optionalNumber,
      temp: z.object({ min: celsius, max: celsius }),
      humidity: optionalNumber,
      wind_speed: optionalNumber,
      pop: optionalNumber,
      rain: optionalNumber,
      snow: optionalNumber,
      uvi: optionalNumber,
      weather,
    }),
  ),
});

type Day = z.infer<typeof schema>["daily"][number];

/**
 * Whole days of One Call 3.0, which takes a subscription of its own.
 *
 * @returns undefined when there is nothing for the position
 */
export async function fetchOneCall(
  days: readonly string[],
  location: { readonly latitude: number; readonly longitude: number },
  query: ResolvedQuery,
  context: FetchContext,
): Promise<readonly Forecast[] | undefined> {
  const answer = await get(
    context,
    {
      path: "/data/3.0/onecall",
      query: { ...positionParameters(location), exclude: "current,minutely,hourly,alerts" },
    },
    schema,
  );
  if (answer === undefined || answer.body.daily.length === 0) return undefined;
  const { timeZone } = query.destination;
  const source = citation("https://openweathermap.org/", "OpenWeather One Call forecast", answer.fetchMs);
  const byDay = new Map(answer.body.daily.map((day) => [isoDayAt(day.dt * 1000, timeZone), day]));
  return days.flatMap((day): Forecast[] => {
    const known = byDay.get(day);
    return known === undefined ? [] : [toForecast(toCivil(day), known, source)];
  });
}

const toForecast = (date: CivilDay, day: Day, source: ReturnType<typeof citation>): Forecast => ({
  date,
  basis: DailyForecast_Basis.FORECAST,
  condition: worstOf(day.weather?.map(({ id }) => id) ?? []),
  minTemperatureCelsius: Math.min(day.temp.min, day.temp.max),
  maxTemperatureCelsius: Math.max(day.temp.min, day.temp.max),
  // A day without either is a dry one.
  precipitationMm: round((day.rain ?? 0) + (day.snow ?? 0)),
  ...(typeof day.pop === "number" && { precipitationProbability: share(day.pop) }),
  ...(typeof day.wind_speed === "number" && { maxWindSpeedMps: day.wind_speed }),
  ...(typeof day.uvi === "number" && { maxUvIndex: Math.max(0, day.uvi) }),
  ...(typeof day.humidity === "number" && { meanRelativeHumidity: share(day.humidity / 100) }),
  ...sunTimes(day),
  citations: [source],
});
