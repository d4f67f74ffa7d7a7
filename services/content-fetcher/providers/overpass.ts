import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../shared/errors.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../provider.ts";
import { toListing, type OsmElement } from "./overpass-listings.ts";

/** Server-side limit, below our attempt timeout: the server must not work on for nobody. */
const SERVER_TIMEOUT_S = 9;
const MAX_ELEMENT_COUNT = 250;

const schema = z.object({
  remark: z.string().optional(),
  elements: z.array(
    z.object({
      type: z.enum(["node", "way", "relation"]),
      id: z.number().int(),
      lat: z.number().optional(),
      lon: z.number().optional(),
      center: z.object({ lat: z.number(), lon: z.number() }).optional(),
      tags: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/** Statements per kind; numbers are all that is put into them. Radius in metres. */
const STATEMENTS: ReadonlyMap<SectionKind, (around: (radiusM: number) => string) => string> = new Map([
  [
    SectionKind.RESTAURANTS,
    (around: (radiusM: number) => string) =>
      `nwr["amenity"~"^(restaurant|cafe|fast_food|food_court|ice_cream)$"]["name"]${around(2500)};out tags center qt ${MAX_ELEMENT_COUNT};`,
  ],
  [
    SectionKind.ATTRACTIONS,
    (around: (radiusM: number) => string) =>
      `(nwr["tourism"~"^(attraction|museum|gallery|viewpoint|zoo|aquarium|theme_park)$"]["name"]${around(6000)};` +
      `nwr["historic"~"^(castle|monument|memorial|archaeological_site|fort|ruins)$"]["name"]["wikidata"]${around(6000)};);` +
      `out tags center qt ${MAX_ELEMENT_COUNT};`,
  ],
  [
    SectionKind.NEIGHBORHOODS,
    (around: (radiusM: number) => string) =>
      `node["place"~"^(suburb|quarter|neighbourhood|borough)$"]["name"]${around(10000)};out tags center qt ${MAX_ELEMENT_COUNT};`,
  ],
]);

/** OpenStreetMap through Overpass: restaurants, attractions and neighborhoods, by one query per RPC. */
export const overpass: Provider = {
  id: "overpass",
  displayName: "OpenStreetMap (Overpass)",
  origins: [{ setting: "OVERPASS_BASE_URL", defaultUrl: "https://overpass-api.de" }],
  offerings: [...STATEMENTS.keys()].map((kind) => ({ kind, dependsOn: [] })),
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
  const { elements, fetchMs } = await context.share("query", async () => {
    const around = (radiusM: number): string =>
      `(around:${radiusM},${location.latitude.toFixed(5)},${location.longitude.toFixed(5)})`;
    const statements = [...STATEMENTS]
      .filter(([asked]) => context.kinds.has(asked))
      .map(([, statement]) => statement(around));
    const { body, fetchMs: answeredMs } = await context.http.json(
      {
        origin: "OVERPASS_BASE_URL",
        path: "/api/interpreter",
        form: { data: `[out:json][timeout:${SERVER_TIMEOUT_S}][maxsize:67108864];${statements.join("")}` },
      },
      schema,
    );
    // A remark in a 200 means that the server stopped before it was done: the elements may be any part of the answer.
    if (body.remark !== undefined) {
      throw new ServiceError("PROVIDER_RESPONSE_INVALID", "Overpass stopped before it was done", {
        metadata: { provider: "providers/overpass", path: "remark" },
        cause: body.remark,
      });
    }
    return { elements: body.elements, fetchMs: answeredMs };
  });
  const listings = elements
    .flatMap((element) => toListing(kind, element, timestampFromMs(fetchMs)) ?? [])
    .sort((a, b) => b.richness - a.richness)
    .slice(0, query.maxListingCount)
    .map(({ listing }) => listing);
  if (listings.length === 0) return { state: "nothing-found" };
  return { state: "content", content: { listings, fetchTime: timestampFromMs(fetchMs) }, partial: false };
}

export type { OsmElement };
