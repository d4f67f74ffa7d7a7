import assert from "node:assert/strict";
import {
  DailyForecast_Basis as Basis,
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  WeatherCondition,
  type DailyForecast,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { openWeather } from "../../services/content-fetcher/providers/openweather/openweather.ts";
import type { Answerer } from "./fixtures.ts";
import { queryOf, type QueryParts } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";

const HOUR_MS = 3_600_000;

interface SlotParts {
  readonly temp?: number;
  readonly more?: object;
  readonly weatherId?: number;
  readonly pop?: number;
  readonly rain?: number;
  readonly snow?: number;
  readonly wind?: number;
  readonly humidity?: number;
}

/** Slots three hours apart, in the form of the provider's documentation. */
const slots = (from: string, count: number, parts: (atMs: number) => SlotParts = () => ({})): object[] =>
  Array.from({ length: count }, (_, index) => {
    const atMs = Date.parse(from) + index * 3 * HOUR_MS;
    const { temp = 10, more, weatherId = 800, pop = 0, rain, snow, wind = 2, humidity = 50 } = parts(atMs);
    return {
      dt: atMs / 1000,
      main: { temp, feels_like: temp, temp_min: temp, temp_max: temp, pressure: 1014, humidity, ...more },
      weather: [{ id: weatherId, main: "", description: "", icon: "01d" }],
      clouds: { all: 1 },
      wind: { speed: wind, deg: 1 },
      pop,
      ...(rain !== undefined && { rain: { "3h": rain } }),
      ...(snow !== undefined && { snow: { "3h": snow } }),
      sys: { pod: "d" },
      dt_txt: new Date(atMs).toISOString(),
    };
  });

const forecastOf = (list: readonly object[], city: object = { id: 2267057, timezone: 0 }): string =>
  JSON.stringify({ cod: "200", message: 0, cnt: list.length, list, city });

const dayOf = ({ date }: DailyForecast): string => `${date?.year}-${date?.month}-${date?.day}`;

describe("OpenWeather's forecast", () => {
  const served = serveAdapter(openWeather);
  const daysOf = async (body: string, parts: QueryParts): Promise<readonly DailyForecast[]> => {
    served.answerWith(() => ({ body }));
    const { content, outcome } = await served.adapter().fetch(SectionKind.WEATHER, queryOf(parts));
    assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
    return content?.forecasts ?? [];
  };
  const reasonOf = async (answer: Answerer, parts: QueryParts = { startDate: "2026-11-25" }) => {
    served.answerWith(answer);
    const { outcome } = await served.adapter().fetch(SectionKind.WEATHER, queryOf(parts));
    return [outcome.kind, toReason(outcome.reason), outcome.detail] as const;
  };

  it("makes a day of its slots, field by field", async () => {
    const [day] = await daysOf(
      forecastOf(
        slots("2026-11-25T00:00:00Z", 9, (atMs) => {
          const hour = new Date(atMs).getUTCHours();
          return {
            temp: hour,
            pop: hour === 12 ? 0.43 : 0.1,
            wind: hour === 15 ? 7.5 : 2,
            humidity: 40 + hour,
            weatherId: hour === 12 ? 500 : 800,
            ...(hour === 12 && { rain: 0.51, more: { temp_max: 22.5 } }),
            ...(hour === 6 && { more: { temp_min: -1.25 } }),
            ...(hour === 15 && { snow: 1.2 }),
          };
        }),
      ),
      { startDate: "2026-11-25", dayCount: 1 },
    );
    assert.ok(day);
    assert.equal(day.basis, Basis.FORECAST);
    assert.equal(dayOf(day), "2026-11-25");
    assert.deepEqual([day.minTemperatureCelsius, day.maxTemperatureCelsius], [-1.25, 22.5]);
    assert.equal(day.precipitationMm, 1.71);
    assert.equal(day.precipitationProbability, 0.43);
    assert.equal(day.maxWindSpeedMps, 7.5);
    assert.equal(day.meanRelativeHumidity, 0.51);
    assert.equal(day.condition, WeatherCondition.RAIN);
    assert.deepEqual([day.maxUvIndex, day.sunriseTime, day.sunsetTime], [undefined, undefined, undefined]);
    const [citation] = day.citations;
    assert.equal(citation?.uri, "https://openweathermap.org/city/2267057");
    assert.equal(citation.title, "OpenWeather 5 day forecast");
  });

  it("tells of the days at the destination that its slots cover, and of no part of a day", async () => {
    const reach: Readonly<Record<string, readonly [from: string, days: readonly number[]]>> = {
      // From 15 o'clock on: four days follow that are whole, and half of a fifth.
      "Europe/Lisbon": ["2026-11-24T15:00:00Z", [25, 26, 27, 28]],
      // Midnight there: five whole days.
      "Asia/Tokyo": ["2026-11-24T15:00:00Z", [25, 26, 27, 28, 29]],
      // Seven o'clock of the 24th there: of today there are six slots, from 7 to 22, and of the last day two.
      "America/Los_Angeles": ["2026-11-24T15:00:00Z", [24, 25, 26, 27, 28]],
    };
    for (const [timeZone, [from, expected]] of Object.entries(reach)) {
      const days = await daysOf(forecastOf(slots(from, 40)), {
        startDate: "2026-11-24",
        dayCount: 10,
        destination: { timeZone },
      });
      assert.deepEqual(
        days.map(({ date }) => date?.day),
        expected,
        timeZone,
      );
    }
  });

  it("splits the three hours before a slot between the two days that they lie in", async () => {
    // In Kathmandu, 5:45 ahead, slots are at 2:45, 5:45 and so on: of the first three hours a quarter is yesterday's.
    const [first, second] = await daysOf(
      forecastOf(
        slots("2026-11-24T18:00:00Z", 24, (atMs) =>
          new Date(atMs).toISOString().startsWith("2026-11-25T21") ? { rain: 6, pop: 1 } : {},
        ),
      ),
      { startDate: "2026-11-25", dayCount: 2, destination: { timeZone: "Asia/Kathmandu" } },
    );
    assert.deepEqual([first?.precipitationMm, second?.precipitationMm], [0.5, 5.5]);
    assert.deepEqual([first?.precipitationProbability, second?.precipitationProbability], [1, 1]);
  });

  it("counts the days of a clock change as they are", async () => {
    const days = await daysOf(forecastOf(slots("2026-11-01T00:00:00Z", 40)), {
      startDate: "2026-11-01",
      dayCount: 2,
      destination: { timeZone: "America/New_York" },
    });
    assert.deepEqual(
      days.map(({ date }) => date?.day),
      [1, 2],
    );
  });

  it("names a day by its worst weather while people are about", async () => {
    const conditions: readonly [id: number, condition: WeatherCondition][] = [
      [211, WeatherCondition.THUNDERSTORM],
      [301, WeatherCondition.DRIZZLE],
      [500, WeatherCondition.RAIN],
      [511, WeatherCondition.FREEZING_RAIN],
      [531, WeatherCondition.RAIN],
      [601, WeatherCondition.SNOW],
      [611, WeatherCondition.FREEZING_RAIN],
      [616, WeatherCondition.FREEZING_RAIN],
      [622, WeatherCondition.SNOW],
      [741, WeatherCondition.FOG],
      [721, WeatherCondition.CLEAR],
      [800, WeatherCondition.CLEAR],
      [801, WeatherCondition.PARTLY_CLOUDY],
      [803, WeatherCondition.PARTLY_CLOUDY],
      [804, WeatherCondition.OVERCAST],
    ];
    for (const [id, condition] of conditions) {
      const [day] = await daysOf(
        forecastOf(
          slots("2026-11-25T00:00:00Z", 8, (atMs) => {
            const hour = new Date(atMs).getUTCHours();
            return { weatherId: hour === 12 ? id : hour === 3 ? 202 : 800 };
          }),
        ),
        { startDate: "2026-11-25", dayCount: 1 },
      );
      assert.equal(day?.condition, condition, String(id));
    }
  });

  it("does without what an answer may lack", async () => {
    const bare = Array.from({ length: 8 }, (_, index) => ({
      dt: Date.parse("2026-11-25T00:00:00Z") / 1000 + index * 10_800,
      main: { temp: index },
    }));
    const [day] = await daysOf(JSON.stringify({ list: bare.toReversed() }), {
      startDate: "2026-11-25",
      dayCount: 1,
    });
    assert.deepEqual([day?.minTemperatureCelsius, day?.maxTemperatureCelsius], [0, 7]);
    assert.equal(day?.condition, WeatherCondition.UNSPECIFIED);
    assert.deepEqual(
      [day.precipitationProbability, day.maxWindSpeedMps, day.meanRelativeHumidity],
      [undefined, undefined, undefined],
    );
    assert.equal(day.citations[0]?.uri, "https://openweathermap.org/");
  });

  it("has the sun's times of the one day that the answer states them for", async () => {
    const at = (time: string): number => Date.parse(time) / 1000;
    const city = { sunrise: at("2026-11-25T07:29:00Z"), sunset: at("2026-11-25T17:17:00Z") };
    const days = await daysOf(forecastOf(slots("2026-11-25T00:00:00Z", 16), city), {
      startDate: "2026-11-25",
      dayCount: 2,
    });
    assert.deepEqual(
      days.map(({ sunriseTime, sunsetTime }) => [sunriseTime?.seconds, sunsetTime?.seconds]),
      [
        [BigInt(city.sunrise), BigInt(city.sunset)],
        [undefined, undefined],
      ],
    );
  });

  it("does without a slot that cannot be read, as long as the day is covered", async () => {
    const list = slots("2026-11-25T00:00:00Z", 16, (atMs) => ({ temp: new Date(atMs).getUTCHours() }));
    const odd = (index: number): object => ({ ...list[index], main: { temp: null } });
    const days = await daysOf(
      forecastOf(list.map((slot, index) => (index === 7 || index >= 13 ? odd(index) : slot))),
      { startDate: "2026-11-25", dayCount: 2 },
    );
    assert.deepEqual(
      days.map((day) => [dayOf(day), day.maxTemperatureCelsius]),
      [["2026-11-25", 18]],
    );
  });

  it("tells that there is no such path from that there is no such place", async () => {
    for (const body of ['{"cod":"404","message":"Internal error"}', "<html>404 Not Found</html>"]) {
      const told = await reasonOf(() => ({ status: 404, body }));
      assert.deepEqual(told, [OutcomeKind.FAILED, "PROVIDER_RESPONSE_INVALID", "HTTP 404"]);
    }
  });

  it("takes no kelvin for degrees Celsius", async () => {
    const [, reason, detail] = await reasonOf(() => ({
      body: forecastOf(slots("2026-11-25T00:00:00Z", 8, () => ({ temp: 287.3 }))),
    }));
    assert.equal(reason, "PROVIDER_RESPONSE_INVALID");
    assert.match(detail, /list\.0\.main\.temp/);
  });

  const REFUSALS: readonly [
    status: number,
    cod: number | string,
    kind: OutcomeKind,
    reason: string | undefined,
  ][] = [
    [401, 401, OutcomeKind.FAILED, "PROVIDER_ACCESS_DENIED"],
    [404, "404", OutcomeKind.NOTHING_FOUND, undefined],
    [429, 429, OutcomeKind.FAILED, "PROVIDER_RATE_LIMITED"],
    [400, "400", OutcomeKind.FAILED, "PROVIDER_RESPONSE_INVALID"],
    [500, 500, OutcomeKind.FAILED, "PROVIDER_UNAVAILABLE"],
    [200, "401", OutcomeKind.FAILED, "PROVIDER_ACCESS_DENIED"],
    [200, 404, OutcomeKind.NOTHING_FOUND, undefined],
    [200, "429", OutcomeKind.FAILED, "PROVIDER_RATE_LIMITED"],
    [200, 400, OutcomeKind.FAILED, "PROVIDER_RESPONSE_INVALID"],
    [200, "500", OutcomeKind.FAILED, "PROVIDER_UNAVAILABLE"],
  ];
  for (const [status, cod, kind, reason] of REFUSALS) {
    it(`reads a refusal with status ${status} and the code ${JSON.stringify(cod)}`, async () => {
      const body = JSON.stringify({ cod, message: "in its own words" });
      const told = await reasonOf(() => ({ status, body }));
      assert.deepEqual(told.slice(0, 2), [kind, reason]);
    });
  }

  it("says which days it does not cover, without a request where that is known", async () => {
    const [, late] = await reasonOf(() => ({ body: "" }), { startDate: "2026-11-30" });
    assert.equal(late, "PROVIDER_OUT_OF_COVERAGE");
    assert.equal(served.server().requests.length, 0);
    const [, today] = await reasonOf(() => ({ body: forecastOf(slots("2026-11-24T15:00:00Z", 40)) }), {
      startDate: "2026-11-24",
      dayCount: 1,
    });
    assert.equal(today, "PROVIDER_OUT_OF_COVERAGE");
    const [none] = await reasonOf(() => ({ body: forecastOf([]) }));
    assert.equal(none, OutcomeKind.NOTHING_FOUND);
  });
});
