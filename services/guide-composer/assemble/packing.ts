import { create } from "@bufbuild/protobuf";
import {
  PackingItemSchema,
  type PackingItem,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { DailyForecast_Basis, type DailyForecast } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";

interface PackingRule {
  readonly item: string;
  /** Name of the value, the comparison and the limit, as the reason states them. */
  readonly value: string;
  readonly comparison: ">=" | "<=";
  readonly limit: number;
  readonly read: (forecast: DailyForecast) => number | undefined;
}

const RULES: readonly PackingRule[] = [
  {
    item: "umbrella",
    value: "precipitation_probability",
    comparison: ">=",
    limit: 0.5,
    read: (day) => day.precipitationProbability,
  },
  {
    item: "rain-jacket",
    value: "precipitation_mm",
    comparison: ">=",
    limit: 5,
    read: (day) => day.precipitationMm,
  },
  {
    item: "warm-coat",
    value: "min_temperature_celsius",
    comparison: "<=",
    limit: 5,
    read: (day) => day.minTemperatureCelsius,
  },
  {
    item: "gloves-and-hat",
    value: "min_temperature_celsius",
    comparison: "<=",
    limit: 0,
    read: (day) => day.minTemperatureCelsius,
  },
  {
    item: "sweater",
    value: "min_temperature_celsius",
    comparison: "<=",
    limit: 14,
    read: (day) => day.minTemperatureCelsius,
  },
  {
    item: "light-clothing",
    value: "max_temperature_celsius",
    comparison: ">=",
    limit: 25,
    read: (day) => day.maxTemperatureCelsius,
  },
  { item: "sunscreen", value: "max_uv_index", comparison: ">=", limit: 3, read: (day) => day.maxUvIndex },
  {
    item: "windbreaker",
    value: "max_wind_speed_mps",
    comparison: ">=",
    limit: 10,
    read: (day) => day.maxWindSpeedMps,
  },
];

/** What the weather calls for, with the most telling value of the days as the reason. No weather, no list. */
export function packingItems(forecasts: readonly DailyForecast[]): PackingItem[] {
  return RULES.flatMap((rule) => {
    const days = forecasts.flatMap((forecast) => {
      const value = rule.read(forecast);
      if (value === undefined || forecast.date === undefined) return [];
      return (rule.comparison === ">=" ? value >= rule.limit : value <= rule.limit)
        ? [{ value, forecast, date: forecast.date }]
        : [];
    });
    if (days.length === 0) return [];
    const values = days.map(({ value }) => value);
    const extreme = rule.comparison === ">=" ? Math.max(...values) : Math.min(...values);
    const typical = days.every(({ forecast }) => forecast.basis === DailyForecast_Basis.TYPICAL)
      ? " (typical values)"
      : "";
    return [
      create(PackingItemSchema, {
        item: rule.item,
        dates: days.map(({ date }) => date),
        rule: `${rule.value} ${Math.round(extreme * 100) / 100} ${rule.comparison} ${rule.limit}${typical}`,
      }),
    ];
  });
}
