import assert from "node:assert/strict";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  DailyForecast_Basis as Basis,
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  WeatherCondition,
  type DailyForecast,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { openMeteo } from "../../services/content-fetcher/providers/open-meteo/open-meteo.ts";
import { refusalDelayMs } from "../../services/content-fetcher/providers/open-meteo/request.ts";
import { yearShifts } from "../../services/content-fetcher/providers/open-meteo/typical.ts";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { fixture } from "./fixtures.ts";
import { NOW_MS, queryOf, type QueryParts } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";

const DAY_MS = 86_400_000;
const daysFrom = (start: string, end: string): string[] =>
  Array.from({ length: (Date.parse(end) - Date.parse(start)) / DAY_MS + 1 }, (_, index) =>
    new Date(Date.parse(start) + index * DAY_MS).toISOString().slice(0, 10),
  );
const isoOf = ({ date }: DailyForecast): string =>
  `${date?.year}-${String(date?.month).padStart(2, "0")}-${String(date?.day).padStart(2, "0")}`;

/** A forecast in the form of the recorded answer, whose request asked for one variable only. */
function forecast(days: readonly string[], change: object = {}, units: object = {}): string {
  const all = <T>(value: T): T[] => days.map(() => value);
  return JSON.stringify({
    latitude: 38.6875,
    longitude: -9.125,
    generationtime_ms: 0.09191036224365234,
    utc_offset_seconds: 0,
    timezone: "Europe/Lisbon",
    timezone_abbreviation: "WET",
    elevation: 38.0,
    daily_units: { time: "iso8601", wind_speed_10m_max: "m/s", ...units },
    daily: {
      time: days,
      weather_code: all(61),
      temperature_2m_max: all(17.4),
      temperature_2m_min: all(9.1),
      precipitation_sum: all(3.2),
      precipitation_probability_max: all(65),
      wind_speed_10m_max: all(7.25),
      uv_index_max: all(2.35),
      relative_humidity_2m_mean: all(78),
      sunrise: days.map((day) => `${day}T07:36`),
      sunset: days.map((day) => `${day}T17:15`),
      ...change,
    },
  });
}

/** An archive whose numbers tell the year: a maximum of 2025 is 20.25. */
function archive({ url }: ReceivedRequest): Reply {
  const days = daysFrom(url.searchParams.get("start_date") ?? "", url.searchParams.get("end_date") ?? "");
  const year = Number(days[0]?.slice(0, 4));
  return {
    body: JSON.stringify({
      daily_units: { wind_speed_10m_max: "m/s" },
      daily: {
        time: days,
        temperature_2m_max: days.map(() => year / 100),
        temperature_2m_min: days.map(() => year / 200),
        precipitation_sum: days.map(() => (year % 2 === 0 ? 2 : 0.4)),
        wind_speed_10m_max: days.map(() => 4),
      },
    }),
  };
}

describe("Open-Meteo weather", () => {
  const served = serveAdapter(openMeteo);
  const fetchWeather = (parts: QueryParts) => served.adapter().fetch(SectionKind.WEATHER, queryOf(parts));
  const answerBoth = (answerForecast: (days: string[]) => Reply): void =>
    served.answerWith((request) => {
      if (request.url.pathname === "/v1/archive") return archive(request);
      const given = request.url.searchParams;
      return answerForecast(daysFrom(given.get("start_date") ?? "", given.get("end_date") ?? ""));
    });

  it("reads a day field by field", async () => {
    answerBoth((days) => ({ body: forecast(days) }));
    const { content } = await fetchWeather({ startDate: "2026-12-01", dayCount: 1 });
    const [day] = content?.forecasts ?? [];
    assert.ok(day);
    assert.equal(isoOf(day), "2026-12-01");
    assert.equal(day.basis, Basis.FORECAST);
    assert.equal(day.sampleYearCount, 0);
    assert.equal(day.condition, WeatherCondition.RAIN);
    assert.equal(day.minTemperatureCelsius, 9.1);
    assert.equal(day.maxTemperatureCelsius, 17.4);
    assert.equal(day.precipitationMm, 3.2);
    assert.equal(day.precipitationProbability, 0.65);
    assert.equal(day.maxWindSpeedMps, 7.25);
    assert.equal(day.maxUvIndex, 2.35);
    assert.equal(day.meanRelativeHumidity, 0.78);
    assert.ok(day.sunriseTime && day.sunsetTime);
    assert.equal(timestampMs(day.sunriseTime), Date.parse("2026-12-01T07:36:00Z"));
    assert.equal(timestampMs(day.sunsetTime), Date.parse("2026-12-01T17:15:00Z"));
    const [citation] = day.citations;
    assert.equal(citation?.title, "Open-Meteo weather forecast");
    assert.equal(citation.license, "CC-BY-4.0");
    assert.ok(citation.fetchTime && timestampMs(citation.fetchTime) === NOW_MS);
  });

  it("counts local times back by the answer's offset", async () => {
    const destination = { timeZone: "Asia/Kathmandu", location: { latitude: 27.7, longitude: 85.3 } };
    answerBoth((days) => ({
      body: forecast(days).replace('"utc_offset_seconds":0', '"utc_offset_seconds":20700'),
    }));
    const { content } = await fetchWeather({
      startDate: "2026-12-01",
      dayCount: 1,
      destination: { ...destination, location: { ...destination.location, $typeName: "google.type.LatLng" } },
    });
    const time = content?.forecasts[0]?.sunriseTime;
    assert.ok(time);
    assert.equal(timestampMs(time), Date.parse("2026-12-01T07:36:00+05:45"));
  });

  const CODES: Readonly<Record<string, readonly number[]>> = {
    CLEAR: [0],
    PARTLY_CLOUDY: [1, 2],
    OVERCAST: [3],
    FOG: [45, 48],
    DRIZZLE: [51, 53, 55],
    RAIN: [61, 63, 65, 80, 81, 82],
    FREEZING_RAIN: [56, 57, 66, 67],
    SNOW: [71, 73, 75, 77, 85, 86],
    THUNDERSTORM: [95, 96, 99],
    UNSPECIFIED: [4, 100],
  };
  for (const [name, codes] of Object.entries(CODES)) {
    it(`reads the codes ${codes.join(", ")} as ${name}`, async () => {
      answerBoth((days) => ({ body: forecast(days, { weather_code: codes }) }));
      const { content } = await fetchWeather({ startDate: "2026-11-25", dayCount: codes.length });
      const conditions = content?.forecasts.map(({ condition }) => condition);
      assert.deepEqual(
        conditions,
        codes.map(() => WeatherCondition[name as keyof typeof WeatherCondition]),
      );
    });
  }

  it("leaves absent what the answer leaves out or null", async () => {
    answerBoth((days) => ({
      body: forecast(days, {
        weather_code: undefined,
        precipitation_sum: [null],
        precipitation_probability_max: undefined,
        wind_speed_10m_max: [null],
        uv_index_max: [null],
        relative_humidity_2m_mean: undefined,
        sunrise: [null],
        sunset: undefined,
      }),
    }));
    const { content, outcome } = await fetchWeather({ startDate: "2026-12-01", dayCount: 1 });
    assert.equal(outcome.kind, OutcomeKind.CONTENT);
    const [day] = content?.forecasts ?? [];
    assert.ok(day);
    assert.equal(day.condition, WeatherCondition.UNSPECIFIED);
    for (const value of [
      day.precipitationMm,
      day.precipitationProbability,
      day.maxWindSpeedMps,
      day.maxUvIndex,
      day.meanRelativeHumidity,
      day.sunriseTime,
      day.sunsetTime,
    ])
      assert.equal(value, undefined);
  });

  it("takes the unit of the wind from the answer", async () => {
    for (const [unit, expected] of [
      ["km/h", 2.01],
      ["m/s", 7.25],
      ["mp/h", 3.24],
      ["kn", 3.73],
      ["furlongs", undefined],
    ] as const) {
      answerBoth((days) => ({ body: forecast(days, {}, { wind_speed_10m_max: unit }) }));
      const { content } = await fetchWeather({ startDate: "2026-12-01", dayCount: 1 });
      assert.equal(content?.forecasts[0]?.maxWindSpeedMps, expected, unit);
    }
  });

  it("knows neither sunrise nor sunset where the provider writes one instant for both", async () => {
    answerBoth((days) => ({
      body: forecast(days, {
        sunrise: days.map((day) => `${day}T00:00`),
        sunset: days.map((day) => `${day}T00:00`),
      }),
    }));
    const { content } = await fetchWeather({ startDate: "2026-12-01", dayCount: 1 });
    assert.equal(content?.forecasts[0]?.sunriseTime, undefined);
    assert.equal(content?.forecasts[0]?.sunsetTime, undefined);
  });

  it("asks for the forecast up to the 16th day and for the archive after it", async () => {
    answerBoth((days) => ({ body: forecast(days) }));
    const { content, outcome } = await fetchWeather({ startDate: "2026-12-08", dayCount: 4 });
    assert.equal(outcome.kind, OutcomeKind.CONTENT);
    assert.deepEqual(
      content?.forecasts.map((day) => [isoOf(day), day.basis]),
      [
        ["2026-12-08", Basis.FORECAST],
        ["2026-12-09", Basis.FORECAST],
        ["2026-12-10", Basis.TYPICAL],
        ["2026-12-11", Basis.TYPICAL],
      ],
    );
    const asked = served
      .server()
      .requests.map(({ url }) => `${url.pathname} ${url.searchParams.get("start_date")}`)
      .sort();
    assert.deepEqual(asked, [
      "/v1/archive 2021-12-10",
      "/v1/archive 2022-12-10",
      "/v1/archive 2023-12-10",
      "/v1/archive 2024-12-10",
      "/v1/archive 2025-12-10",
      "/v1/forecast 2026-12-08",
    ]);
  });

  it("averages the same day of the last five years, and says that it is typical", async () => {
    answerBoth(() => ({ status: 500, body: "" }));
    const { content } = await fetchWeather({ startDate: "2027-03-10", dayCount: 1 });
    const [day] = content?.forecasts ?? [];
    assert.ok(day);
    assert.equal(day.basis, Basis.TYPICAL);
    assert.equal(day.sampleYearCount, 5);
    // 2022 to 2026: this year's March lies in the archive already.
    assert.equal(day.maxTemperatureCelsius, 20.2);
    assert.equal(day.minTemperatureCelsius, 10.1);
    assert.equal(day.precipitationMm, 1.4);
    assert.equal(day.precipitationProbability, 0.6);
    assert.equal(day.maxWindSpeedMps, 4);
    assert.equal(day.condition, WeatherCondition.UNSPECIFIED);
    assert.equal(day.citations[0]?.title, "Open-Meteo historical weather, 2022 to 2026");
  });

  it("takes 28 February for 29 February in years without one", async () => {
    answerBoth(() => ({ status: 500, body: "" }));
    const { content } = await fetchWeather({ startDate: "2028-02-28", dayCount: 3 });
    assert.deepEqual(
      content?.forecasts.map((day) => [isoOf(day), day.sampleYearCount]),
      [
        ["2028-02-28", 5],
        ["2028-02-29", 5],
        ["2028-03-01", 5],
      ],
    );
    for (const { url } of served.server().requests)
      assert.match(`${url.searchParams.get("end_date")}`, /^20\d\d-03-01$/);
  });

  it("follows a trip over the turn of the year", async () => {
    answerBoth(() => ({ status: 500, body: "" }));
    const { content } = await fetchWeather({ startDate: "2026-12-30", dayCount: 4 });
    assert.equal(content?.forecasts.length, 4);
    const ranges = served
      .server()
      .requests.map(({ url }) => `${url.searchParams.get("start_date")} ${url.searchParams.get("end_date")}`)
      .sort();
    assert.equal(ranges[0], "2021-12-30 2022-01-02");
    assert.equal(ranges.at(-1), "2025-12-30 2026-01-02");
  });

  it("is partial when a year cannot be had, and fails when none can", async () => {
    served.answerWith((request) =>
      request.url.searchParams.get("start_date")?.startsWith("2024") === true
        ? { status: 503, body: fixture("open-meteo/error-503-overloaded.json") }
        : archive(request),
    );
    const some = await fetchWeather({ startDate: "2027-03-10", dayCount: 1 });
    assert.equal(some.outcome.kind, OutcomeKind.PARTIAL_CONTENT);
    assert.equal(some.content?.forecasts[0]?.sampleYearCount, 4);
    served.answerWith(() => ({ status: 400, body: fixture("open-meteo/error-400-bad-latitude.json") }));
    const none = await fetchWeather({ startDate: "2027-03-10", dayCount: 1 });
    assert.equal(none.outcome.kind, OutcomeKind.FAILED);
    assert.equal(toReason(none.outcome.reason), "PROVIDER_RESPONSE_INVALID");
  });

  it("keeps one part of a trip when the other cannot be had", async () => {
    answerBoth(() => ({ status: 400, body: fixture("open-meteo/error-400-forecast-days.json") }));
    const { content, outcome } = await fetchWeather({ startDate: "2026-12-08", dayCount: 4 });
    assert.equal(outcome.kind, OutcomeKind.PARTIAL_CONTENT);
    assert.deepEqual(content?.forecasts.map(isoOf), ["2026-12-10", "2026-12-11"]);
  });

  it("fills a day that the model does not reach with what is typical", async () => {
    answerBoth((days) => ({
      body: forecast(days, { temperature_2m_max: [16, null], temperature_2m_min: [8, null] }),
    }));
    const { content, outcome } = await fetchWeather({ startDate: "2026-12-08", dayCount: 2 });
    assert.equal(outcome.kind, OutcomeKind.CONTENT);
    assert.deepEqual(
      content?.forecasts.map((day) => [isoOf(day), day.basis]),
      [
        ["2026-12-08", Basis.FORECAST],
        ["2026-12-09", Basis.TYPICAL],
      ],
    );
  });

  it("has no more than two requests in flight", async () => {
    served.server().setLatencyMs(10);
    answerBoth((days) => ({ body: forecast(days) }));
    await fetchWeather({ startDate: "2026-12-08", dayCount: 4 });
    const times = served.server().requests.map(({ receivedMs }) => receivedMs);
    // Six requests, each answered 10 ms later, two at a time: the last pair starts 20 ms after the first.
    assert.ok(Math.max(...times) - Math.min(...times) >= 18, times.join(", "));
  });

  it("refuses the recorded forecast, which was asked for no temperatures, with the path of what is missing", async () => {
    served.answerWith(() => ({ body: fixture("open-meteo/forecast-general.200.json") }));
    const { outcome } = await fetchWeather({ startDate: "2026-12-01", dayCount: 1 });
    assert.equal(toReason(outcome.reason), "PROVIDER_RESPONSE_INVALID");
    assert.match(outcome.detail, /daily\.temperature_2m_max/);
  });

  it("goes back to years that the archive holds in full", () => {
    assert.deepEqual(yearShifts("2026-12-10", "2026-11-24"), [-1, -2, -3, -4, -5]);
    assert.deepEqual(yearShifts("2027-11-20", "2026-11-24"), [-2, -3, -4, -5, -6]);
    assert.deepEqual(yearShifts("2027-11-17", "2026-11-24"), [-1, -2, -3, -4, -5]);
    assert.deepEqual(yearShifts("2028-11-24", "2026-11-24"), [-3, -4, -5, -6, -7]);
  });

  it("takes the pause after a refusal from its text", async () => {
    const reason = (text: string): string => JSON.stringify({ error: true, reason: text });
    const atMs = Date.parse("2026-11-24T12:15:00Z");
    assert.equal(refusalDelayMs(fixture("open-meteo/error-429-minutely.json"), atMs), 60_000);
    assert.equal(refusalDelayMs(fixture("open-meteo/error-429-concurrent.json"), atMs), 1_000);
    assert.equal(
      refusalDelayMs(reason("Hourly API request limit exceeded. Please try again in the next hour."), atMs),
      45 * 60_000,
    );
    assert.equal(
      refusalDelayMs(reason("Daily API request limit exceeded. Please try again tomorrow."), atMs),
      (11 * 60 + 45) * 60_000,
    );
    assert.equal(
      refusalDelayMs(reason("Monthly API request limit exceeded. Please try again next month."), atMs),
      Date.parse("2026-12-01") - atMs,
    );
    assert.equal(refusalDelayMs("<html>Too Many Requests</html>", atMs), 60_000);
    served.answerWith(() => ({ status: 429, body: fixture("open-meteo/error-429-minutely.json") }));
    const { outcome } = await fetchWeather({ startDate: "2026-12-01", dayCount: 1 });
    assert.equal(outcome.retryDelay && durationMs(outcome.retryDelay), 60_000);
  });
});
