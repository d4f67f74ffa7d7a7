import { readFileSync } from "node:fs";
import { foldName } from "../../services/guide-composer/destination/fold-name.ts";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { OSM_PLACES, type OsmPlace } from "./more-places.ts";

const OVER_LIMIT = readFileSync(
  new URL("../fixtures/nominatim/nominatim_over_limit.txt", import.meta.url),
  "utf8",
)
  // The recording has its line ends and quotes escaped.
  .replaceAll(String.raw`\n`, "\n")
  .replaceAll(String.raw`\"`, '"');
const NO_RESULTS = readFileSync(
  new URL("../fixtures/nominatim/nominatim_no_results.txt", import.meta.url),
  "utf8",
);
const HTML = { "content-type": "text/html; charset=utf-8" };
const STRUCTURED = ["street", "city", "county", "state", "country", "postalcode"];
const MAX_LIMIT = 40;
const LICENCE = "Data © OpenStreetMap contributors, ODbL 1.0. http://osm.org/copyright";

const blocked: Reply = { status: 403, headers: HTML, body: OVER_LIMIT };
export const NOMINATIM_FAULTS = { "rate-limit": { status: 429, headers: HTML, body: OVER_LIMIT } };

const badRequest = (message: string): Reply => ({
  status: 400,
  body: JSON.stringify({ error: { code: 400, message } }),
});

/** Nominatim's search in its format jsonv2. */
export function createNominatim(): (request: ReceivedRequest) => Reply {
  return ({ url, headers }) => {
    if ((headers["user-agent"] ?? "") === "" && headers.referer === undefined) return blocked;
    if (url.pathname !== "/search")
      return { status: 404, headers: HTML, body: "<html><body>Not Found</body></html>" };
    const given = url.searchParams;
    if (!given.has("format")) return { headers: HTML, body: "<html><body>Nominatim Demo</body></html>" };
    const format = given.get("format");
    if (format !== "jsonv2" && format !== "json")
      return badRequest(`Parameter 'format' must be one of: json, jsonv2`);
    const query = given.get("q");
    if (query !== null && STRUCTURED.some((name) => given.has(name)))
      return badRequest(
        "Structured query parameters(amenity, street, city, county, state, postalcode, country) cannot be used together with 'q' parameter.",
      );
    if (query === null || query.trim() === "") return badRequest("Nothing to search for.");
    const limit = Math.min(MAX_LIMIT, Number(given.get("limit") ?? "10"));
    const folded = foldName(query.split(",")[0] ?? query);
    const found = OSM_PLACES.filter(({ name }) => foldName(name) === folded).slice(0, Math.max(1, limit));
    if (found.length === 0) return { body: NO_RESULTS };
    return { body: JSON.stringify(found.map((place, index) => toResult(place, index, given, format))) };
  };
}

function toResult(place: OsmPlace, index: number, given: URLSearchParams, format: string): object {
  const { category } = place;
  return {
    place_id: 199_282_228 + index,
    licence: LICENCE,
    osm_type: place.osmType,
    osm_id: place.osmId,
    lat: String(place.latitude),
    lon: String(place.longitude),
    // The older format names the category by another word.
    ...(format === "jsonv2" ? { category } : { class: category }),
    type: place.type,
    place_rank: 16,
    importance: 0.763909048330467,
    addresstype: place.addressType,
    name: place.name,
    display_name: place.displayName,
    ...(given.get("addressdetails") === "1" && {
      address: {
        [place.addressType]: place.name,
        state: place.state,
        country: place.country,
        country_code: place.countryCode,
      },
    }),
    ...(given.get("extratags") === "1" && { extratags: null }),
    boundingbox: place.boundingBox.map(String),
  };
}
