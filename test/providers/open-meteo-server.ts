import { readFileSync } from "node:fs";
import { LRUCache } from "lru-cache";
import { getTimes } from "suncalc";
import tzLookup from "tz-lookup";
import { foldName } from "../../services/guide-composer/destination/fold-name.ts";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { searchPlaces } from "./open-meteo-places.ts";
import { isoDayAt, isoDaysFrom, localIso, offsetSeconds } from "./world/local-time.ts";
import { weatherOf, type DayWeather } from "./world/weather.ts";
import type { Worlds } from "./world/worlds.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/open-meteo/${name}`, import.meta.url), "utf8");

const FORECAST_DAY_COUNT = 16;
const MAX_PAST_DAY_COUNT = 92;
/** The archive is this far behind. */
const ARCHIVE_DELAY_DAYS = 5;
const ARCHIVE_FIRST_DAY = "1940-01-01";
/** Days from today for which the models give no probability of rain any more. */
const PROBABILITY_DAY_COUNT = 15;
const MAX_CACHED_BYTES = 64 << 20;
const DAY_MS = 86_400_000;

const WIND_FACTORS: Readonly<Record<string, readonly [factor: number, unit: string]>> = {
  kmh: [3.6, "km/h"],
  ms: [1, "m/s"],
  mph: [2.23694, "mp/h"],
  kn: [1.94384, "kn"],
};

type Value = (day: DayWeather, known: boolean) => number | null;
/** Daily variables: unit and value. `known` is false where the provider leaves the value out. */
const DAILY: Readonly<Record<string, readonly [unit: string, value: Value]>> = {
  weather_code: ["wmo code", (day) => day.weatherCode],
  temperature_2m_max: ["°C", (day) => day.maxCelsius],
  temperature_2m_min: ["°C", (day) => day.minCelsius],
  precipitation_sum: ["mm", (day) => day.precipitationMm],
  precipitation_probability_max: ["%", (day, known) => (known ? day.precipitationProbability : null)],
  wind_speed_10m_max: ["m/s", (day) => day.windMps],
  uv_index_max: ["", (day, known) => (known ? day.uvIndex : null)],
  relative_humidity_2m_mean: ["%", (day) => day.humidity],
};

const refuse = (reason: string): Reply => ({ status: 400, body: JSON.stringify({ error: true, reason }) });
/** The true server would answer; this one does not know how, and an answer of its own would be misleading. */
const notSpoken = (what: string): Reply => ({
  status: 501,
  body: JSON.stringify({ error: true, reason: `this test server does not speak ${what}` }),
});

export const OPEN_METEO_FAULTS = {
  "rate-limit": { status: 429, body: fixture("error-429-minutely.json") },
};
export const OPEN_METEO_CONCURRENT: Reply = { status: 429, body: fixture("error-429-concurrent.json") };
export const OPEN_METEO_OVERLOADED: Reply = { status: 503, body: fixture("error-503-overloaded.json") };

/** Open-Meteo: forecast, archive and geocoding, which it has on three hosts, told apart by their paths. */
export function createOpenMeteo(
  worlds: Worlds,
  seed: number,
  now: () => number,
): (request: ReceivedRequest) => Reply {
  const cached = new LRUCache<string, Reply>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ body }) => Math.max(1, body.length),
  });

  function weather(url: URL, archive: boolean): Reply {
    const given = url.searchParams;
    const latitude = Number(given.get("latitude") ?? Number.NaN);
    const longitude = Number(given.get("longitude") ?? Number.NaN);
    if (given.get("latitude")?.includes(",") === true) return notSpoken("lists of coordinates");
    if (!(Math.abs(latitude) <= 90))
      return refuse(`Latitude must be in range of -90 to 90°. Given: ${given.get("latitude") ?? "nan"}.`);
    if (!(Math.abs(longitude) <= 180))
      return refuse(`Longitude must be in range of -180 to 180°. Given: ${given.get("longitude") ?? "nan"}.`);
    for (const block of ["hourly", "current", "minutely_15", "models", "timeformat", "temperature_unit"])
      if (given.has(block)) return notSpoken(block);
    const names = (given.get("daily") ?? "").split(",").filter((name) => name !== "");
    const unknown = names.find((name) => !(name in DAILY) && name !== "sunrise" && name !== "sunset");
    if (unknown !== undefined)
      return refuse(
        `Data corrupted at path ''. Cannot initialize ForecastVariableDaily from invalid String value ${unknown}.`,
      );
    const zone = given.get("timezone");
    if (names.length > 0 && zone === null) return refuse("Timezone is required");
    const timeZone =
      zone === null || zone === "GMT" ? "UTC" : zone === "auto" ? tzLookup(latitude, longitude) : zone;
    if (!isTimeZone(timeZone)) return refuse("Invalid timezone");
    const today = isoDayAt(now(), timeZone);
    const wind = WIND_FACTORS[given.get("wind_speed_unit") ?? "kmh"];
    if (wind === undefined)
      return refuse(
        `Data corrupted at path ''. Cannot initialize WindspeedUnit from invalid String value ${given.get("wind_speed_unit")}.`,
      );
    const range = archive ? archiveRange(given, today) : forecastRange(given, today);
    if (typeof range === "string") return refuse(range);
    const days = isoDaysFrom(range[0], range[1]);
    const { place, climate } = worlds.climateAt(latitude, longitude);
    const lastArchived = isoDayAt(now() - ARCHIVE_DELAY_DAYS * DAY_MS, timeZone);
    const columns: Record<string, (number | string | null)[]> = { time: days };
    const units: Record<string, string> = { time: "iso8601" };
    const weatherDays = days.map((day) => {
      const ahead = Math.round((Date.parse(day) - Date.parse(today)) / DAY_MS);
      const had = !archive || day <= lastArchived;
      return {
        ahead,
        weather: had
          ? weatherOf(seed, place, climate, latitude, day, !archive && ahead >= 0 ? ahead : undefined)
          : undefined,
      };
    });
    for (const name of names) {
      const variable = DAILY[name];
      if (variable === undefined) {
        units[name] = "iso8601";
        columns[name] = days.map((day) => sunTime(name, day, latitude, longitude, timeZone));
        continue;
      }
      const [unit, value] = variable;
      const [factor, windUnit] = name === "wind_speed_10m_max" ? wind : [1, unit];
      units[name] = windUnit;
      columns[name] = weatherDays.map(({ ahead, weather }) => {
        const number = weather === undefined ? null : value(weather, ahead < PROBABILITY_DAY_COUNT);
        return number === null ? null : Math.round(number * factor * 100) / 100;
      });
    }
    const instant = Date.parse(`${range[0]}T12:00:00Z`);
    return {
      body: Buffer.from(
        JSON.stringify({
          // The centre of the model's grid cell, not the point that was asked for.
          latitude: Math.round(latitude * 16) / 16,
          longitude: Math.round(longitude * 16) / 16,
          generationtime_ms: 0.09191036224365234,
          utc_offset_seconds: offsetSeconds(instant, timeZone),
          timezone: timeZone === "UTC" ? "GMT" : timeZone,
          timezone_abbreviation: timeZone === "UTC" ? "GMT" : abbreviationOf(instant, timeZone),
          elevation: 38,
          ...(names.length > 0 && { daily_units: units, daily: columns }),
        }),
      ),
    };
  }

  function search(url: URL): Reply {
    const given = url.searchParams;
    const name = given.get("name") ?? "";
    const count = Number(given.get("count") ?? "10");
    if (!(count >= 1 && count <= 100)) return { status: 400, body: fixture("geocoding-error-400.json") };
    if (given.has("format") && given.get("format") !== "json") return notSpoken("protobuf");
    if (foldName(name) === "hollywood") return { body: fixture("search-hollywood.200.json") };
    const results = name.trim().length < 2 ? [] : searchPlaces(worlds, name).slice(0, count);
    return {
      body: JSON.stringify({
        ...(results.length > 0 && { results }),
        generationtime_ms: 0.40233135,
      }),
    };
  }

  return ({ url }) => {
    const key = `${url.pathname}${url.search}|${Math.floor(now() / DAY_MS)}`;
    const known = cached.get(key);
    if (known !== undefined) return known;
    const reply =
      url.pathname === "/v1/forecast"
        ? weather(url, false)
        : url.pathname === "/v1/archive"
          ? weather(url, true)
          : url.pathname === "/v1/search"
            ? search(url)
            : { status: 404, body: JSON.stringify({ error: true, reason: "Not Found" }) };
    cached.set(key, reply);
    return reply;
  };
}

const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/;
const isDay = (text: string): boolean => ISO_DAY.test(text) && !Number.isNaN(Date.parse(text));
const shift = (isoDay: string, days: number): string =>
  new Date(Date.parse(isoDay) + days * DAY_MS).toISOString().slice(0, 10);

/** First and last day, or what is wrong with them. */
function forecastRange(given: URLSearchParams, today: string): readonly [string, string] | string {
  const start = given.get("start_date");
  const end = given.get("end_date");
  if (start !== null || end !== null) {
    if (given.has("forecast_days"))
      return "Parameter 'forecast_days' is mutually exclusive with 'start_date' and 'end_date'";
    return checkRange(start, end, shift(today, -MAX_PAST_DAY_COUNT), shift(today, FORECAST_DAY_COUNT - 1));
  }
  const days = Number(given.get("forecast_days") ?? "7");
  if (!(days >= 0 && days <= FORECAST_DAY_COUNT))
    return `Forecast days is invalid. Allowed range 0 to 16. Given ${days}.`;
  return [today, shift(today, days - 1)];
}

function archiveRange(given: URLSearchParams, today: string): readonly [string, string] | string {
  const start = given.get("start_date");
  const end = given.get("end_date");
  if (start === null && end === null) return "Parameter 'start_date' and 'end_date' are required";
  return checkRange(start, end, ARCHIVE_FIRST_DAY, today);
}

function checkRange(
  start: string | null,
  end: string | null,
  first: string,
  last: string,
): readonly [string, string] | string {
  if (start === null || !isDay(start)) return "Invalid date format. Make sure to use 'YYYY-MM-DD'";
  if (end === null || !isDay(end)) return "Invalid date format. Make sure to use 'YYYY-MM-DD'";
  if (end < start) return "End-date must be larger or equals than start-date";
  if (start < first || start > last)
    return `Parameter 'start_date' is out of allowed range from ${first} to ${last}`;
  if (end < first || end > last)
    return `Parameter 'end_date' is out of allowed range from ${first} to ${last}`;
  return [start, end];
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const abbreviationOf = (atMs: number, timeZone: string): string =>
  new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "short" })
    .formatToParts(atMs)
    .find(({ type }) => type === "timeZoneName")?.value ?? "GMT";

/** Local time without offset; in polar day and night the day's first minute, for both. */
function sunTime(
  name: string,
  isoDay: string,
  latitude: number,
  longitude: number,
  timeZone: string,
): string {
  const noonMs =
    Date.parse(`${isoDay}T12:00:00Z`) - offsetSeconds(Date.parse(`${isoDay}T12:00:00Z`), timeZone) * 1000;
  const { sunrise, sunset } = getTimes(new Date(noonMs), latitude, longitude);
  const time = name === "sunrise" ? sunrise : sunset;
  return time === null || Number.isNaN(time.getTime())
    ? `${isoDay}T00:00`
    : localIso(time.getTime(), timeZone);
}
