import { foldName } from "../fold-name.ts";
import { kmBetween } from "../nearby.ts";
import type { Divisions } from "./divisions.ts";
import type { GeoNamesRow } from "./geonames-rows.ts";
import { isDestination, scriptsOf, weightOf } from "./renown.ts";
import { spellingsOf, type Spelling } from "./spellings.ts";

export interface RankedPlace {
  readonly row: GeoNamesRow;
  readonly weight: number;
  readonly spellings: readonly Spelling[];
  /** Codes of its divisions; undefined when it has none. */
  readonly admin1: string | undefined;
  readonly admin2: string | undefined;
  /** Whether another place of the same name lies in the same first-level division. */
  readonly twin: boolean;
}

export interface Ranking {
  /** The most likely meant first. */
  readonly places: readonly RankedPlace[];
  /** Rows that are the same place as one of `places`, by its index; ids ascend. */
  readonly merged: readonly { readonly id: number; readonly place: number }[];
}

/**
 * GeoNames has some towns twice, as a town and as the seat of its municipality. Of namesakes in one division the
 * source has 300 pairs up to this far apart, mostly such ones, and 400 more up to twice as far, mostly villages that
 * share a saint.
 */
const SAME_PLACE_KM = 10;

/** The places of the gazetteer, each once, in the order of their weight. */
export function rankPlaces(rows: readonly GeoNamesRow[], divisions: Divisions): Ranking {
  const groups = new Map<string, RankedPlace[]>();
  const mergedInto = new Map<number, number>();
  const byWeight = rows
    .map((row) => ({ row, scripts: scriptsOf(row) }))
    .filter(({ row, scripts }) => isDestination(row, scripts))
    .map(({ row, scripts }) => ({ row, weight: weightOf(row, scripts) }))
    .sort((a, b) => b.weight - a.weight || a.row.id - b.row.id);
  for (const { row, weight } of byWeight) {
    const admin1 = divisions.admin1Of(row);
    const key = [row.countryCode, admin1, foldName(row.name)].join("\t");
    const namesakes = groups.get(key) ?? [];
    groups.set(key, namesakes);
    const same = namesakes.find(
      ({ row: other }) =>
        kmBetween(row.latitude, row.longitude, other.latitude, other.longitude) < SAME_PLACE_KM,
    );
    if (same !== undefined) mergedInto.set(row.id, same.row.id);
    else
      namesakes.push({
        row,
        weight,
        spellings: spellingsOf(row),
        admin1,
        admin2: divisions.admin2Of(row),
        twin: false,
      });
  }
  const places = [...groups.values()]
    .flatMap((namesakes) => namesakes.map((place) => ({ ...place, twin: namesakes.length > 1 })))
    .sort((a, b) => b.weight - a.weight || a.row.id - b.row.id);
  const indexes = new Map(places.map(({ row }, index) => [row.id, index]));
  return {
    places,
    merged: [...mergedInto]
      .map(([id, kept]) => ({ id, place: indexes.get(kept) ?? 0 }))
      .sort((a, b) => a.id - b.id),
  };
}
