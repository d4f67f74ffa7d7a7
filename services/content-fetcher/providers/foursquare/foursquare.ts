import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../../provider.ts";
import { readableArray } from "../readable-array.ts";
import { FIELDS, isClosed, placeSchema, toListing, type ListingInit, type Place } from "./listing.ts";
import { SUBJECTS } from "./subjects.ts";

/** Of the API that took the place of v3 in 2025: names its paths, fields and errors. */
const API_VERSION = "2025-06-17";
/** Places of a page; a smaller page costs as much. */
const PAGE_SIZE = 50;
/**
 * $18.75 for a thousand calls that ask for fields which the provider calls Premium, such as rating, price or hours: what
 * others report of its price page in June 2026. What an account has free is not counted here.
 */
const CALL_COST_USD_MICROS = 18_750;
/** After a refusal for want of credits: they do not come back by themselves. */
const CREDIT_PAUSE_MS = 3_600_000;

const schema = z.object({ results: readableArray(placeSchema) });

/** Foursquare's Places API: places to eat and to see with ratings, prices and hours. */
export const foursquare: Provider = {
  id: "foursquare",
  displayName: "Foursquare",
  origins: [{ setting: "FOURSQUARE_BASE_URL", defaultUrl: "https://places-api.foursquare.com" }],
  keySetting: "FOURSQUARE_API_KEY",
  offerings: [...SUBJECTS.keys()].map((kind) => ({
    kind,
    dependsOn: [QueryAspect.MAX_LISTING_COUNT],
    expectedCostUsdMicros: CALL_COST_USD_MICROS,
  })),
  terms: {
    license: "",
    uri: "https://foursquare.com/legal/api/platformpolicy",
    attribution: "Powered by Foursquare",
    storable: true,
    maxStorageMs: undefined,
  },
  // 50 calls a second without a contract.
  limits: { attemptTimeoutMs: 5_000, maxConcurrentCount: 2, maxCallsPerMinute: 3_000, maxBurstCount: 50 },
  fetch: fetchListings,
};

async function fetchListings(
  kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const { places, fetchMs, failure } = await askPlaces(kind, query, context);
  const fetchTime = timestampFromMs(fetchMs);
  const listings: ListingInit[] = [];
  const closedListings: ListingInit[] = [];
  const seen = new Set<string>();
  for (const place of places) {
    const listing = seen.has(place.fsq_place_id) ? undefined : toListing(kind, place, fetchTime);
    seen.add(place.fsq_place_id);
    if (listing !== undefined) (isClosed(place) ? closedListings : listings).push(listing);
  }
  // Nothing on the first page says little while the next one is missing; else what has come stands.
  if (listings.length === 0 && failure !== undefined) throw failure;
  if (listings.length === 0) return { state: "nothing-found" };
  return {
    state: "content",
    content: {
      listings: listings.slice(0, query.maxListingCount),
      closedListings: closedListings.slice(0, query.maxListingCount),
      fetchTime,
      attribution: {
        provider: "providers/foursquare",
        text: foursquare.terms.attribution,
        uri: "https://foursquare.com/",
      },
    },
    partial: failure !== undefined,
  };
}

interface Found {
  readonly places: readonly Place[];
  /** When the first page was complete. */
  readonly fetchMs: number;
  /** Why a further page is missing; undefined when none is. */
  readonly failure: ServiceError | undefined;
}

/** As many pages as the wanted listings fill. Each costs, so that none is asked for in place of what is left out. */
async function askPlaces(kind: SectionKind, query: ResolvedQuery, context: FetchContext): Promise<Found> {
  const first = await askPage(kind, query, undefined, context);
  const { fetchMs } = first;
  const places = [...first.body.results];
  const maxPageCount = Math.ceil(query.maxListingCount / PAGE_SIZE);
  let { cursor } = first;
  for (let pageCount = 1; pageCount < maxPageCount && cursor !== undefined; pageCount += 1) {
    try {
      const next = await askPage(kind, query, cursor, context);
      places.push(...next.body.results);
      cursor = next.cursor;
    } catch (error) {
      if (context.signal.aborted || !(error instanceof ServiceError)) throw error;
      return { places, fetchMs, failure: error };
    }
  }
  return { places, fetchMs, failure: undefined };
}

async function askPage(
  kind: SectionKind,
  { destination }: ResolvedQuery,
  cursor: string | undefined,
  context: FetchContext,
) {
  const { location } = destination;
  const subject = SUBJECTS.get(kind);
  if (location === undefined)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the destination has no position");
  if (subject === undefined) throw new ServiceError("INTERNAL", "a kind that Foursquare does not offer");
  const { body, headers, fetchMs } = await context.http.json(
    {
      origin: "FOURSQUARE_BASE_URL",
      path: "/places/search",
      key: { in: "header", name: "authorization", scheme: "Bearer" },
      headers: { "x-places-api-version": API_VERSION },
      query: {
        ll: `${location.latitude.toFixed(5)},${location.longitude.toFixed(5)}`,
        radius: String(subject.radiusM),
        fsq_category_ids: subject.categoryIds.join(","),
        sort: subject.sort,
        fields: FIELDS.join(","),
        limit: String(PAGE_SIZE),
        ...(cursor !== undefined && { cursor }),
      },
      // An account without credits: until its operator pays for some, it is shut out.
      refusalReason: (status) => (status === 402 ? "PROVIDER_ACCESS_DENIED" : undefined),
      refusalDelayMs: (status, text) =>
        status === 429 && /credit/i.test(text) ? CREDIT_PAUSE_MS : undefined,
      repeatable: false,
    },
    schema,
  );
  return { body, fetchMs, cursor: nextCursorOf(headers["link"] ?? "") };
}

/** Of a header such as `<https://…/places/search?…&cursor=abc>; rel="next"`. */
function nextCursorOf(link: string): string | undefined {
  const target = /<([^<>]*)>\s*;[^<]*\brel="?next"?/i.exec(link)?.[1] ?? "";
  return new URLSearchParams(target.slice(target.indexOf("?") + 1)).get("cursor") ?? undefined;
}
