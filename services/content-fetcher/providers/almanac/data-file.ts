import { readFileSync } from "node:fs";
import { z } from "zod";
import { ServiceError } from "../../../../shared/errors.ts";
import { toPositions, type Point, type Positions } from "./geometry.ts";

/** Both are written by `npm run generate` from the packages. */
export const DATA_FILE = new URL("data/almanac.json", import.meta.url);
/** Count, ids in order, then what stands for each id: see `packElevation`. */
export const ELEVATION_FILE = new URL("data/elevations.bin", import.meta.url);

export interface LargePlace extends Point {
  readonly geonamesId: number;
  readonly name: string;
  readonly population: number;
  readonly countryCode: string;
}

export interface Airport extends Point {
  readonly name: string;
  readonly municipality: string;
  readonly iata: string;
  readonly countryCode: string;
  /** Whether OurAirports counts it among the large ones. */
  readonly large: boolean;
}

/** A first-level division. */
export interface Region {
  readonly countryCode: string;
  /** ISO 3166-2 without the country. */
  readonly code: string;
  readonly name: string;
}

const schema = z.object({
  places: z.array(z.tuple([z.number(), z.string(), z.number(), z.number(), z.number(), z.string()])),
  airports: z.array(
    z.tuple([z.string(), z.string(), z.string(), z.number(), z.number(), z.string(), z.boolean()]),
  ),
  regions: z.array(z.tuple([z.string(), z.string(), z.string()])),
});

/** As the file has it: the columns of the interfaces above, in their order, position first after the texts. */
export type AlmanacFile = z.infer<typeof schema>;

export interface Elevation {
  /** Above the sea, metres. */
  readonly metres: number;
  /** Whether it was stated for the place; else it is the terrain model's at its position. */
  readonly measured: boolean;
}

/** Twice the metres, and one more when they are the terrain model's: fits 16 bits from the Dead Sea to Tibet. */
export const packElevation = ({ metres, measured }: Elevation): number => metres * 2 + (measured ? 0 : 1);

export interface AlmanacData {
  /** Undefined when GeoNames has none. */
  readonly elevationOf: (geonamesId: number) => Elevation | undefined;
  readonly places: readonly LargePlace[];
  /** Of the places, in their order. */
  readonly placePositions: Positions;
  readonly airports: readonly Airport[];
  /** Of the airports, in their order. */
  readonly airportPositions: Positions;
  readonly regions: readonly Region[];
}

let loaded: AlmanacData | undefined;

/** Reads the files once: about ten milliseconds, several times that in a process that has just begun. */
export function loadData(): AlmanacData {
  loaded ??= readFiles();
  return loaded;
}

function readFiles(): AlmanacData {
  try {
    const file = schema.parse(JSON.parse(readFileSync(DATA_FILE, "utf8")));
    const places = file.places.map(
      ([geonamesId, name, latitude, longitude, population, countryCode]): LargePlace => ({
        geonamesId,
        name,
        latitude,
        longitude,
        population,
        countryCode,
      }),
    );
    const airports = file.airports.map(
      ([name, municipality, iata, latitude, longitude, countryCode, large]): Airport => ({
        name,
        municipality,
        iata,
        latitude,
        longitude,
        countryCode,
        large,
      }),
    );
    return {
      elevationOf: readElevations(),
      places,
      placePositions: toPositions(places),
      airports,
      airportPositions: toPositions(airports),
      regions: file.regions.map(([countryCode, code, name]) => ({ countryCode, code, name })),
    };
  } catch (error) {
    throw new ServiceError(
      "INTERNAL",
      "The almanac's data is missing or unreadable: run `npm run generate`",
      { cause: error },
    );
  }
}

function readElevations(): AlmanacData["elevationOf"] {
  const bytes = readFileSync(ELEVATION_FILE);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const [count = 0] = new Int32Array(buffer, 0, 1);
  const ids = new Int32Array(buffer, 4, count);
  const packed = new Int16Array(buffer, 4 + count * 4, count);
  return (geonamesId) => {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ids[middle] ?? 0) < geonamesId) low = middle + 1;
      else high = middle;
    }
    const value = ids[low] === geonamesId ? packed[low] : undefined;
    return value === undefined ? undefined : { metres: Math.floor(value / 2), measured: (value & 1) === 0 };
  };
}
