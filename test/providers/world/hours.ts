import { isoDayAt, offsetSeconds } from "./local-time.ts";
import { weatherOf, type DayWeather } from "./weather.ts";
import type { Climate } from "./world.ts";

const DAY_MS = 86_400_000;

/** The weather of a place hour by hour. */
export interface WeatherAt {
  readonly weatherAt: (atMs: number) => DayWeather;
  /** Full hours since midnight at the place. */
  readonly hourOf: (atMs: number) => number;
}

/** @param span the instants that will be asked for lie from `fromMs`, which is in the day of the forecast, to `toMs` */
export function createWeatherAt(span: {
  readonly seed: number;
  readonly place: string;
  readonly climate: Climate;
  readonly latitude: number;
  readonly timeZone: string;
  readonly fromMs: number;
  readonly toMs: number;
}): WeatherAt {
  const { seed, place, climate, latitude, timeZone, fromMs, toMs } = span;
  const today = isoDayAt(fromMs, timeZone);
  const offsetMs = offsetMsOver(fromMs, toMs, timeZone);
  const days = new Map<string, DayWeather>();
  return {
    weatherAt: (atMs) => {
      const day = new Date(atMs + offsetMs(atMs)).toISOString().slice(0, 10);
      const known = days.get(day) ?? dayOf(seed, place, climate, latitude, day, today);
      days.set(day, known);
      return known;
    },
    hourOf: (atMs) => new Date(atMs + offsetMs(atMs)).getUTCHours(),
  };
}

/** Offset of a zone within a span; asking for every hour of it is slow, and needless unless the clocks change in it. */
function offsetMsOver(fromMs: number, toMs: number, timeZone: string): (atMs: number) => number {
  const first = offsetSeconds(fromMs, timeZone) * 1000;
  if (first === offsetSeconds(toMs, timeZone) * 1000) return () => first;
  return (atMs) => offsetSeconds(atMs, timeZone) * 1000;
}

function dayOf(
  seed: number,
  place: string,
  climate: Climate,
  latitude: number,
  day: string,
  today: string,
): DayWeather {
  const ahead = Math.round((Date.parse(day) - Date.parse(today)) / DAY_MS);
  return weatherOf(seed, place, climate, latitude, day, ahead >= 0 ? ahead : undefined);
}

export const tenths = (value: number): number => Math.round(value * 10) / 10;

/** Coldest at five in the morning, warmest at three in the afternoon. */
export const temperatureOf = ({ minCelsius, maxCelsius }: DayWeather, hour: number): number =>
  tenths(minCelsius + ((maxCelsius - minCelsius) * (1 + Math.cos(((hour - 15) / 24) * 2 * Math.PI))) / 2);

/** A wet day's rain falls from ten in the morning to four in the afternoon. */
export const rainOf = ({ precipitationMm }: DayWeather, hour: number): number =>
  hour >= 10 && hour < 16 ? precipitationMm / 6 : 0;
