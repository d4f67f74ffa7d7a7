import tzLookup from "tz-lookup";
import { z } from "zod";
import type { GeocodeAnswer, Provider } from "../provider.ts";

const text = z.string().nullish();
const schema = z.array(
  z.object({
    // Absent for results that are computed, such as postcodes: those are no destinations.
    osm_type: z.enum(["node", "way", "relation"]).nullish(),
    osm_id: z.number().int().nullish(),
    lat: z.string(),
    lon: z.string(),
    name: text,
    display_name: z.string(),
    // `class` in the older of its two formats.
    category: text,
    class: text,
    addresstype: text,
    address: z.object({ state: text, region: text, country_code: text }).nullish(),
    extratags: z.object({ population: text }).nullish(),
  }),
);

type Found = z.infer<typeof schema>[number];

/** What a guide can be written about: settlements, islands and regions, no shop or street. */
const DESTINATION_CATEGORIES = new Set(["boundary", "place", "natural", "landuse", "leisure"]);
/** A whole country or a postcode is none. */
const NO_DESTINATION_TYPES = new Set(["country", "continent", "ocean", "postcode"]);
/** The most that the provider returns. */
const MAX_RESULT_COUNT = 40;
const INT32_MAX = 2 ** 31 - 1;

/**
 * Nominatim: places that the gazetteer and Open-Meteo lack. Geocoding only: whole names, never what somebody is still
 * typing, which its policy forbids.
 */
export const nominatim: Provider = {
  id: "nominatim",
  displayName: "Nominatim",
  origins: [{ setting: "NOMINATIM_BASE_URL", defaultUrl: "https://nominatim.openstreetmap.org" }],
  offerings: [],
  terms: {
    license: "ODbL-1.0",
    uri: "https://www.openstreetmap.org/copyright",
    attribution: "© OpenStreetMap contributors",
    storable: true,
    maxStorageMs: undefined,
  },
  // One request at a time and one a second, for the whole application.
  limits: { attemptTimeoutMs: 5_000, maxConcurrentCount: 1, maxCallsPerMinute: 60, maxBurstCount: 1 },
  fetch: () => Promise.resolve({ state: "nothing-found" }),
  geocode: async (query, languageCode, maxCount, context): Promise<GeocodeAnswer> => {
    const { body } = await context.http.json(
      {
        origin: "NOMINATIM_BASE_URL",
        path: "/search",
        query: {
          q: query,
          format: "jsonv2",
          addressdetails: "1",
          extratags: "1",
          // Twice as many, because some are no destinations.
          limit: String(Math.min(MAX_RESULT_COUNT, maxCount * 2)),
          "accept-language": languageCode,
        },
      },
      schema,
    );
    return body.flatMap(toDestination).slice(0, maxCount);
  },
};

function toDestination(found: Found): GeocodeAnswer {
  const { osm_type: osmType, osm_id: osmId } = found;
  const latitude = Number(found.lat);
  const longitude = Number(found.lon);
  if (
    typeof osmType !== "string" ||
    typeof osmId !== "number" ||
    !(Math.abs(latitude) <= 90) ||
    !(Math.abs(longitude) <= 180) ||
    !DESTINATION_CATEGORIES.has(found.category ?? found.class ?? "") ||
    NO_DESTINATION_TYPES.has(found.addresstype ?? "")
  )
    return [];
  const population = Number((found.extratags?.population ?? "").replaceAll(/\D/g, ""));
  const name = (found.name ?? "").trim() || (found.display_name.split(",")[0] ?? "").trim();
  if (name === "") return [];
  return [
    {
      name: `destinations/osm-${osmType.charAt(0)}${osmId}`,
      displayName: name,
      region: found.address?.state ?? found.address?.region ?? "",
      countryCode: found.address?.country_code?.toUpperCase() ?? "",
      location: { latitude, longitude },
      timeZone: tzLookup(latitude, longitude),
      ...(population > 0 && population <= INT32_MAX && { population }),
    },
  ];
}
