import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const DAILY =
  "weather_code,temperature_2m_max,temperature_2m_min,precipitation_sum,precipitation_probability_max,wind_speed_10m_max,uv_index_max,relative_humidity_2m_mean,sunrise,sunset";
const numbers = z.array(z.number().nullable());
const daily = z.object({
  time: z.array(z.string()),
  temperature_2m_max: numbers,
  temperature_2m_min: numbers,
  precipitation_sum: numbers,
  precipitation_probability_max: numbers.optional(),
  sunrise: z.array(z.string()).optional(),
});
const forecastSchema = z.object({ utc_offset_seconds: z.number(), daily });
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/open-meteo/${name}`, import.meta.url), "utf8"));

describe("the test providers of weather and places by name", () => {
  let providers: TestProviders;
  before(async () => {
    providers = await startTestProviders({ seed: 1, now: () => NOW_MS });
  });
  after(async () => {
    await providers.close();
  });
  beforeEach(() => providers.reset());

  const get = async (
    id: "open-meteo" | "met-norway" | "nominatim",
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; text: string; json: () => unknown }> => {
    const response = await fetch(`${providers.server(id).baseUrl}${path}`, {
      headers: { "user-agent": "Wayfarer/0.1 (ops@example.org)", ...headers },
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: () => JSON.parse(text) as unknown,
    };
  };

  const lisbon = (path: string, first: string, last: string, variables = DAILY) =>
    `${path}?latitude=38.7&longitude=-9.1&daily=${variables}&timezone=Europe/Lisbon&wind_speed_unit=ms&start_date=${first}&end_date=${last}`;

  it("forecasts exactly the days and variables that are asked for, rain on the third", async () => {
    const { json } = await get("open-meteo", lisbon("/v1/forecast", "2026-11-24", "2026-12-09"));
    const forecast = forecastSchema.parse(json());
    assert.equal(forecast.daily.time.length, 16);
    assert.ok((forecast.daily.precipitation_sum[2] ?? 0) >= 4);
    assert.equal(forecast.daily.precipitation_sum[0], 0);
    // The last day is beyond the models that give probabilities.
    assert.equal(forecast.daily.precipitation_probability_max?.at(-1), null);
    assert.match(forecast.daily.sunrise?.[0] ?? "", /^2026-11-24T07:\d\d$/);
    const two = await get("open-meteo", lisbon("/v1/forecast", "2026-11-24", "2026-11-24", "sunset,sunrise"));
    assert.deepEqual(
      Object.keys(z.object({ daily: z.record(z.string(), z.unknown()) }).parse(two.json()).daily),
      ["time", "sunset", "sunrise"],
    );
  });

  it("tells the same past in its archive and nothing of the last five days", async () => {
    const variables = "temperature_2m_max,temperature_2m_min,precipitation_sum,wind_speed_10m_max";
    const past = await get("open-meteo", lisbon("/v1/archive", "2025-12-01", "2025-12-04", variables));
    const { daily: days } = forecastSchema.parse(past.json());
    for (const [index, max] of days.temperature_2m_max.entries())
      assert.ok((max ?? 99) > 8 && (max ?? 99) < 22 && (max ?? 0) > (days.temperature_2m_min[index] ?? 99));
    const late = await get("open-meteo", lisbon("/v1/archive", "2026-11-19", "2026-11-23", variables));
    assert.deepEqual(
      forecastSchema.parse(late.json()).daily.temperature_2m_max.map((value) => value === null),
      [false, true, true, true, true],
    );
  });

  it("refuses in Open-Meteo's own words", async () => {
    const bad = await get("open-meteo", "/v1/forecast?latitude=522.52&longitude=1");
    assert.equal(bad.status, 400);
    assert.deepEqual(bad.json(), fixture("error-400-bad-latitude.json"));
    const days = await get("open-meteo", "/v1/forecast?latitude=1&longitude=1&forecast_days=17");
    assert.deepEqual(days.json(), fixture("error-400-forecast-days.json"));
    const far = await get("open-meteo", lisbon("/v1/forecast", "2026-12-09", "2026-12-10"));
    assert.match(far.text, /'end_date' is out of allowed range from .* to 2026-12-09/);
    const unknown = await get("open-meteo", lisbon("/v1/forecast", "2026-11-24", "2026-11-24", "tempature"));
    assert.equal(unknown.status, 400);
    providers.setFault("open-meteo", { kind: "rate-limit" });
    const limited = await get("open-meteo", lisbon("/v1/forecast", "2026-11-24", "2026-11-24"));
    assert.equal(limited.status, 429);
    assert.equal(limited.headers.get("retry-after"), null);
    assert.deepEqual(limited.json(), fixture("error-429-minutely.json"));
  });

  it("has no results, not an empty list, for a name that nothing has", async () => {
    const none = await get("open-meteo", "/v1/search?name=asdfqwer&count=10&language=en&format=json");
    assert.deepEqual(none.json(), { generationtime_ms: 0.40233135 });
    const recorded = await get("open-meteo", "/v1/search?name=Hollywood&count=10");
    assert.deepEqual(recorded.json(), fixture("search-hollywood.200.json"));
    const village = await get("open-meteo", "/v1/search?name=Giethoorn&count=1");
    assert.match(village.text, /"country_code":"NL"/);
    const tooMany = await get("open-meteo", "/v1/search?name=Lisbon&count=101");
    assert.equal(tooMany.status, 400);
  });

  it("serves MET Norway's series with its expiry, and nothing new before it", async () => {
    const path = "/weatherapi/locationforecast/2.0/compact?lat=38.7&lon=-9.1";
    const first = await get("met-norway", path);
    assert.equal(first.status, 200);
    assert.equal(first.headers.get("expires"), new Date(NOW_MS + 1_800_000).toUTCString());
    const period = z.object({
      summary: z.object({ symbol_code: z.string() }),
      details: z.object({ precipitation_amount: z.number() }).optional(),
    });
    const { properties } = z
      .object({
        geometry: z.object({ coordinates: z.tuple([z.literal(-9.1), z.literal(38.7), z.number()]) }),
        properties: z.object({
          timeseries: z.array(
            z.object({
              time: z.string(),
              data: z.object({
                instant: z.object({ details: z.object({ air_temperature: z.number() }) }),
                next_1_hours: period.optional(),
                next_6_hours: period.optional(),
              }),
            }),
          ),
        }),
      })
      .parse(first.json());
    const { timeseries } = properties;
    assert.equal(timeseries[0]?.time, "2026-11-24T12:00:00Z");
    assert.ok(timeseries.at(-1)?.data.next_6_hours === undefined);
    assert.ok(timeseries.length > 80 && timeseries.length < 100);
    // The rain of the third day is the rain that Open-Meteo forecasts.
    const rainMm = timeseries
      .filter(({ time }) => time.startsWith("2026-11-26"))
      .reduce((sum, { data }) => sum + (data.next_1_hours?.details?.precipitation_amount ?? 0), 0);
    const { json } = await get("open-meteo", lisbon("/v1/forecast", "2026-11-26", "2026-11-26"));
    const forecastMm = forecastSchema.parse(json()).daily.precipitation_sum[0] ?? 0;
    assert.ok(Math.abs(rainMm - forecastMm) < 0.5, `${rainMm} ${forecastMm}`);
    const again = await get("met-norway", path, {
      "if-modified-since": first.headers.get("last-modified") ?? "",
    });
    assert.equal(again.status, 304);
    assert.equal(again.text, "");
  });

  it("refuses MET Norway's clients without a name and with too many decimals", async () => {
    const path = "/weatherapi/locationforecast/2.0/compact";
    assert.equal((await get("met-norway", `${path}?lat=38.7&lon=-9.1`, { "user-agent": "" })).status, 403);
    assert.equal(
      (await get("met-norway", `${path}?lat=38.7&lon=-9.1`, { "user-agent": "node" })).status,
      403,
    );
    assert.equal((await get("met-norway", `${path}?lat=38.70001&lon=-9.1`)).status, 403);
    assert.equal((await get("met-norway", `${path}?lat=99&lon=-9.1`)).status, 422);
  });

  it("geocodes what only Nominatim knows, in strings", async () => {
    const found = await get(
      "nominatim",
      "/search?q=santorini&format=jsonv2&addressdetails=1&extratags=1&limit=5",
    );
    const [island] = z
      .array(
        z.object({
          osm_type: z.string(),
          lat: z.string(),
          category: z.string(),
          boundingbox: z.array(z.string()),
        }),
      )
      .parse(found.json());
    assert.equal(island?.lat, "36.4072");
    assert.deepEqual((await get("nominatim", "/search?q=asdfqwer&format=jsonv2")).json(), []);
    assert.equal((await get("nominatim", "/search?q=a&city=b&format=jsonv2")).status, 400);
    assert.match((await get("nominatim", "/search?q=Bali")).headers.get("content-type") ?? "", /html/);
    providers.setFault("nominatim", { kind: "rate-limit" });
    const blocked = await get("nominatim", "/search?q=Bali&format=jsonv2");
    assert.equal(blocked.status, 429);
    assert.match(blocked.text, /Bandwidth limit exceeded/);
  });
});
