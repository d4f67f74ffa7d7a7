import { chanceOf } from "./random.ts";
import type { Climate } from "./world.ts";

/** One day's weather at a place. */
export interface DayWeather {
  readonly maxCelsius: number;
  readonly minCelsius: number;
  readonly precipitationMm: number;
  /** 0 to 100. */
  readonly precipitationProbability: number;
  readonly windMps: number;
  readonly uvIndex: number;
  /** 0 to 100. */
  readonly humidity: number;
  /** WMO 4677. */
  readonly weatherCode: number;
}

/** Day of a forecast, today being 0, on which it always rains: so whoever tests rain need not look for it. */
export const RAINY_FORECAST_DAY = 2;
/** Least rain of that day: above what a forecast calls drizzle. */
const RAINY_DAY_MIN_MM = 4;

const DAYS_PER_MONTH = 30.4;
const DAY_MS = 86_400_000;
/** Most that a day is warmer or colder than normal. */
const ANOMALY_CELSIUS = 4;
const SNOW_BELOW_CELSIUS = 2;

const round = (value: number, decimals = 1): number => Number(value.toFixed(decimals));

/** A climate from the latitude alone, for places whose climate nobody wrote down. */
export function climateOf(latitude: number): Climate {
  const mean = 27.5 - 0.0072 * latitude ** 2;
  const swing = 0.22 * Math.abs(latitude) * (latitude < 0 ? -1 : 1);
  const month = (shift: number) =>
    Array.from({ length: 12 }, (_, index) =>
      round(mean + shift - swing * Math.cos(((index - 0.5) / 12) * 2 * Math.PI)),
    );
  return {
    highCelsius: month(4.5),
    lowCelsius: month(-4.5),
    precipitationMm: Array.from({ length: 12 }, (_, index) => round(60 + 25 * Math.sin(index))),
    wetDayCount: Array.from({ length: 12 }, (_, index) => round(8 + 2 * Math.sin(index))),
  };
}

/**
 * The weather of a day. Forecast, archive and MET Norway tell the same weather for the same seed, place and day.
 *
 * @param place name of the place within the seed
 * @param isoDay `YYYY-MM-DD`, the day at the place
 * @param forecastDay days from today, when the day is forecast
 */
export function weatherOf(
  seed: number,
  place: string,
  climate: Climate,
  latitude: number,
  isoDay: string,
  forecastDay?: number,
): DayWeather {
  const month = Number(isoDay.slice(5, 7)) - 1;
  const chance = (what: string): number => chanceOf(`${seed}|${place}|${isoDay}|${what}`);
  const wetDays = climate.wetDayCount[month] ?? 0;
  const wet =
    forecastDay === RAINY_FORECAST_DAY ||
    (forecastDay !== 0 && forecastDay !== 1 && chance("wet") < wetDays / DAYS_PER_MONTH);
  const amount = (climate.precipitationMm[month] ?? 0) / Math.max(1, wetDays);
  const precipitationMm = wet
    ? round(
        Math.max(
          forecastDay === RAINY_FORECAST_DAY ? RAINY_DAY_MIN_MM : 1,
          -Math.log(1 - chance("amount") * 0.95) * amount,
        ),
      )
    : 0;
  // Half of it is yesterday's: warm and cold spells last longer than a day.
  const dayBefore = new Date(Date.parse(isoDay) - DAY_MS).toISOString().slice(0, 10);
  const anomaly =
    (chance("anomaly") + chanceOf(`${seed}|${place}|${dayBefore}|anomaly`) - 1) * ANOMALY_CELSIUS;
  const high = (climate.highCelsius[month] ?? 0) + anomaly - (wet ? 1 : 0);
  const low = (climate.lowCelsius[month] ?? 0) + anomaly + (wet ? 0.5 : 0);
  const sunHeight = Math.cos(
    ((latitude - 23.4 * Math.sin(((month - 2.3) / 12) * 2 * Math.PI)) * Math.PI) / 180,
  );
  return {
    maxCelsius: round(Math.max(high, low + 2)),
    minCelsius: round(low),
    precipitationMm,
    precipitationProbability: Math.round(wet ? 60 + chance("probability") * 38 : chance("probability") * 25),
    windMps: round(2 + chance("wind") * 6 + (wet ? 2 : 0)),
    uvIndex: round(Math.max(0.2, 11.5 * Math.max(0, sunHeight) ** 2.4 * (wet ? 0.5 : 0.9)), 2),
    humidity: Math.round((wet ? 76 : 60) + chance("humidity") * 16),
    weatherCode: weatherCode(wet, precipitationMm, high, chance("sky")),
  };
}

function weatherCode(wet: boolean, precipitationMm: number, high: number, chance: number): number {
  if (!wet) return chance < 0.4 ? 0 : chance < 0.6 ? 1 : chance < 0.8 ? 2 : 3;
  if (high < SNOW_BELOW_CELSIUS) return precipitationMm < 3 ? 71 : precipitationMm < 8 ? 73 : 75;
  if (precipitationMm < 2) return chance < 0.5 ? 51 : 61;
  if (precipitationMm < 8) return chance < 0.5 ? 61 : 80;
  return precipitationMm < 15 ? 63 : 65;
}
