import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { z } from "zod";
import { QueryAspect } from "../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  DailyForecast_Basis,
  SectionKind,
  WeatherCondition,
  type DailyForecastSchema,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../shared/errors.ts";
import type { HttpAnswer, HttpRequest } from "../http/http-client.ts";
import type { Answer, FetchContext, GeocodeAnswer, Provider, ResolvedQuery } from "../provider.ts";
import { daysBetween, isoDayAt, toCivil, tripDays } from "./civil-days.ts";

const FORECAST = "OPEN_METEO_FORECAST_BASE_URL";
const ARCHIVE = "OPEN_METEO_ARCHIVE_BASE_URL";
const GEOCODING = "OPEN_METEO_GEOCODING_BASE_URL";

/** The forecast reaches today and the 15 days after it. */
const FORECAST_DAY_COUNT = 16;
/** Complete past years that a typical day is averaged over. */
const SAMPLE_YEAR_COUNT = 5;
/** A day counts as wet from this much on, as climatology counts rain days. */
const WET_DAY_MM = 1;

const numbers = z.array(z.number().nullable());
const refusal = z.object({ error: z.literal(true), reason: z.string() });
const forecastSchema = z.object({
  utc_offset_seconds: z.number(),
  daily: z.object({
    time: z.array(z.string()),
    weather_code: numbers,
    temperature_2m_max: numbers,
    temperature_2m_min: numbers,
    precipitation_sum: numbers,
    precipitation_probability_max: numbers,
    wind_speed_10m_max: numbers,
    uv_index_max: numbers,
    relative_humidity_2m_mean: numbers,
    sunrise: z.array(z.string().nullable()),
    sunset: z.array(z.string().nullable()),
  }),
});
const archiveSchema = z.object({
  daily: z.object({
    time: z.array(z.string()),
    temperature_2m_max: numbers,
    temperature_2m_min: numbers,
    precipitation_sum: numbers,
    wind_speed_10m_max: numbers,
  }),
});
const geocodingSchema = z.object({
  results: z
    .array(
      z.object({
        id: z.number().int(),
        name: z.string(),
        latitude: z.number(),
        longitude: z.number(),
        feature_code: z.string().optional(),
        country_code: z.string().optional(),
        admin1: z.string().optional(),
        timezone: z.string().optional(),
        population: z.number().optional(),
      }),
    )
    .optional(),
});

type Forecast = MessageInitShape<typeof DailyForecastSchema>;

/** Open-Meteo: the weather of the next 16 days, what is typical beyond them, and places by name. */
export const openMeteo: Provider = {
  id: "open-meteo",
  displayName: "Open-Meteo",
  origins: [
    { setting: FORECAST, defaultUrl: "https://api.open-meteo.com" },
    { setting: ARCHIVE, defaultUrl: "https://archive-api.open-meteo.com" },
    { setting: GEOCODING, defaultUrl: "https://geocoding-api.open-meteo.com" },
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

async function fetchWeather(
  _kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const today = isoDayAt(context.now(), query.destination.timeZone);
  const days = tripDays(query);
  const near = days.filter((day) => daysBetween(today, day) < FORECAST_DAY_COUNT);
  const far = days.filter((day) => daysBetween(today, day) >= FORECAST_DAY_COUNT);
  const [forecasts, typical] = await Promise.all([
    near.length > 0 ? fetchForecast(near, query, context) : [],
    far.length > 0 ? fetchTypical(far, query, context) : { forecasts: [], complete: true },
  ]);
  const all = [...forecasts, ...typical.forecasts];
  if (all.length === 0) return { state: "nothing-found" };
  return { state: "content", content: { forecasts: all }, partial: !typical.complete };
}

const place = ({ destination }: ResolvedQuery): Record<string, string> => ({
  latitude: String(destination.location?.latitude ?? Number.NaN),
  longitude: String(destination.location?.longitude ?? Number.NaN),
});

const citation = (fetchMs: number, title: string) => ({
  provider: "providers/open-meteo",
  uri: "https://open-meteo.com/",
  title,
  license: "CC-BY-4.0",
  fetchTime: timestampFromMs(fetchMs),
});

async function fetchForecast(
  days: readonly string[],
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Forecast[]> {
  const { body, fetchMs } = await get(
    context,
    {
      origin: FORECAST,
      path: "/v1/forecast",
      query: {
        ...place(query),
        daily:
          "weather_code,temperature_2m_max,temperature_2m_min,precipitation_sum,precipitation_probability_max,wind_speed_10m_max,uv_index_max,relative_humidity_2m_mean,sunrise,sunset",
        timezone: query.destination.timeZone,
        wind_speed_unit: "ms",
        start_date: days[0] ?? "",
        end_date: days.at(-1) ?? "",
      },
    },
    forecastSchema,
  );
  const { daily } = body;
  const instant = (local: string | null | undefined) =>
    local === null || local === undefined
      ? {}
      : timestampFromMs(Date.parse(`${local}Z`) - body.utc_offset_seconds * 1000);
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
        condition: toCondition(daily.weather_code[index]),
        minTemperatureCelsius: min,
        maxTemperatureCelsius: max,
        precipitationMm: known(daily.precipitation_sum[index]),
        precipitationProbability: share(daily.precipitation_probability_max[index]),
        maxWindSpeedMps: known(daily.wind_speed_10m_max[index]),
        maxUvIndex: known(daily.uv_index_max[index]),
        meanRelativeHumidity: share(daily.relative_humidity_2m_mean[index]),
        ...sunTimes(instant(daily.sunrise[index]), instant(daily.sunset[index])),
        citations: [citation(fetchMs, "Open-Meteo weather forecast")],
      },
    ];
  });
}

type Instant = ReturnType<typeof timestampFromMs> | Record<string, never>;

/** In polar day and night Open-Meteo writes both as the same instant: then there is neither. */
function sunTimes(sunrise: Instant, sunset: Instant): Pick<Forecast, "sunriseTime" | "sunsetTime"> {
  if (!("seconds" in sunrise) || !("seconds" in sunset) || sunrise.seconds === sunset.seconds) return {};
  return { sunriseTime: sunrise, sunsetTime: sunset };
}

const known = (value: number | null | undefined): number | undefined => value ?? undefined;
const share = (percent: number | null | undefined): number | undefined =>
  typeof percent === "number" ? percent / 100 : undefined;

/** Averages over the same days of the last complete years, one request a year. */
async function fetchTypical(
  days: readonly string[],
  query: ResolvedQuery,
  context: FetchContext,
): Promise<{ forecasts: Forecast[]; complete: boolean }> {
  const first = days[0] ?? "";
  const last = days.at(-1) ?? "";
  const currentYear = new Date(context.now()).getUTCFullYear();
  const lastYear = currentYear - 1 - (toCivil(last).year - toCivil(first).year);
  const years = Array.from({ length: SAMPLE_YEAR_COUNT }, (_, index) => lastYear - index);
  const answers = await Promise.allSettled(
    years.map((year) =>
      get(
        context,
        {
          origin: ARCHIVE,
          path: "/v1/archive",
          query: {
            ...place(query),
            daily: "temperature_2m_max,temperature_2m_min,precipitation_sum,wind_speed_10m_max",
            timezone: query.destination.timeZone,
            wind_speed_unit: "ms",
            start_date: sameDay(first, year - toCivil(first).year),
            end_date: sameDay(last, year - toCivil(first).year),
          },
        },
        archiveSchema,
      ),
    ),
  );
  const had = answers.flatMap((answer, index) =>
    answer.status === "fulfilled" ? [{ ...answer.value, year: years[index] ?? 0 }] : [],
  );
  const [failed] = answers.flatMap((answer) =>
    answer.status === "rejected" ? [answer.reason as unknown] : [],
  );
  if (had.length === 0) throw failed;
  const fetchMs = Math.min(...had.map((answer) => answer.fetchMs));
  const forecasts = days.flatMap((day): Forecast[] => {
    const samples = had.flatMap(({ body: { daily }, year }) => {
      const index = daily.time.indexOf(sameDay(day, year - toCivil(first).year));
      const max = daily.temperature_2m_max[index];
      const min = daily.temperature_2m_min[index];
      if (typeof max !== "number" || typeof min !== "number") return [];
      return [
        {
          max,
          min,
          rain: known(daily.precipitation_sum[index]),
          wind: known(daily.wind_speed_10m_max[index]),
        },
      ];
    });
    if (samples.length === 0) return [];
    const rain = samples.flatMap((sample) => sample.rain ?? []);
    const wind = samples.flatMap((sample) => sample.wind ?? []);
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
        citations: [citation(fetchMs, "Open-Meteo historical weather")],
      },
    ];
  });
  return { forecasts, complete: failed === undefined };
}

/** The same day of another year; 29 February becomes the 28th where there is none. */
function sameDay(isoDay: string, yearShift: number): string {
  const { year, month, day } = toCivil(isoDay);
  const shifted = year + yearShift;
  const exists = new Date(Date.UTC(shifted, month - 1, day)).getUTCMonth() === month - 1;
  return `${shifted}-${String(month).padStart(2, "0")}-${String(exists ? day : day - 1).padStart(2, "0")}`;
}

/** One decimal: more would claim a precision that averages of a few years do not have. */
const mean = (values: readonly number[]): number =>
  Math.round((values.reduce((sum, value) => sum + value, 0) / values.length) * 10) / 10;

/** Codes of WMO 4677 as Open-Meteo uses them. */
function toCondition(code: number | null | undefined): WeatherCondition {
  if (code === null || code === undefined) return WeatherCondition.UNSPECIFIED;
  if (code === 0) return WeatherCondition.CLEAR;
  if (code <= 2) return WeatherCondition.PARTLY_CLOUDY;
  if (code === 3) return WeatherCondition.OVERCAST;
  if (code === 45 || code === 48) return WeatherCondition.FOG;
  if ([56, 57, 66, 67].includes(code)) return WeatherCondition.FREEZING_RAIN;
  if (code >= 51 && code <= 55) return WeatherCondition.DRIZZLE;
  if ((code >= 61 && code <= 65) || (code >= 80 && code <= 82)) return WeatherCondition.RAIN;
  if ((code >= 71 && code <= 77) || code === 85 || code === 86) return WeatherCondition.SNOW;
  if (code >= 95 && code <= 99) return WeatherCondition.THUNDERSTORM;
  return WeatherCondition.UNSPECIFIED;
}

/** A refusal says in its text, not in a header, how long it holds. */
async function get<T>(
  context: FetchContext,
  request: HttpRequest,
  schema: z.ZodType<T>,
): Promise<HttpAnswer<T>> {
  const answer = await context.http.json({ ...request, acceptStatuses: [429] }, z.union([refusal, schema]));
  const { body } = answer;
  if (typeof body === "object" && body !== null && "reason" in body) {
    throw new ServiceError("PROVIDER_RATE_LIMITED", `HTTP ${answer.status}`, {
      retryDelayMs: retryDelayMs(body.reason),
    });
  }
  return { ...answer, body };
}

function retryDelayMs(reason: string): number {
  if (/tomorrow|daily/i.test(reason)) return 86_400_000;
  if (/hour/i.test(reason)) return 3_600_000;
  if (/concurrent/i.test(reason)) return 1_000;
  return 60_000;
}

/** Countries and first-level divisions are no destinations; islands, regions and towns are. */
const NO_DESTINATION = /^(PCL|ADM1$|AIRP|RSTN|BUS|HTL)/;

async function geocode(
  query: string,
  languageCode: string,
  maxCount: number,
  context: FetchContext,
): Promise<GeocodeAnswer> {
  const { body } = await get(
    context,
    {
      origin: GEOCODING,
      path: "/v1/search",
      query: {
        name: query,
        count: String(Math.min(100, maxCount * 2)),
        language: languageCode.slice(0, 2),
        format: "json",
      },
    },
    geocodingSchema,
  );
  const wanted = fold(query.split(",")[0] ?? query);
  return (body.results ?? [])
    .filter(({ timezone, feature_code: code }) => timezone !== undefined && !NO_DESTINATION.test(code ?? ""))
    .sort(
      (a, b) =>
        Number(fold(b.name) === wanted) - Number(fold(a.name) === wanted) ||
        (b.population ?? 0) - (a.population ?? 0),
    )
    .slice(0, maxCount)
    .map((found) => ({
      name: `destinations/${found.id}`,
      geonamesId: found.id,
      displayName: found.name,
      region: found.admin1 ?? "",
      countryCode: found.country_code ?? "",
      location: { latitude: found.latitude, longitude: found.longitude },
      timeZone: found.timezone ?? "",
      population: found.population ?? 0,
    }));
}

const fold = (name: string): string => name.normalize("NFKD").replaceAll(/\p{M}/gu, "").trim().toLowerCase();
