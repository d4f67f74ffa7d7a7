import { areaNamesOf } from "../area-names.ts";
import { NONE, packStrings, type AreaColumns, type Head, type StringTable } from "../gazetteer-file.ts";
import { foldName } from "../fold-name.ts";
import { englishNamesOf, foreignNamesOf } from "./country-names.ts";
import type { Divisions } from "./divisions.ts";
import type { GeoNamesRow } from "./geonames-rows.ts";
import type { RankedPlace } from "./rank-places.ts";

/**
 * A second-level division that a query can name instead of a place, by its inhabitants: Cornwall and Kent are above it;
 * below it lie mostly districts that are named after their town.
 */
const KNOWN_AREA_POPULATION = 250_000;

/** Features of seats, in the order of their rank. */
const SEATS = ["PPLC", "PPLA", "PPLA2"];

interface Areas extends AreaColumns, Omit<Head, "timeZones"> {
  readonly areaNames: StringTable;
  readonly countryIndexes: ReadonlyMap<string, number>;
  /** By code; that of a place without division is `NONE`. */
  readonly areaIndexes: ReadonlyMap<string | undefined, number>;
}

/** Countries and divisions that the places lie in. */
export function buildAreas(
  rows: readonly GeoNamesRow[],
  places: readonly RankedPlace[],
  divisions: Divisions,
): Areas {
  const codes = [
    ...new Set(places.flatMap(({ admin1, admin2 }) => [admin1 ?? [], admin2 ?? []].flat())),
  ].sort();
  const areaIndexes = new Map<string | undefined, number>([
    [undefined, NONE],
    ...codes.map((code, index): [string, number] => [code, index]),
  ]);
  const countryCodes = [...new Set(places.map(({ row }) => row.countryCode))].sort();
  const countryIndexes = new Map(countryCodes.map((code, index) => [code, index]));

  const populations = new Map<string, number>();
  for (const row of rows) {
    if (row.feature === "PPLX") continue;
    for (const code of [divisions.admin1Of(row), divisions.admin2Of(row)])
      if (code !== undefined) populations.set(code, (populations.get(code) ?? 0) + row.population);
  }
  const seats = new Map<string, number>();
  const capitals = new Map<string, number>();
  // Places stand in the order of their weight: the first of each rank is taken.
  for (const feature of SEATS) {
    for (const [index, { row, admin1, admin2 }] of places.entries()) {
      if (row.feature !== feature) continue;
      if (feature === "PPLC" && !capitals.has(row.countryCode)) capitals.set(row.countryCode, index);
      if (admin1 !== undefined && feature !== "PPLA2" && !seats.has(admin1)) seats.set(admin1, index);
      if (admin2 !== undefined && !seats.has(admin2)) seats.set(admin2, index);
    }
  }

  const isFirstLevel = (code: string): boolean => code.split(".").length === 2;
  return {
    countryIndexes,
    areaIndexes,
    areaNames: packStrings(codes.map(divisions.nameOf)),
    areaCountries: Uint16Array.from(codes, (code) => countryIndexes.get(code.split(".")[0] ?? "") ?? 0),
    areaPopulations: Uint32Array.from(codes, (code) => populations.get(code) ?? 0),
    areaSeats: Uint32Array.from(codes, (code) => seats.get(code) ?? NONE),
    countries: countryCodes.map((code) => {
      const capital = capitals.get(code);
      const capitalName = capital === undefined ? undefined : places[capital]?.row.name;
      return {
        code,
        ...(capital !== undefined && { capital }),
        sharesName: capitalName !== undefined && englishNamesOf(code).includes(foldName(capitalName)),
        names: englishNamesOf(code),
        foreignNames: foreignNamesOf(code),
      };
    }),
    knownAreas: codes.flatMap((code, area) =>
      isFirstLevel(code) || (populations.get(code) ?? 0) >= KNOWN_AREA_POPULATION
        ? [toKnownArea(area, divisions.nameOf(code), isFirstLevel(code), divisions.qualifiersOf(code))]
        : [],
    ),
  };
}

/** "Orange County" is a known area, and qualifies as "Orange", but "Orange" alone is a town. */
function toKnownArea(
  area: number,
  name: string,
  firstLevel: boolean,
  qualifiers: ReadonlySet<string>,
): Head["knownAreas"][number] {
  const [full = "", ...shorter] = areaNamesOf(name);
  return {
    area,
    names: firstLevel ? [full, ...shorter] : [full],
    qualifiers: firstLevel ? [...qualifiers] : shorter,
  };
}
