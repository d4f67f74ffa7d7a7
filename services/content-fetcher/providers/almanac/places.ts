import { readFileSync } from "node:fs";
import { z } from "zod";
import { ServiceError } from "../../../../shared/errors.ts";

/** Written by `npm run generate` from the GeoNames package. */
export const DATA_FILE = new URL("data/places.json", import.meta.url);

const schema = z.object({
  ids: z.array(z.number()),
  elevations: z.array(z.number()),
  neighbors: z.array(z.tuple([z.number(), z.string(), z.number(), z.number(), z.number()])),
});

export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Neighbor extends Point {
  readonly geonamesId: number;
  readonly name: string;
  readonly population: number;
}

export interface Places {
  /** Metres above the sea; undefined when GeoNames has none. */
  readonly elevationM: (geonamesId: number) => number | undefined;
  readonly neighbors: readonly Neighbor[];
}

let loaded: Places | undefined;

/** Reads the file once, when the first answer needs it. */
export function loadPlaces(): Places {
  if (loaded !== undefined) return loaded;
  let data: z.infer<typeof schema>;
  try {
    data = schema.parse(JSON.parse(readFileSync(DATA_FILE, "utf8")));
  } catch (error) {
    throw new ServiceError(
      "INTERNAL",
      "The almanac's data is missing or unreadable: run `npm run generate`",
      { cause: error },
    );
  }
  const elevations = new Map(data.ids.map((id, index) => [id, data.elevations[index]]));
  loaded = {
    elevationM: (geonamesId) => elevations.get(geonamesId),
    neighbors: data.neighbors.map(([geonamesId, name, latitude, longitude, population]) => ({
      geonamesId,
      name,
      latitude,
      longitude,
      population,
    })),
  };
  return loaded;
}

const EARTH_RADIUS_KM = 6371;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance, kilometres. */
export function distanceKm(a: Point, b: Point): number {
  const dLat = radians(b.latitude - a.latitude);
  const dLon = radians(b.longitude - a.longitude);
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

const DIRECTIONS = [
  "north",
  "northeast",
  "east",
  "southeast",
  "south",
  "southwest",
  "west",
  "northwest",
] as const;

/** Direction in which `to` lies, seen from `from`. */
export function directionTo(from: Point, to: Point): string {
  const dLon = radians(to.longitude - from.longitude);
  const y = Math.sin(dLon) * Math.cos(radians(to.latitude));
  const x =
    Math.cos(radians(from.latitude)) * Math.sin(radians(to.latitude)) -
    Math.sin(radians(from.latitude)) * Math.cos(radians(to.latitude)) * Math.cos(dLon);
  const bearing = (Math.atan2(y, x) * 180) / Math.PI;
  return DIRECTIONS[Math.round(((bearing + 360) % 360) / 45) % 8] ?? "north";
}
