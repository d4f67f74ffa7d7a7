import assert from "node:assert/strict";
import * as fc from "fast-check";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  SectionSchema,
  type ItineraryDay,
  type Section,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  DailyForecast_Basis as Basis,
  DailyForecastSchema,
  Pace,
  SectionKind,
  WeatherCondition,
  type Listing,
  type Preferences,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { createZoneClock } from "../../services/guide-composer/assemble/civil-time.ts";
import {
  planItinerary,
  type ItineraryInput,
} from "../../services/guide-composer/assemble/itinerary/itinerary.ts";
import { DETAILS, LISBON, listing, near, preferencesOf, section } from "./make.ts";

const HOUR_MS = 3_600_000;
/** Tuesday; winter time, so that civil time in Lisbon is UTC. */
const START = { year: 2026, month: 12, day: 1 };
const START_MS = Date.UTC(2026, 11, 1);

type Wishes = Partial<Omit<Preferences, "$typeName" | "$unknown">>;

const plan = (
  sections: readonly Section[],
  {
    preferences = {},
    ...input
  }: Partial<Omit<ItineraryInput, "preferences">> & { readonly preferences?: Wishes } = {},
): ItineraryDay[] =>
  planItinerary({
    sections,
    preferences: preferencesOf({ preferences }),
    startDate: START,
    dayCount: 2,
    timeZone: "Europe/Lisbon",
    center: LISBON.location,
    ...input,
  });

const keysOf = (days: readonly ItineraryDay[]): string[][] =>
  days.map(({ stops }) => stops.map(({ listingKey }) => listingKey));

/** Windows of a day in hours after its midnight in UTC. */
const hoursOf = (day: ItineraryDay | undefined): string[] =>
  (day?.stops ?? []).map(({ window }) =>
    [window?.startTime, window?.endTime]
      .map((time) => (time ? ((timestampMs(time) - START_MS) / HOUR_MS) % 24 : Number.NaN))
      .join("-"),
  );

const sights = (count: number, init: (index: number) => object = () => ({})): Listing[] =>
  Array.from({ length: count }, (_, index) =>
    listing(`Sight ${index}`, { key: `sight-${index}`, location: near(index * 100), ...init(index) }),
  );
const tables = (count: number, init: object = {}): Listing[] =>
  Array.from({ length: count }, (_, index) =>
    listing(`Table ${index}`, {
      key: `table-${index}`,
      location: near(index * 100),
      details: DETAILS.restaurant,
      ...init,
    }),
  );
const experience = (title: string, category: string): Listing =>
  listing(title, { key: title, details: { case: "experience", value: { category } } });
const weather = (...days: readonly (readonly [probability: number, basis?: Basis])[]): Section =>
  create(SectionSchema, {
    kind: SectionKind.WEATHER,
    forecasts: days.map(([precipitationProbability, basis = Basis.FORECAST], index) =>
      create(DailyForecastSchema, {
        date: { ...START, day: 1 + index },
        basis,
        precipitationProbability,
        condition: WeatherCondition.RAIN,
      }),
    ),
  });

const city = (sightCount = 20, tableCount = 10): Section[] => [
  section(SectionKind.ATTRACTIONS, sights(sightCount)),
  section(SectionKind.RESTAURANTS, tables(tableCount)),
];

describe("the itinerary", () => {
  it("has one day for each day of the trip, and as many stops as the pace allows", () => {
    for (const [pace, count] of [
      [Pace.UNSPECIFIED, 5],
      [Pace.RELAXED, 3],
      [Pace.MODERATE, 5],
      [Pace.PACKED, 7],
    ] as const) {
      const days = plan(city(), { preferences: { pace } });
      assert.deepEqual(
        days.map(({ date, stops }) => [date?.day, stops.length]),
        [
          [1, count],
          [2, count],
        ],
      );
    }
  });

  it("is empty when no listing can be a stop", () => {
    assert.deepEqual(plan([]), []);
    assert.deepEqual(
      plan([
        section(SectionKind.NEIGHBORHOODS, [listing("Alfama", { details: DETAILS.neighborhood })]),
        section(SectionKind.EVENTS, [
          listing("Holiday", {
            details: {
              case: "event",
              value: { window: { startTime: timestampFromMs(START_MS), allDay: true } },
            },
          }),
        ]),
      ]),
      [],
    );
  });

  it("visits only when a place is open, on that very weekday and date", () => {
    const days = plan([
      section(SectionKind.ATTRACTIONS, [
        listing("Closed on Tuesdays", { key: "a", openingHours: "Mo,We-Su 10:00-18:00" }),
        listing("Late", { key: "b", openingHours: "Tu 15:00-18:00" }),
        listing("Summer only", { key: "c", openingHours: "Apr-Oct 10:00-18:00" }),
      ]),
    ]);
    assert.deepEqual(keysOf(days), [["b"], ["a"]]);
    assert.deepEqual(hoursOf(days[0]), ["15-16"]);
  });

  it("respects public holidays of the guide's own events", () => {
    const holiday = listing("Restauração", {
      details: {
        case: "event",
        value: {
          category: "public-holiday",
          window: {
            startTime: timestampFromMs(START_MS),
            endTime: timestampFromMs(START_MS + 24 * HOUR_MS),
            allDay: true,
          },
        },
      },
    });
    const museum = section(SectionKind.ATTRACTIONS, [
      listing("Museum", { key: "museum", openingHours: "Mo-Su 10:00-18:00; PH off" }),
    ]);
    assert.deepEqual(keysOf(plan([museum])), [["museum"], []]);
    assert.deepEqual(keysOf(plan([museum, section(SectionKind.EVENTS, [holiday])])), [[], ["museum"]]);
  });

  it("goes indoors on a wet day, by a forecast and not by what is typical", () => {
    const outAndIn = section(SectionKind.ATTRACTIONS, [
      listing("Jardim da Estrela", { key: "garden" }),
      listing("Museu do Fado", { key: "museum" }),
    ]);
    const first = (rain: Section): string | undefined =>
      plan([outAndIn, rain], { preferences: { pace: Pace.RELAXED } })[0]?.stops[0]?.listingKey;
    assert.equal(first(weather([0.8], [0.1])), "museum");
    assert.equal(first(weather([0.1], [0.8])), "garden");
    assert.equal(first(weather([0.8, Basis.TYPICAL], [0.1, Basis.TYPICAL])), "garden");
  });

  it("eats near the stop before", () => {
    const far = listing("Far", { key: "far", location: near(5_000), details: DETAILS.restaurant });
    const days = plan(
      [
        section(SectionKind.ATTRACTIONS, [listing("Tower", { key: "tower", location: near(4_900) })]),
        section(SectionKind.RESTAURANTS, [...tables(3), far]),
      ],
      { dayCount: 1 },
    );
    assert.equal(days[0]?.stops[1]?.listingKey, "far");
    assert.equal(days[0]?.stops[1]?.distanceM, 100);
  });

  it("orders the stops of a day by the shortest way", () => {
    const days = plan(
      [
        section(
          SectionKind.ATTRACTIONS,
          [2, 0, 1].map((at) => listing(`At ${at}`, { key: String(at), location: near(200 + at * 700) })),
        ),
      ],
      { dayCount: 1 },
    );
    assert.deepEqual(keysOf(days), [["0", "1", "2"]]);
    assert.equal(days[0]?.stops[0]?.distanceM, 0);
    assert.equal(days[0]?.stops[1]?.distanceM, 700);
  });

  it("leads back to the lodging where it is known", () => {
    const places = [near(1_000), near(2_000), near(1_000, 300)].map((location, index) =>
      listing(`Place ${index}`, { key: String(index), location }),
    );
    const farthest = (input: object): number | undefined =>
      keysOf(plan([section(SectionKind.ATTRACTIONS, places)], { dayCount: 1, ...input }))[0]?.indexOf("1");
    assert.equal(farthest({}), 2, "last on a way that ends anywhere");
    assert.equal(farthest({ lodging: near(0) }), 1, "in the middle of a way that comes back");
  });

  it("keeps nightlife for the evening and shopping out of it", () => {
    const sections = [
      section(SectionKind.EXPERIENCES, [experience("Bar", "nightlife"), experience("Shop", "shopping")]),
      section(SectionKind.RESTAURANTS, tables(4)),
    ];
    const packed = plan(sections, { dayCount: 1, preferences: { pace: Pace.PACKED } });
    assert.equal(packed[0]?.stops.at(-1)?.listingKey, "Bar");
    assert.equal(packed[0]?.stops[0]?.listingKey, "Shop");
    assert.ok(!keysOf(plan(sections))[0]?.includes("Bar"));
    assert.equal(
      plan(sections, { preferences: { interests: ["nightlife"] } })[0]?.stops.at(-1)?.listingKey,
      "Bar",
    );
  });

  it("contains what must be seen, however low it ranks, neighborhoods included", () => {
    const sections = [
      section(SectionKind.ATTRACTIONS, sights(20)),
      section(SectionKind.NEIGHBORHOODS, [
        listing("Alfama", { key: "alfama", details: DETAILS.neighborhood }),
      ]),
    ];
    const preferences = { mustSee: ["Alfama", "Sight 19"], pace: Pace.RELAXED };
    assert.deepEqual(
      new Set(keysOf(plan(sections, { dayCount: 1, preferences }))[0]),
      new Set(["alfama", "sight-19"]),
    );
  });

  it("waits with an open-air must-see for a dry day", () => {
    const park = listing("Parque Eduardo", { key: "park" });
    const sections = [section(SectionKind.ATTRACTIONS, [...sights(6), park]), weather([0.9], [0.1])];
    const days = keysOf(plan(sections, { preferences: { mustSee: ["Parque Eduardo"] } }));
    assert.deepEqual([days[0]?.includes("park"), days[1]?.includes("park")], [false, true]);
  });

  it("goes to an event at its time, in place of what would be then", () => {
    const concert = listing("Concert", {
      key: "concert",
      details: {
        case: "event",
        value: {
          window: {
            startTime: timestampFromMs(START_MS + 19.5 * HOUR_MS),
            endTime: timestampFromMs(START_MS + 22 * HOUR_MS),
          },
        },
      },
    });
    const days = plan([...city(), section(SectionKind.EVENTS, [concert])]);
    assert.deepEqual(days[0]?.stops.at(-1)?.listingKey, "concert");
    assert.equal(hoursOf(days[0]).at(-1), "19.5-22");
    assert.equal(days[0]?.stops.length, 5);
    assert.ok(!keysOf(days)[1]?.includes("concert"));
  });

  it("starts after the arrival and ends before the departure; days without time stay empty", () => {
    const days = plan(city(), {
      dayCount: 3,
      earliestMs: START_MS + 24 * HOUR_MS + 15.1 * HOUR_MS,
      latestMs: START_MS + 48 * HOUR_MS + 11 * HOUR_MS,
    });
    assert.equal(days.length, 3);
    assert.deepEqual(days[0]?.stops, []);
    assert.deepEqual(hoursOf(days[1]), ["15.25-16", "16.5-18", "19-21"]);
    assert.deepEqual(hoursOf(days[2]), ["10-11"]);
  });

  it("spreads a short list over a long trip", () => {
    const counts = plan([section(SectionKind.ATTRACTIONS, sights(12))], { dayCount: 10 }).map(
      ({ stops }) => stops.length,
    );
    assert.deepEqual(counts, [2, 2, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("returns to a restaurant only when all had their turn, and never on the next day", () => {
    const days = keysOf(plan([section(SectionKind.RESTAURANTS, tables(6))], { dayCount: 5 }));
    assert.deepEqual(new Set(days.slice(0, 3).flat()).size, 6);
    for (const [index, keys] of days.entries())
      for (const key of keys) assert.ok(!days[index - 1]?.includes(key), `day ${index} repeats ${key}`);
  });

  it("keeps civil times over a change of the clocks", () => {
    const days = plan(city(), { startDate: { year: 2026, month: 10, day: 24 }, dayCount: 3 });
    const local = new Intl.DateTimeFormat("en-GB", {
      timeZone: "Europe/Lisbon",
      hour: "2-digit",
      minute: "2-digit",
    });
    for (const { stops } of days)
      assert.equal(
        stops[0]?.window?.startTime && local.format(timestampMs(stops[0].window.startTime)),
        "10:00",
      );
  });

  it("keeps its promises for any listings", () => {
    const place = fc.record({
      kind: fc.constantFrom(SectionKind.ATTRACTIONS, SectionKind.RESTAURANTS, SectionKind.EXPERIENCES),
      eastM: fc.option(fc.integer({ min: -9_000, max: 9_000 })),
      openingHours: fc.constantFrom(
        "",
        "Mo-Fr 10:00-17:00",
        "Sa-Su 12:00-23:00",
        "Tu closed",
        "sunset-02:00",
        "Mo-Su 18:00-02:00",
      ),
      category: fc.constantFrom("", "nightlife", "shopping", "park", "museum"),
    });
    fc.assert(
      fc.property(
        fc.array(place, { maxLength: 40 }),
        fc.constantFrom(Pace.RELAXED, Pace.MODERATE, Pace.PACKED),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom("Europe/Lisbon", "Pacific/Apia", "Asia/Kathmandu", "America/New_York"),
        (places, pace, dayCount, timeZone) => {
          const of = (wanted: SectionKind): Section =>
            section(
              wanted,
              places.flatMap(({ kind, eastM, openingHours, category }, index) =>
                kind === wanted
                  ? [
                      listing(`Place ${index}`, {
                        key: String(index),
                        openingHours,
                        ...(eastM !== null && { location: near(eastM) }),
                        details:
                          kind === SectionKind.RESTAURANTS
                            ? DETAILS.restaurant
                            : kind === SectionKind.EXPERIENCES
                              ? { case: "experience", value: { category } }
                              : { case: "attraction", value: { category } },
                      }),
                    ]
                  : [],
              ),
            );
          const sections = [SectionKind.ATTRACTIONS, SectionKind.RESTAURANTS, SectionKind.EXPERIENCES].map(
            of,
          );
          const days = plan(sections, { preferences: { pace }, dayCount, timeZone });
          assert.equal(days.length, places.length === 0 ? 0 : dayCount);
          const limit = { [Pace.RELAXED]: 3, [Pace.MODERATE]: 5, [Pace.PACKED]: 8 }[pace];
          const clock = createZoneClock(timeZone);
          for (const [index, { date, stops }] of days.entries()) {
            assert.ok(date && stops.length <= limit);
            const keys = stops.map(({ listingKey }) => listingKey);
            assert.equal(new Set(keys).size, keys.length);
            for (const key of keys) assert.ok(!keysOf(days)[index - 1]?.includes(key));
            let last = clock.toMs(date, 0);
            for (const { window, distanceM } of stops) {
              assert.ok(window?.startTime && window.endTime && distanceM >= 0);
              assert.ok(
                timestampMs(window.startTime) >= last &&
                  timestampMs(window.endTime) > timestampMs(window.startTime),
              );
              last = timestampMs(window.endTime);
            }
            assert.ok(last <= clock.toMs(date, 1_440));
          }
          const sightKeys = days
            .flatMap(({ stops }) => stops.map(({ listingKey }) => listingKey))
            .filter((key) => places[Number(key)]?.kind !== SectionKind.RESTAURANTS);
          assert.equal(new Set(sightKeys).size, sightKeys.length);
        },
      ),
      { numRuns: 150 },
    );
  });
});
