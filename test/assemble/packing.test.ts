import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import {
  DailyForecast_Basis as Basis,
  DailyForecastSchema,
  WeatherCondition,
  type DailyForecast,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { packingItems } from "../../services/guide-composer/assemble/packing.ts";

const day = (
  number: number,
  init: Partial<Omit<DailyForecast, "$typeName" | "$unknown">> = {},
): DailyForecast =>
  create(DailyForecastSchema, {
    date: { year: 2026, month: 12, day: number },
    basis: Basis.FORECAST,
    minTemperatureCelsius: 16,
    maxTemperatureCelsius: 20,
    ...init,
  });

describe("the packing list", () => {
  const packed = (...days: readonly DailyForecast[]): string[] =>
    packingItems(days).map(
      ({ item, rule, dates }) => `${item}: ${rule}; ${dates.map((date) => date.day).join(",")}`,
    );

  it("is empty without weather and in mild weather", () => {
    assert.deepEqual(packed(), []);
    assert.deepEqual(packed(day(1)), []);
  });

  it("names the most telling value and the days that call for it", () => {
    assert.deepEqual(
      packed(
        day(1, { precipitationProbability: 0.6, minTemperatureCelsius: 4.25 }),
        day(2, { precipitationProbability: 0.2 }),
        day(3, { precipitationProbability: 0.9, maxUvIndex: 6.5 }),
      ),
      [
        "umbrella: precipitation_probability 0.9 >= 0.5; 1,3",
        "warm-coat: min_temperature_celsius 4.25 <= 5; 1",
        "sweater: min_temperature_celsius 4.25 <= 14; 1",
        "sunscreen: max_uv_index 6.5 >= 3; 3",
        "sun-hat: max_uv_index 6.5 >= 6; 3",
      ],
    );
  });

  it("says what rests on typical values", () => {
    const warm = { maxTemperatureCelsius: 27 };
    assert.deepEqual(packed(day(1, { ...warm, basis: Basis.TYPICAL })), [
      "light-clothing: max_temperature_celsius 27 >= 25 (typical values); 1",
    ]);
    assert.deepEqual(packed(day(1, warm), day(2, { ...warm, basis: Basis.TYPICAL })), [
      "light-clothing: max_temperature_celsius 27 >= 25 (typical values on 1 of 2 days); 1,2",
    ]);
  });

  it("packs boots for snow", () =>
    assert.deepEqual(packed(day(1, { condition: WeatherCondition.SNOW })), [
      "winter-boots: condition = snow; 1",
    ]));

  it("passes over values that are not known", () =>
    assert.deepEqual(
      packed(day(1, { minTemperatureCelsius: Number.NaN, maxTemperatureCelsius: Number.NaN })),
      [],
    ));
});
