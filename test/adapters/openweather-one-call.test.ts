import assert from "node:assert/strict";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  WeatherCondition,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import type { Pool } from "../../services/content-fetcher/http/pool.ts";
import { openWeather } from "../../services/content-fetcher/providers/openweather/openweather.ts";
import { createOpenWeather } from "../providers/openweather-server.ts";
import { createWorlds } from "../providers/world/worlds.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { fixture, type Answerer } from "./fixtures.ts";
import { NOW_MS, openAdapter, queryOf, startPool, type Adapter } from "./harness.ts";

describe("OpenWeather's One Call", () => {
  let server: ProviderServer;
  let pool: Pool;
  let adapter: Adapter;
  let answer: Answerer;
  let nowMs = NOW_MS;
  before(async () => {
    server = await startProviderServer((request) => answer(request));
    pool = startPool(server.baseUrl);
  });
  beforeEach(() => {
    server.reset();
    nowMs = NOW_MS;
    answer = createOpenWeather(createWorlds(1), 1, () => nowMs);
    adapter = openAdapter(openWeather, {
      pool,
      baseUrl: server.baseUrl,
      now: () => nowMs,
      switchedOn: ["OPENWEATHER_ONE_CALL"],
    });
  });
  afterEach(() => adapter.close());
  after(async () => {
    await pool.close();
    await server.close();
  });

  it("gives eight whole days, today's too, with one request", async () => {
    const { content } = await adapter.fetch(
      SectionKind.WEATHER,
      queryOf({ startDate: "2026-11-24", dayCount: 10 }),
    );
    assert.deepEqual(
      content?.forecasts.map(({ date }) => date?.day),
      [24, 25, 26, 27, 28, 29, 30, 1],
    );
    assert.deepEqual(
      server.requests.map(({ url }) => [url.pathname, url.searchParams.get("exclude")]),
      [["/data/3.0/onecall", "current,minutely,hourly,alerts"]],
    );
    assert.ok((content.forecasts[2]?.precipitationMm ?? 0) >= 4);
  });

  it("reads the recorded answer field by field", async () => {
    const toCelsius = z.number().transform((kelvin) => Math.round((kelvin - 273.15) * 100) / 100);
    // Recorded without units; what is asked for now comes in degrees Celsius.
    const recorded = z
      .looseObject({
        daily: z.array(
          z.looseObject({
            dt: z.number(),
            sunrise: z.number(),
            sunset: z.number(),
            humidity: z.number(),
            wind_speed: z.number(),
            uvi: z.number(),
            rain: z.number().optional(),
            temp: z.looseObject({ min: toCelsius, max: toCelsius }),
          }),
        ),
      })
      .parse(JSON.parse(fixture("openweather/onecall-pyowm-118.200.json")));
    answer = () => ({ body: JSON.stringify(recorded) });
    nowMs = Date.parse("2020-04-24T16:00:00Z");
    const { content, outcome } = await adapter.fetch(
      SectionKind.WEATHER,
      queryOf({ startDate: "2020-04-24", dayCount: 8, destination: { timeZone: "Europe/Rome" } }),
    );
    assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
    assert.equal(content?.forecasts.length, recorded.daily.length);
    for (const [index, day] of content.forecasts.entries()) {
      const source = recorded.daily[index];
      assert.ok(source);
      assert.deepEqual(
        [day.minTemperatureCelsius, day.maxTemperatureCelsius],
        [source.temp.min, source.temp.max],
      );
      assert.deepEqual(
        [day.meanRelativeHumidity, day.maxWindSpeedMps, day.maxUvIndex, day.precipitationMm],
        [source.humidity / 100, source.wind_speed, source.uvi, source.rain ?? 0],
      );
      assert.equal(day.sunriseTime && timestampMs(day.sunriseTime), source.sunrise * 1000);
      assert.equal(day.sunsetTime && timestampMs(day.sunsetTime), source.sunset * 1000);
      assert.equal(day.precipitationProbability, undefined);
    }
    assert.equal(
      toReasonOf(await refused(fixture("openweather/onecall-pyowm-118.200.json"))),
      "PROVIDER_RESPONSE_INVALID",
    );
  });

  const refused = async (body: string) => {
    answer = () => ({ body });
    return await adapter.fetch(
      SectionKind.WEATHER,
      queryOf({ startDate: "2020-04-24", dayCount: 8, destination: { timeZone: "Europe/Rome" } }),
    );
  };
  const toReasonOf = ({ outcome }: Awaited<ReturnType<typeof refused>>) => toReason(outcome.reason);

  it("has no sunrise where the sun does not rise", async () => {
    const noon = Date.parse("2026-12-01T11:00:00Z") / 1000;
    const day = { dt: noon, sunrise: 0, sunset: 0, temp: { min: -9, max: -4 } };
    answer = () => ({
      body: JSON.stringify({ daily: [day, { ...day, dt: noon + 86_400, sunrise: undefined }] }),
    });
    nowMs = Date.parse("2026-12-01T08:00:00Z");
    const { content } = await adapter.fetch(SectionKind.WEATHER, queryOf({ startDate: "2026-12-01" }));
    assert.equal(content?.forecasts.length, 2);
    for (const forecast of content.forecasts)
      assert.deepEqual([forecast.sunriseTime, forecast.sunsetTime], [undefined, undefined]);
  });

  it("leaves out a day that cannot be read", async () => {
    const day = { dt: Date.parse("2026-12-01T12:00:00Z") / 1000, temp: { min: 9, max: 14 } };
    answer = () => ({
      body: JSON.stringify({
        daily: [
          { ...day, temp: null },
          { ...day, dt: day.dt + 86_400, weather: [] },
        ],
      }),
    });
    nowMs = Date.parse("2026-12-01T08:00:00Z");
    const { content } = await adapter.fetch(SectionKind.WEATHER, queryOf({ startDate: "2026-12-01" }));
    assert.deepEqual(
      content?.forecasts.map(({ date, condition }) => [date?.day, condition]),
      [[2, WeatherCondition.UNSPECIFIED]],
    );
  });

  it("takes no other answer for one without days", async () => {
    nowMs = Date.parse("2026-11-24T08:00:00Z");
    for (const [body, reason] of [
      ['{"cod":401,"message":"Invalid API key."}', "PROVIDER_ACCESS_DENIED"],
      ['{"code":400000,"message":"parameters"}', "PROVIDER_RESPONSE_INVALID"],
      ['{"lat":1,"lon":2}', "PROVIDER_RESPONSE_INVALID"],
    ] as const) {
      answer = () => ({ body });
      const { outcome } = await adapter.fetch(SectionKind.WEATHER, queryOf({ startDate: "2026-11-25" }));
      assert.equal(toReason(outcome.reason), reason);
    }
  });

  it("says that there is no subscription", async () => {
    answer = () => ({
      status: 401,
      body: '{"cod":401,"message":"Please note that using One Call 3.0 requires"}',
    });
    const { outcome } = await adapter.fetch(SectionKind.WEATHER, queryOf({ startDate: "2026-11-25" }));
    assert.equal(toReason(outcome.reason), "PROVIDER_ACCESS_DENIED");
  });
});
