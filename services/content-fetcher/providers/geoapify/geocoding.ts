import tzLookup from "tz-lookup";
import { z } from "zod";
import type { FetchContext, GeocodeAnswer } from "../../provider.ts";
import { readableArray } from "../readable-array.ts";
import { objectIdOf } from "./object-id.ts";

const text = z.string().nullish();
const schema = z.object({
  features: readableArray(
    z.object({
      properties: z.object({
        lat: z.number().nullish(),
        lon: z.number().nullish(),
        result_type: text,
        category: text,
        name: text,
        address_line1: text,
        city: text,
        suburb: text,
        district: text,
        county: text,
        state: text,
        country_code: text,
        place_id: text,
        datasource: z.object({ raw: z.record(z.string(), z.unknown()).nullish() }).nullish(),
      }),
    }),
  ),
});

type Found = z.infer<typeof schema>["features"][number]["properties"];

/** What a guide can be written about: settlements and regions, no country, street or house. */
const DESTINATION_TYPES = new Set(["suburb", "district", "city", "county", "state"]);
/** The same for what has no such type, for example islands and national parks. */
const DESTINATION_CATEGORY = /^(?:populated_place|natural|national_park|leisure\.park)\b/;
/** Of what is found, although it is no destination by its type. */
const NO_DESTINATION_TYPES = new Set(["country", "postcode", "street", "building"]);
const MAX_RESULT_COUNT = 20;

/** Candidates for a whole name. Those of other data than OpenStreetMap have no id that a destination is named by. */
export async function geocode(
  query: string,
  languageCode: string,
  maxCount: number,
  context: FetchContext,
): Promise<GeocodeAnswer> {
  const { body } = await context.http.json(
    {
      origin: "GEOAPIFY_BASE_URL",
      path: "/v1/geocode/search",
      query: {
        text: query,
        lang: languageCode.split("-")[0]?.toLowerCase() ?? "en",
        // Twice as many, because some are no destinations.
        limit: String(Math.min(MAX_RESULT_COUNT, maxCount * 2)),
      },
      key: { in: "query", name: "apiKey" },
    },
    schema,
  );
  return body.features.flatMap(({ properties }) => toDestination(properties)).slice(0, maxCount);
}

function toDestination(found: Found): GeocodeAnswer {
  const { lat, lon } = found;
  const type = found.result_type ?? "";
  const isDestination =
    DESTINATION_TYPES.has(type) ||
    (!NO_DESTINATION_TYPES.has(type) && DESTINATION_CATEGORY.test(found.category ?? ""));
  const [objectType, objectId] = objectIdOf({
    raw: found.datasource?.raw ?? {},
    placeId: found.place_id ?? "",
  })?.split("/") ?? [""];
  const displayName = nameOf(found, type);
  if (
    !isDestination ||
    objectId === undefined ||
    objectType === undefined ||
    displayName === "" ||
    typeof lat !== "number" ||
    typeof lon !== "number" ||
    !(Math.abs(lat) <= 90) ||
    !(Math.abs(lon) <= 180)
  )
    return [];
  const region =
    (type === "state" ? undefined : (found.state ?? (type === "county" ? undefined : found.county))) ?? "";
  return [
    {
      name: `destinations/osm-${objectType.charAt(0)}${objectId}`,
      displayName,
      region,
      countryCode: found.country_code?.toUpperCase() ?? "",
      location: { latitude: lat, longitude: lon },
      timeZone: tzLookup(lat, lon),
    },
  ];
}

/** Its own name, or else the line of its address that names what it is. */
function nameOf(found: Found, type: string): string {
  const named: Readonly<Record<string, string | null | undefined>> = {
    suburb: found.suburb,
    district: found.district,
    city: found.city,
    county: found.county,
    state: found.state,
  };
  return (
    [found.name, named[type], found.address_line1]
      .map((name) => name?.trim() ?? "")
      .find((name) => name !== "") ?? ""
  );
}
