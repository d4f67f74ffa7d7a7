import tzLookup from "tz-lookup";
import { createWeatherAt, rainOf, temperatureOf, tenths } from "./world/hours.ts";
import { isoDayAt, offsetSeconds } from "./world/local-time.ts";
import { weatherOf, type DayWeather } from "./world/weather.ts";
import type { Worlds } from "./world/worlds.ts";

const DAY_MS = 86_400_000;
const SLOT_MS = 3 * 3_600_000;
const SLOT_COUNT = 40;
const ONE_CALL_DAY_COUNT = 8;
const KELVIN = 273.15;

/** Where and when a forecast is made. */
export interface Place {
  readonly worlds: Worlds;
  readonly seed: number;
  readonly atMs: number;
  readonly latitude: number;
  readonly longitude: number;
}

const inUnits = (degrees: number, metric: boolean): number =>
  Number((metric ? degrees : degrees + KELVIN).toFixed(2));

/** Forty slots of three hours. */
export function toForecast({ worlds, seed, atMs, latitude, longitude }: Place, metric: boolean): object {
  const timeZone = tzLookup(latitude, longitude);
  const firstMs = Math.ceil(atMs / SLOT_MS) * SLOT_MS;
  const { weatherAt, hourOf } = createWeatherAt({
    ...worlds.climateAt(latitude, longitude),
    seed,
    latitude,
    timeZone,
    fromMs: atMs,
    toMs: firstMs + (SLOT_COUNT + 1) * SLOT_MS,
  });
  const list = Array.from({ length: SLOT_COUNT }, (_, index) => {
    const slotMs = firstMs + index * SLOT_MS;
    const weather = weatherAt(slotMs);
    const hour = hourOf(slotMs);
    // Of the three hours that end here.
    const fallen = [1, 2, 3].reduce((sum, back) => {
      const beforeMs = slotMs - back * 3_600_000;
      return sum + rainOf(weatherAt(beforeMs), hourOf(beforeMs));
    }, 0);
    const degrees = temperatureOf(weather, hour);
    return {
      dt: slotMs / 1000,
      main: {
        temp: inUnits(degrees, metric),
        feels_like: inUnits(degrees - 1, metric),
        temp_min: inUnits(degrees, metric),
        temp_max: inUnits(degrees, metric),
        pressure: 1014,
        sea_level: 1014,
        grnd_level: 1010,
        humidity: weather.humidity,
        temp_kf: 0,
      },
      weather: [codeOf(weather, fallen)],
      clouds: { all: 40 },
      wind: { speed: weather.windMps, deg: 240, gust: tenths(weather.windMps * 1.5) },
      visibility: 10_000,
      pop: fallen > 0 ? weather.precipitationProbability / 100 : 0,
      ...(fallen > 0 && { [isSnow(weather) ? "snow" : "rain"]: { "3h": Number(fallen.toFixed(2)) } }),
      sys: { pod: hour >= 7 && hour < 19 ? "d" : "n" },
      dt_txt: new Date(slotMs).toISOString().slice(0, 19).replace("T", " "),
    };
  });
  return {
    cod: "200",
    message: 0,
    cnt: list.length,
    list,
    city: {
      id: 0,
      name: "",
      coord: { lat: latitude, lon: longitude },
      country: "",
      population: 0,
      timezone: offsetSeconds(atMs, timeZone),
      sunrise: 0,
      sunset: 0,
    },
  };
}

/** Whole days, the first of them today. */
export function toOneCall(
  { worlds, seed, atMs, latitude, longitude }: Place,
  metric: boolean,
  given: URLSearchParams,
): object {
  const timeZone = tzLookup(latitude, longitude);
  const { place, climate } = worlds.climateAt(latitude, longitude);
  const today = isoDayAt(atMs, timeZone);
  const daily = Array.from({ length: ONE_CALL_DAY_COUNT }, (_, index) => {
    const day = new Date(Date.parse(today) + index * DAY_MS).toISOString().slice(0, 10);
    const weather = weatherOf(seed, place, climate, latitude, day, index);
    const noonMs = Date.parse(`${day}T12:00:00Z`);
    const dt = noonMs / 1000 - offsetSeconds(noonMs, timeZone);
    return {
      dt,
      sunrise: dt - 5 * 3600,
      sunset: dt + 5 * 3600,
      temp: {
        day: inUnits(weather.maxCelsius - 1, metric),
        min: inUnits(weather.minCelsius, metric),
        max: inUnits(weather.maxCelsius, metric),
        night: inUnits(weather.minCelsius + 1, metric),
      },
      humidity: weather.humidity,
      wind_speed: weather.windMps,
      weather: [codeOf(weather, weather.precipitationMm)],
      clouds: 40,
      pop: weather.precipitationProbability / 100,
      ...(weather.precipitationMm > 0 && { [isSnow(weather) ? "snow" : "rain"]: weather.precipitationMm }),
      uvi: weather.uvIndex,
    };
  });
  const excluded = new Set((given.get("exclude") ?? "").split(","));
  return {
    lat: latitude,
    lon: longitude,
    timezone: timeZone,
    timezone_offset: offsetSeconds(atMs, timeZone),
    ...(!excluded.has("daily") && { daily }),
  };
}

const isSnow = ({ weatherCode }: DayWeather): boolean => weatherCode >= 71 && weatherCode <= 77;

/** Of the code's group: thunder does not happen in these worlds. */
function codeOf(weather: DayWeather, fallenMm: number): object {
  if (fallenMm > 0) {
    return isSnow(weather)
      ? { id: 600, main: "Snow", description: "light snow", icon: "13d" }
      : { id: weather.weatherCode < 60 ? 300 : 500, main: "Rain", description: "light rain", icon: "10d" };
  }
  const [id, description] = (
    [
      [800, "clear sky"],
      [801, "few clouds"],
      [802, "scattered clouds"],
      [804, "overcast clouds"],
    ] as const
  )[Math.min(3, weather.weatherCode)] ?? [804, "overcast clouds"];
  return { id, main: id === 800 ? "Clear" : "Clouds", description, icon: "02d" };
}
