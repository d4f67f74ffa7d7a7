import tzLookup from "tz-lookup";
import { z } from "zod";
import type { GeocodeAnswer, Provider } from "../provider.ts";

const schema = z.array(
  z.object({
    osm_type: z.enum(["node", "way", "relation"]),
    osm_id: z.number().int(),
    lat: z.string(),
    lon: z.string(),
    name: z.string().optional(),
    display_name: z.string(),
    category: z.string().optional(),
    address: z.object({ state: z.string().optional(), country_code: z.string().optional() }).optional(),
    extratags: z.object({ population: z.string().optional() }).nullish(),
  }),
);

/** What a guide can be written about: settlements, islands and regions, no shop or street. */
const DESTINATION_CATEGORIES = new Set(["boundary", "place", "natural", "landuse", "leisure", undefined]);

/** Nominatim: places that the gazetteer and Open-Meteo lack. Geocoding only. */
export const nominatim: Provider = {
  id: "nominatim",
  displayName: "Nominatim",
  origins: [{ setting: "NOMINATIM_BASE_URL", defaultUrl: "https://nominatim.openstreetmap.org" }],
  offerings: [],
  terms: {
    license: "ODbL-1.0",
    uri: "https://operations.osmfoundation.org/policies/nominatim/",
    attribution: "© OpenStreetMap contributors",
    storable: true,
    maxStorageMs: undefined,
  },
  // One request at a time and one a second, for the whole application.
  limits: { attemptTimeoutMs: 5_000, maxConcurrentCount: 1, maxCallsPerMinute: 60 },
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
          limit: String(maxCount),
          "accept-language": languageCode,
        },
      },
      schema,
    );
    return body.flatMap((found) => {
      const latitude = Number(found.lat);
      const longitude = Number(found.lon);
      if (
        !(Math.abs(latitude) <= 90) ||
        !(Math.abs(longitude) <= 180) ||
        !DESTINATION_CATEGORIES.has(found.category)
      )
        return [];
      const population = Number(found.extratags?.population?.replaceAll(/\D/g, "") ?? "");
      return [
        {
          name: `destinations/osm-${found.osm_type.charAt(0)}${found.osm_id}`,
          displayName: found.name ?? found.display_name.split(",")[0] ?? found.display_name,
          region: found.address?.state ?? "",
          countryCode: found.address?.country_code?.toUpperCase() ?? "",
          location: { latitude, longitude },
          timeZone: tzLookup(latitude, longitude),
          ...(Number.isSafeInteger(population) && population > 0 && population < 2 ** 31 && { population }),
        },
      ];
    });
  },
};
