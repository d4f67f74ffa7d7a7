import { readFileSync } from "node:fs";
import { z } from "zod";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { popularityOf, toPlace, typesOf } from "./google-place.ts";
import { distanceM, type OsmElement } from "./world/world.ts";
import type { Worlds } from "./world/worlds.ts";

const MISSING_MASK = readFileSync(
  new URL("../fixtures/google-places/error-400-missing-fieldmask.json", import.meta.url),
  "utf8",
);

const error = (code: number, status: string, message: string, details?: readonly object[]): Reply => ({
  status: code,
  body: JSON.stringify({ error: { code, message, status, ...(details && { details }) } }, undefined, 1),
});

const badRequest = (message: string): Reply => error(400, "INVALID_ARGUMENT", message);

export const GOOGLE_PLACES_FAULTS = {
  "rate-limit": error(
    429,
    "RESOURCE_EXHAUSTED",
    "Quota exceeded for quota metric 'SearchNearbyRequest' and limit 'SearchNearbyRequest per minute' of service 'places.googleapis.com' for consumer 'project_number:1'.",
    [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "RATE_LIMIT_EXCEEDED",
        domain: "googleapis.com",
        metadata: { service: "places.googleapis.com", quota_unit: "1/min/{project}" },
      },
    ],
  ),
};

/** Fields of a place that a mask may name. */
const FIELDS = new Set(
  "name id types internationalPhoneNumber formattedAddress location rating googleMapsUri websiteUri regularOpeningHours businessStatus priceLevel userRatingCount displayName primaryTypeDisplayName primaryType accessibilityOptions shortFormattedAddress nationalPhoneNumber photos reviews editorialSummary".split(
    " ",
  ),
);
/** Types that a request may name. */
const TABLE_A = new Set(
  "amusement_park aquarium art_gallery bar botanical_garden cafe castle cultural_landmark fast_food_restaurant food_court garden historical_landmark historical_place ice_cream_shop monument museum observation_deck park pub restaurant tourist_attraction zoo".split(
    " ",
  ),
);

const point = z.object({ latitude: z.number(), longitude: z.number() });
const circle = z.object({ center: point, radius: z.number().min(0).max(50_000) });
const locale = { languageCode: z.string().optional(), regionCode: z.string().length(2).optional() };
const nearbySchema = z.strictObject({
  includedTypes: z.array(z.string()).min(1).max(50),
  maxResultCount: z.number().int().min(1).max(20).default(20),
  rankPreference: z.enum(["POPULARITY", "DISTANCE"]).default("POPULARITY"),
  locationRestriction: z.strictObject({ circle }),
  ...locale,
});
const textSchema = z.strictObject({
  textQuery: z.string().min(1),
  includedType: z.string().optional(),
  strictTypeFiltering: z.boolean().default(false),
  pageSize: z.number().int().min(1).max(20).default(20),
  locationRestriction: z.strictObject({ rectangle: z.strictObject({ low: point, high: point }) }),
  ...locale,
});

/** Google's Places API (New): Nearby Search and Text Search. */
export function createGooglePlaces(worlds: Worlds): (request: ReceivedRequest) => Reply {
  return ({ method, url, headers, body }) => {
    if (method !== "POST" || !/^\/v1\/places:search(?:Nearby|Text)$/.test(url.pathname))
      return { status: 404, headers: { "content-type": "text/html" }, body: "<html>Error 404</html>" };
    if ((headers["x-goog-api-key"] ?? "") === "")
      return error(
        403,
        "PERMISSION_DENIED",
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
      );
    const mask = String(headers["x-goog-fieldmask"] ?? "");
    if (mask === "") return { status: 400, body: MISSING_MASK };
    const paths = mask.split(",");
    const unknown = paths.find((path) => !isField(path));
    if (unknown !== undefined)
      return badRequest(
        `Error expanding 'fields' parameter. Cannot find matching fields for path '${unknown}'.`,
      );
    const json = parseJson(body);
    const found = url.pathname.endsWith("Nearby") ? nearby(worlds, json) : text(worlds, json);
    if ("refusal" in found) return found.refusal;
    const places = found.elements.map((element) => applyMask(toPlace(element), paths));
    return { body: JSON.stringify(places.length === 0 ? {} : { places }, undefined, 1) };
  };
}

type Found = { readonly elements: readonly OsmElement[] } | { readonly refusal: Reply };

const isField = (path: string): boolean => {
  const [root, field = ""] = path.split(".");
  return root === "places" && FIELDS.has(field);
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nearby(worlds: Worlds, json: unknown): Found {
  const asked = nearbySchema.safeParse(json);
  if (!asked.success) return { refusal: badRequest("Request contains an invalid argument.") };
  const { includedTypes, maxResultCount, locationRestriction } = asked.data;
  const unsupported = includedTypes.filter((type) => !TABLE_A.has(type));
  if (unsupported.length > 0) return { refusal: badRequest(`Unsupported types: ${unsupported.join(", ")}.`) };
  const { center, radius } = locationRestriction.circle;
  const elements = worlds
    .at(center.latitude, center.longitude)
    .elements.filter(
      ({ lat, lon, tags }) =>
        distanceM(center.latitude, center.longitude, lat, lon) <= radius &&
        typesOf(tags).some((type) => includedTypes.includes(type)),
    )
    .sort((a, b) => popularityOf(b) - popularityOf(a))
    .slice(0, maxResultCount);
  return { elements };
}

function text(worlds: Worlds, json: unknown): Found {
  const asked = textSchema.safeParse(json);
  if (!asked.success) return { refusal: badRequest("Request contains an invalid argument.") };
  const { textQuery, includedType, pageSize, locationRestriction } = asked.data;
  const { low, high } = locationRestriction.rectangle;
  if (low.latitude > high.latitude) return { refusal: badRequest("Request contains an invalid argument.") };
  const words = textQuery
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== "restaurant");
  const elements = worlds
    .at((low.latitude + high.latitude) / 2, (low.longitude + high.longitude) / 2)
    .elements.filter(({ lat, lon, tags }) => {
      const types = typesOf(tags);
      const spoken = `${tags["name"] ?? ""} ${tags["cuisine"] ?? ""}`.toLowerCase();
      return (
        lat >= low.latitude &&
        lat <= high.latitude &&
        lon >= low.longitude &&
        lon <= high.longitude &&
        (includedType === undefined || types.includes(includedType)) &&
        words.some((word) => spoken.includes(word) || tags[`diet:${word}`] === "yes")
      );
    })
    .sort((a, b) => popularityOf(b) - popularityOf(a))
    .slice(0, pageSize);
  return { elements };
}

/** Of a place what the mask names: whole fields, or a field of a field. */
function applyMask(place: Readonly<Record<string, unknown>>, paths: readonly string[]): object {
  return Object.fromEntries(
    paths.flatMap((path) => {
      const [, field = "", inner] = path.split(".");
      const value = place[field];
      if (value === undefined) return [];
      if (inner === undefined) return [[field, value]];
      const within = z.record(z.string(), z.unknown()).safeParse(value).data?.[inner];
      return within === undefined ? [] : [[field, { [inner]: within }]];
    }),
  );
}
