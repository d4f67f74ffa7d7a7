import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../../provider.ts";
import { readableArray } from "../readable-array.ts";
import { suffixesOf } from "../osm/tags.ts";
import { geocode } from "./geocoding.ts";
import { placeSchema } from "./place-tags.ts";
import { SUBJECTS, toListings, type Found } from "./places.ts";

const schema = z.object({
  features: readableArray(
    z.object({
      properties: placeSchema,
      geometry: z.object({ coordinates: z.unknown() }).nullish(),
    }),
  ),
});
const positionSchema = z.tuple([z.number(), z.number()]).rest(z.number());

type Feature = z.infer<typeof schema>["features"][number];

/** OpenStreetMap through Geoapify: places to eat and to see, and places of a name. */
export const geoapify: Provider = {
  id: "geoapify",
  displayName: "Geoapify",
  origins: [{ setting: "GEOAPIFY_BASE_URL", defaultUrl: "https://api.geoapify.com" }],
  keySetting: "GEOAPIFY_API_KEY",
  offerings: [...SUBJECTS.keys()].map((kind) => ({
    kind,
    dependsOn: [QueryAspect.LANGUAGE, QueryAspect.MAX_LISTING_COUNT],
  })),
  terms: {
    license: "ODbL-1.0",
    uri: "https://www.geoapify.com/",
    attribution: "Powered by Geoapify, © OpenStreetMap contributors",
    storable: true,
    maxStorageMs: undefined,
  },
  // The free plan has five calls a second.
  limits: { attemptTimeoutMs: 5_000, maxConcurrentCount: 2, maxCallsPerMinute: 300, maxBurstCount: 5 },
  fetch: fetchListings,
  geocode,
};

/** Its terms ask for both, each with its link. */
const ATTRIBUTIONS = {
  attribution: {
    provider: "providers/geoapify",
    text: "Powered by Geoapify",
    uri: "https://www.geoapify.com/",
  },
  furtherAttributions: [
    {
      provider: "providers/geoapify",
      text: "© OpenStreetMap contributors",
      uri: "https://www.openstreetmap.org/copyright",
      license: "ODbL-1.0",
    },
  ],
};

async function fetchListings(
  kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const { location } = query.destination;
  if (location === undefined)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the destination has no position");
  const subject = SUBJECTS.get(kind);
  if (subject === undefined) throw new Error(`no offering of Geoapify: ${kind}`);
  const centre = `${location.longitude.toFixed(5)},${location.latitude.toFixed(5)}`;
  const language = query.languageCode.split("-")[0]?.toLowerCase() ?? "en";
  const { body, fetchMs } = await context.http.json(
    {
      origin: "GEOAPIFY_BASE_URL",
      path: "/v2/places",
      query: {
        categories: subject.categories.join(","),
        filter: `circle:${centre},${subject.radiusM}`,
        bias: `proximity:${centre}`,
        limit: String(subject.maxPlaceCount),
        lang: language,
      },
      key: { in: "query", name: "apiKey" },
    },
    schema,
  );
  const fetchTime = timestampFromMs(fetchMs);
  const teller = {
    provider: "providers/geoapify",
    suffixes: suffixesOf(query.languageCode),
    countryCode: query.destination.countryCode,
    fetchTime,
  };
  const listings = toListings(kind, body.features.map(toFound), teller, language, query.maxListingCount);
  if (listings.length === 0) return { state: "nothing-found" };
  return { state: "content", content: { listings, fetchTime, ...ATTRIBUTIONS }, partial: false };
}

/** Properties state the position of a building better than its geometry, which may be a polygon. */
function toFound({ properties, geometry }: Feature): Found {
  const [longitude, latitude] =
    typeof properties.lon === "number" && typeof properties.lat === "number"
      ? [properties.lon, properties.lat]
      : (positionSchema.safeParse(geometry?.coordinates).data ?? []);
  const onEarth =
    longitude !== undefined &&
    latitude !== undefined &&
    Math.abs(latitude) <= 90 &&
    Math.abs(longitude) <= 180;
  return { properties, location: onEarth ? { latitude, longitude } : undefined };
}
