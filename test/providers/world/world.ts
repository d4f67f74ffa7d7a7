/** What the test providers know of one destination: each of them tells its part of the same world. */
export interface World {
  /** Title of its article; empty for a point on the map that no article is about. */
  readonly title: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly climate: Climate;
  /** Articles by title: the destination's and its districts'. */
  readonly articles: ReadonlyMap<string, Article>;
  readonly elements: readonly OsmElement[];
}

/** Twelve values each, January first. */
export interface Climate {
  readonly highCelsius: readonly number[];
  readonly lowCelsius: readonly number[];
  readonly precipitationMm: readonly number[];
  readonly wetDayCount: readonly number[];
}

export interface Article {
  readonly pageId: number;
  readonly title: string;
  readonly wikitext: string;
  readonly coordinates: { readonly lat: number; readonly lon: number } | undefined;
  /** Item in Wikidata; only of pages whose item is known for certain. */
  readonly wikidataId: string | undefined;
  readonly disambiguation: boolean;
}

/** An element of OpenStreetMap; ways and relations are known by the centre of their bounding box. */
export interface OsmElement {
  readonly type: "node" | "way" | "relation";
  readonly id: number;
  readonly lat: number;
  readonly lon: number;
  readonly tags: Readonly<Record<string, string>>;
}

const EARTH_RADIUS_M = 6_371_000;
const RADIANS_PER_DEGREE = Math.PI / 180;

/** Metres between two points, flat enough for the distances within a city. */
export function distanceM(
  latitude: number,
  longitude: number,
  otherLatitude: number,
  otherLongitude: number,
): number {
  const x =
    (otherLongitude - longitude) *
    RADIANS_PER_DEGREE *
    Math.cos(((latitude + otherLatitude) / 2) * RADIANS_PER_DEGREE);
  const y = (otherLatitude - latitude) * RADIANS_PER_DEGREE;
  return EARTH_RADIUS_M * Math.hypot(x, y);
}

/** Above every id in OpenStreetMap, so that a link to a test element leads to no real, different place. */
const FIRST_OSM_ID = 99_000_000_000;

export const osmId = (worldNumber: number, index: number): number =>
  FIRST_OSM_ID + worldNumber * 1_000 + index;

/** Above every item in Wikidata, for the same reason. Both providers give one place the same item. */
export const testWikidataId = (number: number): string => `Q9${String(number % 1e9).padStart(9, "0")}`;

/**
 * Reads elements, one a line: `node 38.7115 -9.1340 | name=A | amenity=cafe`. Lines that begin with `#` and empty lines
 * are passed over.
 *
 * @throws when a line is no element
 */
export function parseOsmLines(text: string, worldNumber: number): OsmElement[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line, index) => {
      const [head = "", ...pairs] = line.split(" | ");
      const [type, lat, lon] = head.trim().split(/\s+/);
      if (type !== "node" && type !== "way" && type !== "relation") throw new Error(`no element: ${line}`);
      const tags = Object.fromEntries(
        pairs.map((pair) => {
          const at = pair.indexOf("=");
          if (at < 1) throw new Error(`no tag: ${pair} in ${line}`);
          return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
        }),
      );
      const element: OsmElement = {
        type,
        id: osmId(worldNumber, index + 1),
        lat: Number(lat),
        lon: Number(lon),
        tags,
      };
      if (Number.isNaN(element.lat) || Number.isNaN(element.lon)) throw new Error(`no place: ${line}`);
      return element;
    });
}

/** Title of a page from a file's text; its place from `{{geo}}`. */
export function toArticle(title: string, wikitext: string, pageId: number, wikidataId?: string): Article {
  const geo = /\{\{\s*geo\s*\|\s*(-?[\d.]+)\s*\|\s*(-?[\d.]+)/i.exec(wikitext);
  return {
    pageId,
    title,
    wikitext,
    coordinates: geo === null ? undefined : { lat: Number(geo[1]), lon: Number(geo[2]) },
    wikidataId,
    disambiguation: /\{\{\s*disamb/i.test(wikitext),
  };
}
