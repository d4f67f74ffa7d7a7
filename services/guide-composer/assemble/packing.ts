import { create } from "@bufbuild/protobuf";
import {
  PackingItemSchema,
  type PackingItem,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  DailyForecast_Basis,
  WeatherCondition,
  type DailyForecast,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";

interface PackingRule {
  readonly item: string;
  /** Name of the value, the comparison and the limit, as the reason states them. */
  readonly value: string;
  readonly comparison: ">=" | "<=" | "=";
  readonly limit: number;
  /** The limit in a word, where the value is one. */
  readonly word?: string;
  readonly read: (forecast: DailyForecast) => number | undefined;
}

const rule = (
  item: string,
  value: string,
  comparison: PackingRule["comparison"],
  limit: number,
  read: PackingRule["read"],
): PackingRule => ({ item, value, comparison, limit, read });

const coldest = (day: DailyForecast): number => day.minTemperatureCelsius;
const warmest = (day: DailyForecast): number => day.maxTemperatureCelsius;

/** What weather calls for what, in the order of the list. */
const RULES: readonly PackingRule[] = [
  rule("umbrella", "precipitation_probability", ">=", 0.5, (day) => day.precipitationProbability),
  rule("rain-jacket", "precipitation_mm", ">=", 5, (day) => day.precipitationMm),
  {
    ...rule("winter-boots", "condition", "=", WeatherCondition.SNOW, (day) => day.condition),
    word: "snow",
  },
  rule("gloves-and-hat", "min_temperature_celsius", "<=", 0, coldest),
  rule("warm-coat", "min_temperature_celsius", "<=", 5, coldest),
  rule("sweater", "min_temperature_celsius", "<=", 14, coldest),
  rule("windbreaker", "max_wind_speed_mps", ">=", 10, (day) => day.maxWindSpeedMps),
  rule("light-clothing", "max_temperature_celsius", ">=", 25, warmest),
  rule("water-bottle", "max_temperature_celsius", ">=", 30, warmest),
  rule("sunscreen", "max_uv_index", ">=", 3, (day) => day.maxUvIndex),
  rule("sun-hat", "max_uv_index", ">=", 6, (day) => day.maxUvIndex),
];

const HOLDS = {
  ">=": (value: number, limit: number) => value >= limit,
  "<=": (value: number, limit: number) => value <= limit,
  "=": (value: number, limit: number) => value === limit,
} as const satisfies Record<PackingRule["comparison"], (value: number, limit: number) => boolean>;

/** What the weather calls for, with the most telling value of the days as the reason. No weather, no list. */
export function packingItems(forecasts: readonly DailyForecast[]): PackingItem[] {
  return RULES.flatMap((own) => {
    const days = forecasts.flatMap((forecast) => {
      const value = own.read(forecast);
      return value !== undefined && forecast.date !== undefined && HOLDS[own.comparison](value, own.limit)
        ? [{ value, date: forecast.date, typical: forecast.basis === DailyForecast_Basis.TYPICAL }]
        : [];
    });
    if (days.length === 0) return [];
    return [
      create(PackingItemSchema, {
        item: own.item,
        dates: days.map(({ date }) => date),
        rule: `${reasonOf(own, days)}${basisOf(days)}`,
      }),
    ];
  });
}

/** "min_temperature_celsius 3.2 <= 5": the value, how it compares, the limit. */
function reasonOf(
  { value, comparison, limit, word }: PackingRule,
  days: readonly { readonly value: number }[],
): string {
  if (word !== undefined) return `${value} ${comparison} ${word}`;
  const values = days.map((day) => day.value);
  const extreme = comparison === "<=" ? Math.min(...values) : Math.max(...values);
  return `${value} ${Math.round(extreme * 100) / 100} ${comparison} ${limit}`;
}

/** Whether the reason rests on what is typical for the season instead of on a forecast. */
function basisOf(days: readonly { readonly typical: boolean }[]): string {
  const count = days.filter(({ typical }) => typical).length;
  if (count === 0) return "";
  return count === days.length ? " (typical values)" : ` (typical values on ${count} of ${days.length} days)`;
}
