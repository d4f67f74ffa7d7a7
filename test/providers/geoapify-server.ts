import { readFileSync } from "node:fs";
import { foldName } from "../../services/guide-composer/destination/fold-name.ts";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { categoriesOf, DATASOURCE, placeIdOf, toFeature } from "./geoapify-place.ts";
import { OSM_PLACES, type OsmPlace } from "./more-places.ts";
import { distanceM } from "./world/world.ts";
import type { Worlds } from "./world/worlds.ts";

const INVALID_KEY = readFileSync(
  new URL("../fixtures/geoapify/geoapify_invalid_key.json", import.meta.url),
  "utf8",
);
const MAX_LIMIT = 500;
const DEFAULT_LIMIT = 20;
const CIRCLE = /^circle:(-?[\d.]+),(-?[\d.]+),(\d+)$/;
/** Top levels of the categories that there are. */
const KNOWN_CATEGORY =
  /^(?:accommodation|activity|adult|airport|amenity|beach|building|catering|commercial|education|entertainment|healthcare|heritage|leisure|man_made|national_park|natural|religion|sport|tourism)\b/;

export const GEOAPIFY_FAULTS = {
  "rate-limit": {
    status: 429,
    body: JSON.stringify({ statusCode: 429, error: "Too Many Requests", message: "Rate limit exceeded" }),
  },
};

const badRequest = (message: string): Reply => ({
  status: 400,
  body: JSON.stringify({ statusCode: 400, error: "Bad Request", message }),
});

const collection = (features: readonly object[], more: object = {}): Reply => ({
  body: JSON.stringify({ type: "FeatureCollection", features, ...more }),
});

/** Geoapify's Places API v2 and its geocoding. */
export function createGeoapify(worlds: Worlds): (request: ReceivedRequest) => Reply {
  return ({ method, url }) => {
    const given = url.searchParams;
    if ((given.get("apiKey") ?? "") === "") return { status: 401, body: INVALID_KEY };
    if (method === "GET" && url.pathname === "/v2/places") return places(worlds, given);
    if (method === "GET" && url.pathname === "/v1/geocode/search") return search(given);
    return {
      status: 404,
      body: JSON.stringify({ statusCode: 404, error: "Not Found", message: "Not Found" }),
    };
  };
}

function places(worlds: Worlds, given: URLSearchParams): Reply {
  const categories = given.get("categories")?.split(",") ?? [];
  if (categories.length === 0) return badRequest('"categories" is required');
  const unknown = categories.find((category) => !KNOWN_CATEGORY.test(category));
  if (unknown !== undefined) return badRequest(`Category "${unknown}" is not supported`);
  const [, lon, lat, radiusM] = CIRCLE.exec(given.get("filter") ?? "") ?? [];
  if (lon === undefined || lat === undefined || radiusM === undefined)
    return badRequest('"filter" must be one of circle, rect, place, geometry');
  const limit = Number(given.get("limit") ?? DEFAULT_LIMIT);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT))
    return badRequest(`"limit" must be between 1 and ${MAX_LIMIT}`);
  if (!/^[a-z]{2,3}$/.test(given.get("lang") ?? "en")) return badRequest('"lang" is not valid');
  const found = worlds
    .at(Number(lat), Number(lon))
    .elements.map((element) => ({
      element,
      apartM: distanceM(Number(lat), Number(lon), element.lat, element.lon),
    }))
    .filter(
      ({ element, apartM }) =>
        apartM <= Number(radiusM) &&
        categoriesOf(element.tags).some((category) => categories.includes(category)),
    )
    .sort((a, b) => a.apartM - b.apartM || a.element.id - b.element.id)
    .slice(0, limit);
  return collection(found.map(({ element, apartM }) => toFeature(element, apartM)));
}

function search(given: URLSearchParams): Reply {
  const text = given.get("text")?.trim() ?? "";
  if (text === "") return badRequest('"text" is required');
  const folded = foldName(text.split(",")[0] ?? text);
  const found = OSM_PLACES.filter(({ name }) => foldName(name) === folded);
  const limit = Number(given.get("limit") ?? "5");
  return collection(found.slice(0, limit).map(toResult), { query: { text } });
}

const isNatural = ({ category }: OsmPlace): boolean => category === "place";

const toResult = (place: OsmPlace): object => ({
  type: "Feature",
  properties: {
    datasource: DATASOURCE,
    name: place.name,
    country: place.country,
    country_code: place.countryCode,
    state: place.state,
    lon: place.longitude,
    lat: place.latitude,
    result_type: isNatural(place) ? "unknown" : place.addressType,
    formatted: place.displayName,
    address_line1: place.name,
    address_line2: place.displayName.split(", ").slice(1).join(", "),
    category: isNatural(place) ? "natural" : "administrative",
    rank: { importance: 0.7, confidence: 1, match_type: "full_match" },
    place_id: placeIdOf(place.osmType, place.osmId, {
      lat: place.latitude,
      lon: place.longitude,
      name: place.name,
    }),
  },
  geometry: { type: "Point", coordinates: [place.longitude, place.latitude] },
  bbox: [place.boundingBox[2], place.boundingBox[0], place.boundingBox[3], place.boundingBox[1]],
});
