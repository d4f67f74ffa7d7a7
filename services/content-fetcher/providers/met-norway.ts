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
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../provider.ts";
import { daysBetween, isoDayAt, toCivil, tripDays } from "./civil-days.ts";

/** Days that the forecast reaches, today included. */
const REACH_DAY_COUNT = 10;
const HOUR_MS = 3_600_000;
/** A day counts as covered when its steps span this much of it: else its extremes would be those of half a day. */
const MIN_SPAN_HOURS = 18;

const details = z.object({
  air_temperature: z.number().optional(),
  relative_humidity: z.number().optional(),
  wind_speed: z.number().optional(),
});
const period = z
  .object({
    summary: z.object({ symbol_code: z.string() }).optional(),
    details: z.object({ precipitation_amount: z.number().optional() }).optional(),
  })
  .optional();
const schema = z.object({
  properties: z.object({
    timeseries: z.array(
      z.object({
        time: z.string(),
        data: z.object({ instant: z.object({ details }), next_1_hours: period, next_6_hours: period }),
      }),
    ),
  }),
});

interface Step {
  readonly atMs: number;
  readonly temperature: number | undefined;
  readonly humidity: number | undefined;
  readonly wind: number | undefined;
  readonly rainMm: number | undefined;
  readonly symbol: string | undefined;
  /** How long the step stands for, hours. */
  readonly hours: number;
}

/** MET Norway's Locationforecast: the weather of about the next nine days, worldwide. */
export const metNorway: Provider = {
  id: "met-norway",
  displayName: "MET Norway",
  origins: [{ setting: "MET_NORWAY_BASE_URL", defaultUrl: "https://api.met.no" }],
  offerings: [{ kind: SectionKind.WEATHER, dependsOn: [QueryAspect.DATES] }],
  terms: {
    license: "CC-BY-4.0",
    uri: "https://api.met.no/",
    attribution: "Weather data from MET Norway",
    storable: true,
    maxStorageMs: undefined,
  },
  limits: { attemptTimeoutMs: 3_000, maxConcurrentCount: 2, maxCallsPerMinute: 1_200 },
  fetch: fetchWeather,
};

async function fetchWeather(
  _kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const { timeZone, location } = query.destination;
  const today = isoDayAt(context.now(), timeZone);
  const days = tripDays(query).filter((day) => daysBetween(today, day) < REACH_DAY_COUNT);
  if (days.length === 0) {
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", `the forecast reaches ${REACH_DAY_COUNT} days ahead`);
  }
  if (location === undefined)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the destination has no position");
  const { body, headers, fetchMs } = await context.http.json(
    {
      origin: "MET_NORWAY_BASE_URL",
      path: "/weatherapi/locationforecast/2.0/compact",
      // More than four decimals are refused.
      query: { lat: location.latitude.toFixed(4), lon: location.longitude.toFixed(4) },
    },
    schema,
  );
  const steps = toSteps(body.properties.timeseries);
  const forecasts = days.flatMap((day) =>
    toForecast(
      day,
      steps.filter(({ atMs }) => isoDayAt(atMs, timeZone) === day),
      timeZone,
      fetchMs,
    ),
  );
  if (forecasts.length === 0)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the forecast does not reach the dates");
  const expiresMs = Date.parse(headers["expires"] ?? "");
  return {
    state: "content",
    content: {
      forecasts,
      fetchTime: timestampFromMs(fetchMs),
      ...(!Number.isNaN(expiresMs) && { storeUntilTime: timestampFromMs(Math.max(fetchMs, expiresMs)) }),
    },
    partial: false,
  };
}

type Series = z.infer<typeof schema>["properties"]["timeseries"];

/** Hourly steps stand for one hour, the later ones for six: each amount of rain is counted once. */
function toSteps(series: Series): Step[] {
  return series.flatMap(({ time, data }): Step[] => {
    const atMs = Date.parse(time);
    if (Number.isNaN(atMs)) return [];
    const hourly = data.next_1_hours !== undefined;
    const ahead = data.next_1_hours ?? data.next_6_hours;
    const {
      air_temperature: temperature,
      relative_humidity: humidity,
      wind_speed: wind,
    } = data.instant.details;
    return [
      {
        atMs,
        temperature,
        humidity,
        wind,
        rainMm: ahead?.details?.precipitation_amount,
        symbol: ahead?.summary?.symbol_code,
        hours: hourly ? 1 : 6,
      },
    ];
  });
}

function toForecast(
  day: string,
  steps: readonly Step[],
  timeZone: string,
  fetchMs: number,
): MessageInitShape<typeof DailyForecastSchema>[] {
  const temperatures = steps.flatMap(({ temperature }) => temperature ?? []);
  const [first] = steps;
  const last = steps.at(-1);
  if (first === undefined || last === undefined || temperatures.length === 0) return [];
  if ((last.atMs - first.atMs) / HOUR_MS + last.hours < MIN_SPAN_HOURS) return [];
  const rain = steps.flatMap(({ rainMm }) => rainMm ?? []);
  const wind = steps.flatMap((step) => step.wind ?? []);
  const humidity = steps.flatMap((step) => step.humidity ?? []);
  const daytime = steps.filter(({ atMs }) => {
    const hour = Number(
      new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", hourCycle: "h23" }).format(atMs),
    );
    return hour >= 6 && hour < 22;
  });
  const conditions = daytime.map(({ symbol }) => toCondition(symbol));
  return [
    {
      date: toCivil(day),
      basis: DailyForecast_Basis.FORECAST,
      condition: worst(conditions),
      minTemperatureCelsius: Math.min(...temperatures),
      maxTemperatureCelsius: Math.max(...temperatures),
      ...(rain.length > 0 && { precipitationMm: round(sum(rain)) }),
      ...(wind.length > 0 && { maxWindSpeedMps: Math.max(...wind) }),
      ...(humidity.length > 0 && { meanRelativeHumidity: round(sum(humidity) / humidity.length / 100) }),
      citations: [
        {
          provider: "providers/met-norway",
          uri: "https://api.met.no/",
          title: "MET Norway Locationforecast",
          license: "CC-BY-4.0",
          fetchTime: timestampFromMs(fetchMs),
        },
      ],
    },
  ];
}

/** The enum runs from mild to severe. */
const worst = (conditions: readonly WeatherCondition[]): WeatherCondition =>
  conditions.reduce(
    (worse, condition) => (condition > worse ? condition : worse),
    WeatherCondition.UNSPECIFIED,
  );

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const round = (value: number): number => Math.round(value * 100) / 100;

/** The provider's symbols, some with its own spelling (`lightssleetshowersandthunder`), by what they contain. */
function toCondition(symbol: string | undefined): WeatherCondition {
  const name = symbol?.replace(/_(day|night|polartwilight)$/, "") ?? "";
  if (name.includes("thunder")) return WeatherCondition.THUNDERSTORM;
  if (name.includes("snow")) return WeatherCondition.SNOW;
  if (name.includes("sleet")) return WeatherCondition.FREEZING_RAIN;
  if (name.includes("rain")) return WeatherCondition.RAIN;
  if (name === "fog") return WeatherCondition.FOG;
  if (name === "cloudy") return WeatherCondition.OVERCAST;
  if (name === "partlycloudy" || name === "fair") return WeatherCondition.PARTLY_CLOUDY;
  if (name === "clearsky") return WeatherCondition.CLEAR;
  return WeatherCondition.UNSPECIFIED;
}
