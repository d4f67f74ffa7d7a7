import tzLookup from "tz-lookup";
import { foldName } from "../../services/guide-composer/destination/fold-name.ts";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { OSM_PLACES } from "./more-places.ts";
import { createWeatherAt, rainOf, temperatureOf, tenths } from "./world/hours.ts";
import { isoDayAt, offsetSeconds } from "./world/local-time.ts";
import { weatherOf, type DayWeather } from "./world/weather.ts";
import type { Worlds } from "./world/worlds.ts";

const DAY_MS = 86_400_000;
const SLOT_MS = 3 * 3_600_000;
const SLOT_COUNT = 40;
const ONE_CALL_DAY_COUNT = 8;
const MAX_LIMIT = 5;
const KELVIN = 273.15;
/** A key that is good for all but the subscription of One Call. */
export const UNSUBSCRIBED_KEY = "key-without-one-call";

const failure = (status: number, cod: number | string, message: string): Reply => ({
  status,
  body: JSON.stringify({ cod, message }),
});

const INVALID_KEY = failure(
  401,
  401,
  "Invalid API key. Please see https://openweathermap.org/faq#error401 for more info.",
);
const NOT_SUBSCRIBED = failure(
  401,
  401,
  "Please note that using One Call 3.0 requires a separate subscription to the One Call by Call plan. Learn more here https://openweathermap.org/price. If you have a valid subscription to the One Call by Call plan, but still receive this error, then please see https://openweathermap.org/faq#error401 for more info.",
);
const TOO_MANY = failure(
  429,
  429,
  "Your account is temporary blocked due to exceeding of requests limitation of your subscription type. Please choose the proper subscription https://openweathermap.org/price",
);

export const OPENWEATHER_FAULTS = { "rate-limit": TOO_MANY };

/** OpenWeather's forecast, One Call 3.0 and geocoding, for whoever has any key. */
export function createOpenWeather(
  worlds: Worlds,
  seed: number,
  now: () => number,
): (request: ReceivedRequest) => Reply {
  return ({ url }) => {
    const given = url.searchParams;
    const key = given.get("appid") ?? "";
    if (key === "") return INVALID_KEY;
    if (url.pathname === "/geo/1.0/direct") return geocode(given);
    const forecasts = url.pathname === "/data/2.5/forecast";
    if (!forecasts && url.pathname !== "/data/3.0/onecall") return failure(404, "404", "Internal error");
    if (!forecasts && key === UNSUBSCRIBED_KEY) return NOT_SUBSCRIBED;
    const [lat, lon] = [given.get("lat") ?? "", given.get("lon") ?? ""];
    if (lat === "" && lon === "") return failure(400, "400", "Nothing to geocode");
    if (!isDegrees(lat, 90)) return failure(400, "400", "wrong latitude");
    if (!isDegrees(lon, 180)) return failure(400, "400", "wrong longitude");
    const place = { worlds, seed, atMs: now(), latitude: Number(lat), longitude: Number(lon) };
    const metric = given.get("units") === "metric";
    return { body: JSON.stringify(forecasts ? toForecast(place, metric) : toOneCall(place, metric, given)) };
  };
}

const isDegrees = (text: string, most: number): boolean =>
  /^-?\d+(\.\d+)?$/.test(text) && Math.abs(Number(text)) <= most;

function geocode(given: URLSearchParams): Reply {
  const [name = "", country = ""] = (given.get("q") ?? "").split(/,(?=[^,]*$)/);
  if (name === "") return failure(400, "400", "Nothing to geocode");
  const limit = Math.min(MAX_LIMIT, Number(given.get("limit") ?? "1"));
  const found = OSM_PLACES.filter(
    (place) =>
      foldName(place.name) === foldName(name) &&
      (country === "" || place.countryCode.toUpperCase() === country.toUpperCase()),
  ).slice(0, limit);
  return {
    body: JSON.stringify(
      found.map((place) => ({
        name: place.name,
        local_names: { en: place.name, ascii: foldName(place.name), feature_name: place.name },
        lat: place.latitude,
        lon: place.longitude,
        country: place.countryCode.toUpperCase(),
        ...(place.state !== undefined && { state: place.state }),
      })),
    ),
  };
}

interface Place {
  readonly worlds: Worlds;
  readonly seed: number;
  readonly atMs: number;
  readonly latitude: number;
  readonly longitude: number;
}

const inUnits = (degrees: number, metric: boolean): number =>
  Number((metric ? degrees : degrees + KELVIN).toFixed(2));

function toForecast({ worlds, seed, atMs, latitude, longitude }: Place, metric: boolean): object {
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

function toOneCall(
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
