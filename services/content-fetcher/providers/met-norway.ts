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
import { daysBetween, isoDayAt, midnightMs, nextDay, toCivil, tripDays } from "./civil-days.ts";

/** Days that the forecast reaches, today included. */
const REACH_DAY_COUNT = 10;
const HOUR_MS = 3_600_000;
/** A day counts as covered when its steps stand for this much of it: else its extremes would be those of half a day. */
const MIN_COVERED_MS = 18 * HOUR_MS;
/** The part of a day whose weather counts as the day's: when people are about. Hours after midnight. */
const DAYTIME = { fromHour: 6, toHour: 22 } as const;

const optionalNumber = z.number().nullish();
const period = z
  .object({
    summary: z.object({ symbol_code: z.string().nullish() }).nullish(),
    details: z
      .object({
        precipitation_amount: optionalNumber,
        // Not in `compact`; where an answer has them they say more than the values at the ends of six hours.
        air_temperature_max: optionalNumber,
        air_temperature_min: optionalNumber,
      })
      .nullish(),
  })
  .nullish();
const schema = z.object({
  properties: z.object({
    timeseries: z.array(
      z.object({
        time: z.string(),
        data: z.object({
          instant: z.object({
            details: z
              .object({
                air_temperature: optionalNumber,
                relative_humidity: optionalNumber,
                wind_speed: optionalNumber,
              })
              .nullish(),
          }),
          next_1_hours: period,
          next_6_hours: period,
        }),
      }),
    ),
  }),
});

/**
 * MET Norway's Locationforecast: the weather of about the next nine days, worldwide.
 *
 * Its terms want no call before `Expires`: content is storable until then and the composer's cache keeps to it. This
 * service keeps no answers, so that there is no earlier one to ask about by `If-Modified-Since`.
 */
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
  // 20 calls a second per application are allowed.
  limits: { attemptTimeoutMs: 3_000, maxConcurrentCount: 2, maxCallsPerMinute: 1_200, maxBurstCount: 20 },
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
      query: { lat: fourDecimals(location.latitude), lon: fourDecimals(location.longitude) },
    },
    schema,
  );
  const steps = toSteps(body.properties.timeseries);
  const forecasts = days.flatMap((day) => toForecast(day, steps, timeZone, fetchMs));
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

/** Its terms: coordinates are truncated to four decimals; more are refused with 403. */
function fourDecimals(degrees: number): string {
  // Via text, because 38.7167 times ten thousand is a little less than 387,167.
  const [whole = "0", decimals = ""] = degrees.toFixed(9).split(".");
  const text = `${whole}.${decimals.slice(0, 4)}`;
  return Number(text) === 0 ? "0.0000" : text;
}

interface Step {
  readonly startMs: number;
  /** Until when its amounts count, milliseconds since the epoch: its period, cut where the next step starts. */
  readonly endMs: number;
  /** How long the period is that the amounts are for. */
  readonly periodMs: number;
  readonly temperatures: readonly number[];
  readonly humidity: number | undefined;
  readonly windMps: number | undefined;
  readonly rainMm: number | undefined;
  readonly symbol: string | undefined;
}

type Series = z.infer<typeof schema>["properties"]["timeseries"];

/** Hourly steps stand for one hour, the later ones for six, the last one for its instant only. */
function toSteps(series: Series): Step[] {
  const timed = series
    .map(({ time, data }) => ({ startMs: Date.parse(time), data }))
    .filter(({ startMs }) => !Number.isNaN(startMs))
    .sort((a, b) => a.startMs - b.startMs);
  return timed.map(({ startMs, data }, index): Step => {
    const { next_1_hours: hour, next_6_hours: sixHours, instant } = data;
    const ahead = hour ?? sixHours;
    const periodMs = (hour ? 1 : sixHours ? 6 : 0) * HOUR_MS;
    const nextMs = timed[index + 1]?.startMs ?? Infinity;
    return {
      startMs,
      endMs: Math.min(startMs + periodMs, nextMs),
      periodMs,
      temperatures: [
        instant.details?.air_temperature,
        ahead?.details?.air_temperature_max,
        ahead?.details?.air_temperature_min,
      ].filter((value) => typeof value === "number"),
      humidity: instant.details?.relative_humidity ?? undefined,
      windMps: instant.details?.wind_speed ?? undefined,
      rainMm: ahead?.details?.precipitation_amount ?? undefined,
      symbol: ahead?.summary?.symbol_code ?? undefined,
    };
  });
}

/** What the steps say of a civil day at the destination; nothing when they cover too little of it. */
function toForecast(
  day: string,
  steps: readonly Step[],
  timeZone: string,
  fetchMs: number,
): MessageInitShape<typeof DailyForecastSchema>[] {
  const dayStartMs = midnightMs(day, timeZone);
  const dayEndMs = midnightMs(nextDay(day), timeZone);
  const overlapMs = (step: Step, fromMs: number, toMs: number): number =>
    Math.max(0, Math.min(step.endMs, toMs) - Math.max(step.startMs, fromMs));
  const within = steps.filter(({ startMs }) => startMs >= dayStartMs && startMs < dayEndMs);
  const touching = steps
    .map((step) => ({ step, ms: overlapMs(step, dayStartMs, dayEndMs) }))
    .filter(({ ms }) => ms > 0);
  const temperatures = within.flatMap((step) => step.temperatures);
  if (temperatures.length === 0 || sum(touching.map(({ ms }) => ms)) < MIN_COVERED_MS) return [];
  // Six hours can lie in two days at the destination: each gets its share of the amount.
  const rain = touching.flatMap(({ step, ms }) =>
    step.rainMm === undefined ? [] : [step.rainMm * (ms / step.periodMs)],
  );
  const wind = within.flatMap((step) => step.windMps ?? []);
  const humid = touching.flatMap(({ step, ms }) =>
    step.humidity === undefined ? [] : [{ percent: step.humidity, ms }],
  );
  const [fromMs, toMs] = [dayStartMs + DAYTIME.fromHour * HOUR_MS, dayStartMs + DAYTIME.toHour * HOUR_MS];
  const conditions = touching
    .filter(({ step }) => overlapMs(step, fromMs, toMs) > 0)
    .map(({ step }) => toCondition(step.symbol));
  return [
    {
      date: toCivil(day),
      basis: DailyForecast_Basis.FORECAST,
      condition: worst(conditions),
      minTemperatureCelsius: Math.min(...temperatures),
      maxTemperatureCelsius: Math.max(...temperatures),
      ...(rain.length > 0 && { precipitationMm: round(sum(rain)) }),
      ...(wind.length > 0 && { maxWindSpeedMps: Math.max(...wind) }),
      ...(humid.length > 0 && {
        meanRelativeHumidity: round(
          sum(humid.map(({ percent, ms }) => percent * ms)) / sum(humid.map(({ ms }) => ms)) / 100,
        ),
      }),
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

/** As Open-Meteo does, the most severe weather of the day names it. The enum runs from mild to severe. */
const worst = (conditions: readonly WeatherCondition[]): WeatherCondition =>
  conditions.reduce(
    (worse, condition) => (condition > worse ? condition : worse),
    WeatherCondition.UNSPECIFIED,
  );

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const round = (value: number): number => Math.round(value * 100) / 100;

/** What a symbol's name contains, most severe first: `heavysleetshowersandthunder` is a thunderstorm. */
const SYMBOL_PARTS: readonly (readonly [part: string, condition: WeatherCondition])[] = [
  ["thunder", WeatherCondition.THUNDERSTORM],
  ["snow", WeatherCondition.SNOW],
  ["sleet", WeatherCondition.FREEZING_RAIN],
  ["rain", WeatherCondition.RAIN],
  ["fog", WeatherCondition.FOG],
  ["partlycloudy", WeatherCondition.PARTLY_CLOUDY],
  ["cloudy", WeatherCondition.OVERCAST],
  ["fair", WeatherCondition.PARTLY_CLOUDY],
  ["clearsky", WeatherCondition.CLEAR],
];

/** By what the name contains, because `_day` and the like follow it and the provider misspells some of its own names. */
const toCondition = (symbol: string | undefined): WeatherCondition =>
  SYMBOL_PARTS.find(([part]) => symbol?.includes(part))?.[1] ?? WeatherCondition.UNSPECIFIED;
