import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { z } from "zod";
import {
  DailyForecast_Basis,
  WeatherCondition,
  type DailyForecastSchema,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { FetchContext, ResolvedQuery } from "../../provider.ts";
import { toCivil } from "../civil-days.ts";
import { citation, column, dailyUnits, get, ORIGIN, placeParameters, windMps } from "./request.ts";

export type Forecast = MessageInitShape<typeof DailyForecastSchema>;

const VARIABLES = [
  "weather_code",
  "temperature_2m_max",
  "temperature_2m_min",
  "precipitation_sum",
  "precipitation_probability_max",
  "wind_speed_10m_max",
  "uv_index_max",
  "relative_humidity_2m_mean",
  "sunrise",
  "sunset",
];

const numbers = z.array(z.number().nullable());
const localTimes = z.array(z.string().nullable()).optional();
const schema = z.object({
  utc_offset_seconds: z.number(),
  daily_units: dailyUnits,
  daily: z.object({
    time: z.array(z.string()),
    temperature_2m_max: numbers,
    temperature_2m_min: numbers,
    weather_code: column,
    precipitation_sum: column,
    precipitation_probability_max: column,
    wind_speed_10m_max: column,
    uv_index_max: column,
    relative_humidity_2m_mean: column,
    sunrise: localTimes,
    sunset: localTimes,
  }),
});

/**
 * Asks for the forecast of consecutive days, which must lie within the provider's reach.
 *
 * @param days `YYYY-MM-DD` at the destination, at least one
 * @returns one forecast for each day that the model has temperatures for, in order
 */
export async function fetchForecast(
  days: readonly string[],
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Forecast[]> {
  const { body, fetchMs } = await get(
    context,
    {
      origin: ORIGIN.forecast,
      path: "/v1/forecast",
      query: {
        ...placeParameters(query),
        daily: VARIABLES.join(","),
        start_date: days[0] ?? "",
        end_date: days.at(-1) ?? "",
      },
    },
    schema,
  );
  const { daily, daily_units: units } = body;
  // Local times carry no offset. All of an answer count with the one that it states, clock changes or not.
  const instantMs = (local: string | null | undefined): number =>
    Date.parse(`${local ?? ""}Z`) - body.utc_offset_seconds * 1000;
  return days.flatMap((day): Forecast[] => {
    const index = daily.time.indexOf(day);
    const max = daily.temperature_2m_max[index];
    const min = daily.temperature_2m_min[index];
    // A day without temperatures is a day that the model does not reach.
    if (typeof max !== "number" || typeof min !== "number") return [];
    return [
      {
        date: toCivil(day),
        basis: DailyForecast_Basis.FORECAST,
        condition: toCondition(daily.weather_code?.[index]),
        minTemperatureCelsius: min,
        maxTemperatureCelsius: max,
        precipitationMm: known(daily.precipitation_sum?.[index]),
        precipitationProbability: share(daily.precipitation_probability_max?.[index]),
        maxWindSpeedMps: windMps(daily.wind_speed_10m_max?.[index], units),
        maxUvIndex: known(daily.uv_index_max?.[index]),
        meanRelativeHumidity: share(daily.relative_humidity_2m_mean?.[index]),
        ...sunTimes(instantMs(daily.sunrise?.[index]), instantMs(daily.sunset?.[index])),
        citations: [citation(fetchMs, "Open-Meteo weather forecast")],
      },
    ];
  });
}

/** In polar day and night the provider writes both as the same instant, or neither: then there is neither. */
function sunTimes(sunriseMs: number, sunsetMs: number): Pick<Forecast, "sunriseTime" | "sunsetTime"> {
  if (Number.isNaN(sunriseMs) || Number.isNaN(sunsetMs) || sunriseMs >= sunsetMs) return {};
  return { sunriseTime: timestampFromMs(sunriseMs), sunsetTime: timestampFromMs(sunsetMs) };
}

const known = (value: number | null | undefined): number | undefined => value ?? undefined;
const share = (percent: number | null | undefined): number | undefined =>
  typeof percent === "number" ? Math.min(1, Math.max(0, percent / 100)) : undefined;

/** WMO 4677 as the provider uses it; its daily code is the most severe of the day. */
const CONDITIONS: ReadonlyMap<number, WeatherCondition> = new Map([
  [0, WeatherCondition.CLEAR],
  ...[1, 2].map((code) => [code, WeatherCondition.PARTLY_CLOUDY] as const),
  [3, WeatherCondition.OVERCAST],
  ...[45, 48].map((code) => [code, WeatherCondition.FOG] as const),
  ...[51, 53, 55].map((code) => [code, WeatherCondition.DRIZZLE] as const),
  ...[61, 63, 65, 80, 81, 82].map((code) => [code, WeatherCondition.RAIN] as const),
  ...[56, 57, 66, 67].map((code) => [code, WeatherCondition.FREEZING_RAIN] as const),
  ...[71, 73, 75, 77, 85, 86].map((code) => [code, WeatherCondition.SNOW] as const),
  ...[95, 96, 99].map((code) => [code, WeatherCondition.THUNDERSTORM] as const),
]);

const toCondition = (code: number | null | undefined): WeatherCondition =>
  CONDITIONS.get(code ?? Number.NaN) ?? WeatherCondition.UNSPECIFIED;
