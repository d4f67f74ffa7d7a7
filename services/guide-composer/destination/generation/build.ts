import { BLOCK_SIZE, packStrings, STEPS_PER_DEGREE, type GazetteerFile } from "../gazetteer-file.ts";
import { buildAreas } from "./build-areas.ts";
import { buildNames } from "./build-names.ts";
import type { Divisions } from "./divisions.ts";
import type { GeoNamesRow } from "./geonames-rows.ts";
import { rankPlaces } from "./rank-places.ts";

/** All columns of the gazetteer. */
export function buildGazetteer(rows: readonly GeoNamesRow[], divisions: Divisions): GazetteerFile {
  const { places, merged } = rankPlaces(rows, divisions);
  const { countryIndexes, areaIndexes, ...areas } = buildAreas(rows, places, divisions);
  const timeZones = [...new Set(places.map(({ row }) => row.timeZone))].sort();
  const zoneIndexes = new Map(timeZones.map((zone, index) => [zone, index]));
  const indexOf = <Key>(indexes: ReadonlyMap<Key, number>, key: Key): number => {
    const index = indexes.get(key);
    if (index === undefined) throw new Error(`no index for ${String(key)}`);
    return index;
  };
  return {
    ids: Uint32Array.from(places, ({ row }) => row.id),
    latitudes: Int32Array.from(places, ({ row }) => Math.round(row.latitude * STEPS_PER_DEGREE)),
    longitudes: Int32Array.from(places, ({ row }) => Math.round(row.longitude * STEPS_PER_DEGREE)),
    populations: Uint32Array.from(places, ({ row }) => row.population),
    weights: Float32Array.from(places, ({ weight }) => weight),
    placeCountries: Uint16Array.from(places, ({ row }) => indexOf(countryIndexes, row.countryCode)),
    timeZones,
    placeTimeZones: Uint16Array.from(places, ({ row }) => indexOf(zoneIndexes, row.timeZone)),
    areas1: Uint32Array.from(places, ({ admin1 }) => indexOf(areaIndexes, admin1)),
    areas2: Uint32Array.from(places, ({ admin2 }) => indexOf(areaIndexes, admin2)),
    twins: Uint8Array.from(places, ({ twin }) => Number(twin)),
    placeNames: packStrings(places.map(({ row }) => row.name)),
    mergedIds: Uint32Array.from(merged, ({ id }) => id),
    mergedPlaces: Uint32Array.from(merged, ({ place }) => place),
    ...areas,
    ...buildNames(places, BLOCK_SIZE),
  };
}
