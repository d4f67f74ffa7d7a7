import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { HttpAnswer } from "../../http/http-client.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../../provider.ts";
import { isTags, suffixesOf, type Tags } from "../osm/tags.ts";
import { toListings, toPlaces, type Place } from "./listing.ts";
import { buildQuery, OVERPASS_KINDS } from "./query.ts";

/**
 * Overpass keeps refusing a client that comes back sooner after a 429; after a 504 it is too busy for everybody, and the
 * operators ask to wait as long.
 */
const REFUSAL_PAUSE_MS = 30_000;

const schema = z.object({
  remark: z.string().optional(),
  elements: z.array(
    z.object({
      // Besides nodes, ways and relations an answer can hold areas and counts, which are passed over.
      type: z.string(),
      id: z.number().int(),
      lat: z.number().optional(),
      lon: z.number().optional(),
      center: z.object({ lat: z.number(), lon: z.number() }).optional(),
      // A `record` costs half of what an answer costs: it checks, and copies, thousands of tags one by one.
      tags: z.custom<Tags>(isTags).optional(),
    }),
  ),
});

/** OpenStreetMap through Overpass: places to eat, see, live in and go to, by one query per RPC. */
export const overpass: Provider = {
  id: "overpass",
  displayName: "OpenStreetMap (Overpass)",
  // Its operators send commercial users to servers of their own.
  origins: [{ setting: "OVERPASS_BASE_URL", defaultUrl: "https://overpass-api.de", use: "non-commercial" }],
  // The query is the same for all; the names that are read from its answer depend on the language.
  offerings: OVERPASS_KINDS.map((kind) => ({
    kind,
    dependsOn: [QueryAspect.LANGUAGE, QueryAspect.MAX_LISTING_COUNT],
  })),
  terms: {
    license: "ODbL-1.0",
    uri: "https://www.openstreetmap.org/copyright",
    attribution: "© OpenStreetMap contributors",
    storable: true,
    maxStorageMs: undefined,
  },
  // The operators ask for no parallel queries of one installation.
  limits: { attemptTimeoutMs: 10_000, maxConcurrentCount: 1, maxCallsPerMinute: undefined },
  fetch: fetchListings,
};

async function fetchListings(
  kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const { location } = query.destination;
  if (location === undefined)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the destination has no position");
  const { places, fetchMs } = await context.share("query", () =>
    askMap(location.latitude, location.longitude, context),
  );
  const fetchTime = timestampFromMs(fetchMs);
  const { languageCode, maxListingCount } = query;
  const teller = {
    provider: "providers/overpass",
    suffixes: suffixesOf(languageCode),
    countryCode: query.destination.countryCode,
    fetchTime,
  };
  const listings = toListings(kind, places, teller, maxListingCount);
  if (listings.length === 0) return { state: "nothing-found" };
  const closedListings = toListings(kind, places, teller, maxListingCount, true);
  return { state: "content", content: { listings, closedListings, fetchTime }, partial: false };
}

async function askMap(
  latitude: number,
  longitude: number,
  context: FetchContext,
): Promise<{ readonly places: readonly Place[]; readonly fetchMs: number }> {
  const { body, fetchMs } = await context.http.json(
    {
      origin: "OVERPASS_BASE_URL",
      path: "/api/interpreter",
      form: { data: buildQuery(context.kinds, latitude, longitude) },
      refusalDelayMs: (status) => (status === 429 || status === 504 ? REFUSAL_PAUSE_MS : undefined),
    },
    schema,
    refuseRemark,
  );
  return { places: toPlaces(body.elements), fetchMs };
}

/** A remark in a 200 means that the server stopped before it was done: the elements may be any part of the answer. */
function refuseRemark({ body: { remark } }: HttpAnswer<z.infer<typeof schema>>): void {
  if (remark === undefined) return;
  throw new ServiceError("PROVIDER_RESPONSE_INVALID", "Overpass stopped before it was done", {
    metadata: { provider: "providers/overpass", path: "remark" },
    cause: remark,
  });
}
