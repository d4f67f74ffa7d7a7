import { LRUCache } from "lru-cache";
import tzLookup from "tz-lookup";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { createWeatherAt, rainOf, temperatureOf, tenths } from "./world/hours.ts";
import type { DayWeather } from "./world/weather.ts";
import type { Worlds } from "./world/worlds.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Steps are hourly this far ahead, then every six hours. */
const HOURLY_COUNT = 60;
const REACH_MS = 10 * DAY_MS;
/** Models are run about every hour; an answer may be kept until half an hour later. */
const EXPIRES_AFTER_MS = 30 * 60_000;
const MAX_CACHED_BYTES = 64 << 20;
/** Clients whose makers, not their operators, chose the name. */
const STOCK_USER_AGENT = /^(undici|node|axios|curl|wget|okhttp|python|java|go-http|mozilla)\b/i;

const forbidden = (reason: string): Reply => ({
  status: 403,
  headers: { "content-type": "text/html" },
  body: `<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1><p>${reason}</p></body></html>`,
});

export const MET_NORWAY_FAULTS = {
  "rate-limit": { status: 429, headers: { "content-type": "text/plain" }, body: "Too Many Requests" },
};

/** MET Norway's Locationforecast 2.0, compact. */
export function createMetNorway(
  worlds: Worlds,
  seed: number,
  now: () => number,
): (request: ReceivedRequest) => Reply {
  const cached = new LRUCache<string, Buffer>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: (body) => body.length,
  });
  return ({ url, headers }) => {
    const agent = headers["user-agent"] ?? "";
    if (agent === "" || STOCK_USER_AGENT.test(agent))
      return forbidden("Identify your application in the User-Agent.");
    if (url.pathname !== "/weatherapi/locationforecast/2.0/compact") return { status: 404, body: "" };
    const lat = url.searchParams.get("lat") ?? "";
    const lon = url.searchParams.get("lon") ?? "";
    if (!/^-?\d+(\.\d+)?$/.test(lat) || !/^-?\d+(\.\d+)?$/.test(lon))
      return { status: 400, headers: { "content-type": "text/plain" }, body: "Bad Request" };
    if (/\.\d{5,}$/.test(lat) || /\.\d{5,}$/.test(lon)) return forbidden("Use at most four decimals.");
    if (Math.abs(Number(lat)) > 90 || Math.abs(Number(lon)) > 180)
      return { status: 422, headers: { "content-type": "text/plain" }, body: "Unprocessable Entity" };
    const runMs = Math.floor(now() / HOUR_MS) * HOUR_MS;
    const times = {
      "last-modified": new Date(runMs).toUTCString(),
      expires: new Date(now() + EXPIRES_AFTER_MS).toUTCString(),
      vary: "Accept, Accept-Encoding",
    };
    if (headers["if-modified-since"] === times["last-modified"])
      return { status: 304, headers: times, body: "" };
    const key = `${lat},${lon},${runMs}`;
    const body =
      cached.get(key) ?? Buffer.from(JSON.stringify(forecast(worlds, seed, runMs, Number(lat), Number(lon))));
    cached.set(key, body);
    return { headers: { "content-type": "application/json", ...times }, body };
  };
}

function forecast(worlds: Worlds, seed: number, runMs: number, latitude: number, longitude: number): object {
  const timeZone = tzLookup(latitude, longitude);
  const { place, climate } = worlds.climateAt(latitude, longitude);
  const { weatherAt, hourOf } = createWeatherAt({
    seed,
    place,
    climate,
    latitude,
    timeZone,
    fromMs: runMs,
    toMs: runMs + REACH_MS + DAY_MS,
  });
  const hours = Array.from({ length: HOURLY_COUNT }, (_, index) => runMs + index * HOUR_MS);
  const firstSix = Math.ceil((runMs + HOURLY_COUNT * HOUR_MS) / (6 * HOUR_MS)) * 6 * HOUR_MS;
  const sixes: number[] = [];
  for (let atMs = firstSix; atMs <= runMs + REACH_MS; atMs += 6 * HOUR_MS) sixes.push(atMs);
  const step = (atMs: number, hourly: boolean, left: number): object => {
    const weather = weatherAt(atMs);
    const hour = hourOf(atMs);
    const symbol = symbolOf(weather, hour);
    const hourlyRain = rainOf(weather, hour);
    const sixHours = Array.from({ length: 6 }, (_, index) => {
      const at = atMs + index * HOUR_MS;
      return rainOf(weatherAt(at), hourOf(at));
    }).reduce((sum, mm) => sum + mm, 0);
    return {
      time: new Date(atMs).toISOString().replace(".000Z", "Z"),
      data: {
        instant: {
          details: {
            air_pressure_at_sea_level: 1014.2,
            air_temperature: temperatureOf(weather, hour),
            cloud_area_fraction: weather.precipitationMm > 0 ? 92.2 : weather.weatherCode * 25 + 8.6,
            relative_humidity: weather.humidity,
            wind_from_direction: 240.5,
            wind_speed: Math.round(weather.windMps * (hour >= 10 && hour < 20 ? 10 : 6)) / 10,
          },
        },
        ...(left > 1 && { next_12_hours: { summary: { symbol_code: symbol } } }),
        ...(hourly && {
          next_1_hours: {
            summary: { symbol_code: symbol },
            details: { precipitation_amount: tenths(hourlyRain) },
          },
        }),
        ...(left > 0 && {
          next_6_hours: {
            summary: { symbol_code: symbol },
            details: { precipitation_amount: tenths(sixHours) },
          },
        }),
      },
    };
  };
  return {
    type: "Feature",
    geometry: { type: "Point", coordinates: [longitude, latitude, 38] },
    properties: {
      meta: {
        updated_at: new Date(runMs).toISOString().replace(".000Z", "Z"),
        units: {
          air_pressure_at_sea_level: "hPa",
          air_temperature: "celsius",
          cloud_area_fraction: "%",
          precipitation_amount: "mm",
          relative_humidity: "%",
          wind_from_direction: "degrees",
          wind_speed: "m/s",
        },
      },
      timeseries: [
        ...hours.map((atMs) => step(atMs, true, hours.length + sixes.length)),
        ...sixes.map((atMs, index) => step(atMs, false, sixes.length - 1 - index)),
      ],
    },
  };
}

function symbolOf(weather: DayWeather, hour: number): string {
  const suffix = hour >= 7 && hour < 19 ? "_day" : "_night";
  if (rainOf(weather, hour) > 0) {
    const snow = weather.weatherCode >= 71 && weather.weatherCode <= 77;
    if (weather.weatherCode >= 80) return `rainshowers${suffix}`;
    const strength = weather.precipitationMm < 2 ? "light" : weather.precipitationMm > 15 ? "heavy" : "";
    return `${strength}${snow ? "snow" : "rain"}`;
  }
  if (weather.precipitationMm > 0 || weather.weatherCode === 3) return "cloudy";
  return `${["clearsky", "fair", "partlycloudy"][weather.weatherCode] ?? "clearsky"}${suffix}`;
}
