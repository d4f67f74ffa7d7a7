import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import {
  DailyForecast_Basis as Basis,
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  WeatherCondition,
  type DailyForecast,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { metNorway } from "../../services/content-fetcher/providers/met-norway.ts";
import { fixture } from "./fixtures.ts";
import { NOW_MS, openAdapter, queryOf, startPool, type QueryParts } from "./harness.ts";
import { startProviderServer } from "../support/provider-server.ts";
import { serveAdapter } from "./served-adapter.ts";

const HOUR_MS = 3_600_000;
const GENERATED = fixture("met-norway/compact-lisbon-generated.200.json");
const RECORDED = new URL(
  "../../../shared/providers/samples/metno/compact-goteborg-2021-10-12.200.json",
  import.meta.url,
);

/** What the tests read of an answer on their own account. */
const seriesSchema = z.object({
  properties: z.object({
    timeseries: z.array(
      z.object({
        time: z.string(),
        data: z.object({
          instant: z.object({
            details: z.object({
              air_temperature: z.number(),
              relative_humidity: z.number(),
              wind_speed: z.number(),
            }),
          }),
          next_1_hours: z.object({ details: z.object({ precipitation_amount: z.number() }) }).optional(),
        }),
      }),
    ),
  }),
});

interface StepParts {
  readonly temperature?: number;
  readonly humidity?: number;
  readonly wind?: number;
  readonly hours: 1 | 6 | 0;
  readonly rain?: number;
  readonly symbol?: string;
  readonly more?: object;
}

const step = (atMs: number, parts: StepParts): object => {
  const ahead = {
    ...(parts.symbol !== undefined && { summary: { symbol_code: parts.symbol } }),
    details: { precipitation_amount: parts.rain ?? 0, ...parts.more },
  };
  return {
    time: new Date(atMs).toISOString().replace(".000Z", "Z"),
    data: {
      instant: {
        details: {
          air_temperature: parts.temperature ?? 10,
          relative_humidity: parts.humidity ?? 50,
          wind_speed: parts.wind ?? 2,
          cloud_area_fraction: 12.5,
        },
      },
      ...(parts.hours === 1 && { next_1_hours: ahead }),
      ...(parts.hours === 6 && { next_6_hours: ahead }),
    },
  };
};

const answerOf = (steps: readonly object[]): string =>
  JSON.stringify({ type: "Feature", properties: { meta: {}, timeseries: steps } });

/** Steps that begin so far apart from the one instant up to the other. */
const steps = (
  from: string,
  to: string,
  hours: 1 | 6,
  parts: (atMs: number) => Partial<StepParts>,
): object[] => {
  const [startMs, endMs] = [Date.parse(from), Date.parse(to)];
  return Array.from({ length: (endMs - startMs) / (hours * HOUR_MS) }, (_, index) => {
    const atMs = startMs + index * hours * HOUR_MS;
    return step(atMs, { hours, ...parts(atMs) });
  });
};

describe("MET Norway", () => {
  const served = serveAdapter(metNorway);
  const daysOf = async (body: string, parts: QueryParts): Promise<readonly DailyForecast[]> => {
    served.answerWith(() => ({ body }));
    const { content, outcome } = await served.adapter().fetch(SectionKind.WEATHER, queryOf(parts));
    assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
    return content?.forecasts ?? [];
  };
  const inZone = (timeZone: string): QueryParts["destination"] => ({ timeZone });

  it("reads a day of hourly steps field by field", async () => {
    const [day] = await daysOf(GENERATED, { startDate: "2026-11-25", dayCount: 1 });
    assert.ok(day);
    const hours = seriesSchema
      .parse(JSON.parse(GENERATED))
      .properties.timeseries.filter(({ time }) => time.startsWith("2026-11-25"));
    assert.equal(hours.length, 24);
    const instants = hours.map(({ data }) => data.instant.details);
    const temperatures = instants.map((details) => details.air_temperature);
    assert.equal(day.basis, Basis.FORECAST);
    assert.deepEqual([day.date?.year, day.date?.month, day.date?.day], [2026, 11, 25]);
    assert.equal(day.minTemperatureCelsius, Math.min(...temperatures));
    assert.equal(day.maxTemperatureCelsius, Math.max(...temperatures));
    assert.equal(day.maxWindSpeedMps, Math.max(...instants.map((details) => details.wind_speed)));
    const mean = instants.reduce((sum, details) => sum + details.relative_humidity, 0) / 24;
    assert.ok(Math.abs((day.meanRelativeHumidity ?? 0) - mean / 100) < 0.006);
    const rain = hours.reduce(
      (sum, { data }) => sum + (data.next_1_hours?.details.precipitation_amount ?? 0),
      0,
    );
    assert.ok(Math.abs((day.precipitationMm ?? -1) - rain) < 0.01);
    // Compact has neither.
    assert.equal(day.precipitationProbability, undefined);
    assert.equal(day.maxUvIndex, undefined);
    assert.equal(day.citations[0]?.title, "MET Norway Locationforecast");
  });

  it("covers the days from hourly into six-hourly steps, up to the last whole one", async () => {
    const days = await daysOf(GENERATED, { startDate: "2026-11-24", dayCount: 14 });
    // Of today half is over, and the last step stands for its instant only.
    assert.deepEqual(
      days.map(({ date }) => date?.day),
      [25, 26, 27, 28, 29, 30, 1, 2, 3],
    );
  });

  it("splits six hours between the two days at the destination that they lie in", async () => {
    // In Los Angeles, eight hours behind, the steps begin at 16, 22, 4 and 10 o'clock.
    const body = answerOf(
      steps("2026-11-25T00:00:00Z", "2026-11-28T00:00:00Z", 6, (atMs) => ({
        rain: new Date(atMs).getUTCHours() === 6 ? 6 : 0,
        temperature: new Date(atMs).getUTCHours(),
      })),
    );
    const [day] = await daysOf(body, {
      startDate: "2026-11-26",
      dayCount: 1,
      destination: inZone("America/Los_Angeles"),
    });
    // From 22 to 4 o'clock: four hours of the step before and two of the one after.
    assert.equal(day?.precipitationMm, 6);
    assert.deepEqual([day.minTemperatureCelsius, day.maxTemperatureCelsius], [0, 18]);
    const [other] = await daysOf(
      answerOf([
        step(Date.parse("2026-11-26T06:00:00Z"), { hours: 6, rain: 6 }),
        ...steps("2026-11-26T12:00:00Z", "2026-11-27T06:00:00Z", 6, () => ({})),
        step(Date.parse("2026-11-27T06:00:00Z"), { hours: 6, rain: 3 }),
      ]),
      { startDate: "2026-11-26", dayCount: 1, destination: inZone("America/Los_Angeles") },
    );
    assert.equal(other?.precipitationMm, 5);
  });

  it("counts each amount once where hourly and six-hourly steps meet", async () => {
    const body = answerOf([
      ...steps("2026-11-26T00:00:00Z", "2026-11-26T12:00:00Z", 1, () => ({ rain: 1 })),
      ...steps("2026-11-26T12:00:00Z", "2026-11-27T00:00:00Z", 6, () => ({ rain: 6 })),
    ]);
    const [day] = await daysOf(body, { startDate: "2026-11-26", dayCount: 1 });
    assert.equal(day?.precipitationMm, 24);
  });

  it("uses the extremes of six hours where an answer has them", async () => {
    const body = answerOf(
      steps("2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z", 6, () => ({
        more: { air_temperature_max: 14.5, air_temperature_min: 3.5 },
      })),
    );
    const [day] = await daysOf(body, { startDate: "2026-11-26", dayCount: 1 });
    assert.deepEqual([day?.minTemperatureCelsius, day?.maxTemperatureCelsius], [3.5, 14.5]);
  });

  it("says nothing of a day that its steps cover too little of", async () => {
    served.answerWith(() => ({
      body: answerOf(steps("2026-11-26T08:00:00Z", "2026-11-27T00:00:00Z", 1, () => ({}))),
    }));
    const { outcome } = await served
      .adapter()
      .fetch(SectionKind.WEATHER, queryOf({ startDate: "2026-11-26", dayCount: 1 }));
    assert.equal(toReason(outcome.reason), "PROVIDER_OUT_OF_COVERAGE");
  });

  it("asks nothing for dates beyond its reach", async () => {
    const { outcome } = await served
      .adapter()
      .fetch(SectionKind.WEATHER, queryOf({ startDate: "2026-12-04", dayCount: 3 }));
    assert.equal(outcome.kind, OutcomeKind.SKIPPED);
    assert.equal(toReason(outcome.reason), "PROVIDER_OUT_OF_COVERAGE");
    assert.equal(served.server().requests.length, 0);
  });

  it("truncates coordinates to four decimals", async () => {
    const cases: readonly (readonly [number, number, string, string])[] = [
      [38.71667, -9.13333, "38.7166", "-9.1333"],
      [38.7167, -9.1333, "38.7167", "-9.1333"],
      [0.00004, -0.00004, "0.0000", "0.0000"],
      [-33.86785, 151.20732, "-33.8678", "151.2073"],
    ];
    for (const [latitude, longitude, lat, lon] of cases) {
      served.server().reset();
      await daysOf(GENERATED, {
        startDate: "2026-11-26",
        dayCount: 1,
        destination: { location: { $typeName: "google.type.LatLng", latitude, longitude } },
      });
      const given = served.server().requests[0]?.url.searchParams;
      assert.deepEqual([given?.get("lat"), given?.get("lon")], [lat, lon]);
    }
  });

  it("may be stored until it expires, and no longer than not at all", async () => {
    const cases: readonly (readonly [headers: Record<string, string>, untilMs: number | undefined])[] = [
      [{ expires: "Tue, 24 Nov 2026 12:31:07 GMT" }, Date.parse("2026-11-24T12:31:07Z")],
      [{ expires: "Tue, 24 Nov 2026 11:00:00 GMT" }, NOW_MS],
      [{ expires: "soon" }, undefined],
      [{}, undefined],
    ];
    for (const [headers, untilMs] of cases) {
      served.answerWith(() => ({ body: GENERATED, headers }));
      const { content } = await served
        .adapter()
        .fetch(SectionKind.WEATHER, queryOf({ startDate: "2026-11-26", dayCount: 1 }));
      const until = content?.storeUntilTime;
      assert.equal(until && timestampMs(until), untilMs, headers["expires"] ?? "no header");
    }
  });

  it("takes a 203, which announces the end of this version, for an answer", async () => {
    served.answerWith(() => ({ status: 203, body: GENERATED }));
    const { outcome } = await served
      .adapter()
      .fetch(SectionKind.WEATHER, queryOf({ startDate: "2026-11-26", dayCount: 1 }));
    assert.equal(outcome.kind, OutcomeKind.CONTENT);
  });

  const PHENOMENA: readonly (readonly [name: string, condition: WeatherCondition])[] = [
    ["rain", WeatherCondition.RAIN],
    ["sleet", WeatherCondition.FREEZING_RAIN],
    ["snow", WeatherCondition.SNOW],
  ];
  /** https://api.met.no/weatherapi/weathericon/2.0: all names, two of them misspelt by the provider. */
  const SYMBOLS = new Map<string, WeatherCondition>([
    ["clearsky", WeatherCondition.CLEAR],
    ["fair", WeatherCondition.PARTLY_CLOUDY],
    ["partlycloudy", WeatherCondition.PARTLY_CLOUDY],
    ["cloudy", WeatherCondition.OVERCAST],
    ["fog", WeatherCondition.FOG],
    ...PHENOMENA.flatMap(([name, condition]) =>
      ["light", "", "heavy"].flatMap((strength) => [
        [`${strength}${name}`, condition] as const,
        [`${strength}${name}showers`, condition] as const,
        [`${strength}${name}andthunder`, WeatherCondition.THUNDERSTORM] as const,
        [`${strength}${name}showersandthunder`, WeatherCondition.THUNDERSTORM] as const,
      ]),
    ),
    ["lightssleetshowersandthunder", WeatherCondition.THUNDERSTORM],
    ["lightssnowshowersandthunder", WeatherCondition.THUNDERSTORM],
    ["volcanicash", WeatherCondition.UNSPECIFIED],
  ]);

  it("reads every symbol, with and without its time of day", async () => {
    const symbols = [...SYMBOLS].flatMap(([name, condition]) =>
      ["", "_day", "_night", "_polartwilight"].map((suffix) => [`${name}${suffix}`, condition] as const),
    );
    // As many as an answer has whole days, from tomorrow on.
    const DAY_COUNT = 9;
    for (let first = 0; first < symbols.length; first += DAY_COUNT) {
      const some = symbols.slice(first, first + DAY_COUNT);
      const startMs = Date.parse("2026-11-25T00:00:00Z");
      const body = answerOf(
        steps("2026-11-25T00:00:00Z", "2026-12-04T00:00:00Z", 6, (atMs) => {
          const symbol = some[Math.floor((atMs - startMs) / (24 * HOUR_MS))]?.[0];
          return symbol === undefined ? {} : { symbol };
        }),
      );
      const days = await daysOf(body, { startDate: "2026-11-25", dayCount: some.length });
      assert.deepEqual(
        days.map(({ condition }, index) => [some[index]?.[0], condition]),
        some,
      );
    }
  });

  it("names the day by its most severe weather while people are about", async () => {
    const body = answerOf(
      steps("2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z", 1, (atMs) => {
        const hour = new Date(atMs).getUTCHours();
        return { symbol: hour === 3 ? "heavyrainandthunder" : hour === 15 ? "lightrain" : "fair_day" };
      }),
    );
    const [day] = await daysOf(body, { startDate: "2026-11-26", dayCount: 1 });
    assert.equal(day?.condition, WeatherCondition.RAIN);
  });

  it("reads the recorded answer (passes over where the sample is absent)", async function () {
    if (!existsSync(RECORDED)) return this.skip();
    const body = readFileSync(RECORDED, "utf8");
    const server = await startProviderServer(() => ({ body }));
    const pool = startPool(server.baseUrl);
    const adapter = openAdapter(metNorway, {
      pool,
      baseUrl: server.baseUrl,
      now: () => Date.parse("2021-10-12T09:00:00Z"),
    });
    try {
      const { content, outcome } = await adapter.fetch(
        SectionKind.WEATHER,
        // The recorder swapped latitude and longitude: open sea, five hours ahead of UTC in no land's time zone.
        queryOf({ startDate: "2021-10-13", dayCount: 8, destination: { timeZone: "UTC" } }),
      );
      assert.equal(outcome.kind, OutcomeKind.CONTENT);
      const days = content?.forecasts ?? [];
      assert.equal(days.length, 8);
      for (const day of days) {
        assert.ok(day.minTemperatureCelsius >= 24 && day.maxTemperatureCelsius <= 29);
        assert.notEqual(day.condition, WeatherCondition.UNSPECIFIED);
        assert.ok(day.precipitationMm !== undefined && day.maxWindSpeedMps !== undefined);
      }
      const hours = seriesSchema
        .parse(JSON.parse(body))
        .properties.timeseries.filter(({ time }) => time.startsWith("2021-10-13"))
        .map(({ data }) => data.instant.details.air_temperature);
      assert.equal(days[0]?.maxTemperatureCelsius, Math.max(...hours));
    } finally {
      adapter.close();
      await pool.close();
      await server.close();
    }
  });
});
