import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../../provider.ts";
import { midnightMs, nextDay, tripDays } from "../civil-days.ts";
import { toHappening, type Happening, type ListingInit, type Visit } from "./listing.ts";
import { eventsPage } from "./schema.ts";

/** How far from the destination's centre: arenas stand outside of towns. */
const RADIUS_KM = 30;
/** Largest page that the provider serves. */
const MAX_PAGE_SIZE = 200;
const MIN_PAGE_SIZE = 40;
/** Size times number of a page must stay below this. */
const MAX_PAGE_DEPTH = 1_000;
/** Pages that are asked for until there are listings enough: an event takes 11 KB, and the calls of a day are limited. */
const MAX_PAGE_COUNT = 3;
/** After what goes over its calls a second. */
const SPIKE_PAUSE_MS = 1_000;
/** After the last call of a day. Its refusal does not say when the day ends; a call an hour finds out. */
const QUOTA_PAUSE_MS = 3_600_000;

/** Ticketmaster's Discovery API: concerts, sports and shows with tickets, mostly in North America and Europe. */
export const ticketmaster: Provider = {
  id: "ticketmaster",
  displayName: "Ticketmaster",
  origins: [{ setting: "TICKETMASTER_BASE_URL", defaultUrl: "https://app.ticketmaster.com" }],
  keySetting: "TICKETMASTER_API_KEY",
  offerings: [{ kind: SectionKind.EVENTS, dependsOn: [QueryAspect.DATES, QueryAspect.MAX_LISTING_COUNT] }],
  terms: {
    license: "",
    uri: "https://developer.ticketmaster.com/support/terms-of-use/",
    attribution: "Ticketmaster",
    storable: true,
    // Its terms want no long caching and give no figure.
    maxStorageMs: 12 * 3_600_000,
  },
  // Five calls a second by one of its pages, two by another; what is left of the day's calls its answers say.
  limits: { attemptTimeoutMs: 5_000, maxConcurrentCount: 2, maxCallsPerMinute: 120, maxBurstCount: 2 },
  fetch: fetchEvents,
};

async function fetchEvents(_kind: SectionKind, query: ResolvedQuery, context: FetchContext): Promise<Answer> {
  const { happenings, fetchMs, complete } = await askEvents(query, context);
  const listings = eachShowFirst(happenings).slice(0, query.maxListingCount);
  if (listings.length === 0) return { state: "nothing-found" };
  return {
    state: "content",
    content: {
      listings,
      fetchTime: timestampFromMs(fetchMs),
      attribution: {
        provider: "providers/ticketmaster",
        text: ticketmaster.terms.attribution,
        uri: "https://www.ticketmaster.com/",
      },
    },
    partial: !complete,
  };
}

interface Found {
  /** The most relevant first, none twice. */
  readonly happenings: readonly Happening[];
  /** When the first page was complete. */
  readonly fetchMs: number;
  /** False when a further page could not be had. */
  readonly complete: boolean;
}

/** Asks page by page until there are as many listings as wanted. What has come stands when a further page fails. */
async function askEvents(query: ResolvedQuery, context: FetchContext): Promise<Found> {
  const visit = visitOf(query);
  const size = Math.min(MAX_PAGE_SIZE, Math.max(MIN_PAGE_SIZE, query.maxListingCount * 2));
  const found = new Map<string, Happening>();
  let firstMs: number | undefined;
  for (let page = 0; page < MAX_PAGE_COUNT && page * size < MAX_PAGE_DEPTH; page += 1) {
    let answer: Awaited<ReturnType<typeof askPage>>;
    try {
      answer = await askPage(query, visit, page, size, context);
    } catch (error) {
      if (found.size === 0 || firstMs === undefined || context.signal.aborted) throw error;
      if (!(error instanceof ServiceError)) throw error;
      return { happenings: [...found.values()], fetchMs: firstMs, complete: false };
    }
    const { body, fetchMs } = answer;
    firstMs ??= fetchMs;
    const fetchTime = timestampFromMs(fetchMs);
    for (const event of body._embedded?.events ?? []) {
      const happening = toHappening(event, visit, fetchTime);
      if (happening !== undefined && !found.has(happening.key)) found.set(happening.key, happening);
    }
    if (found.size >= query.maxListingCount || page + 1 >= (body.page?.totalPages ?? 1)) break;
  }
  return { happenings: [...found.values()], fetchMs: firstMs ?? context.now(), complete: true };
}

const askPage = (query: ResolvedQuery, visit: Visit, page: number, size: number, context: FetchContext) =>
  context.http.json(
    {
      origin: "TICKETMASTER_BASE_URL",
      path: "/discovery/v2/events.json",
      key: { in: "query", name: "apikey" },
      query: {
        ...placeOf(query),
        startDateTime: toUtcText(visit.startMs),
        // The end is included.
        endDateTime: toUtcText(visit.endMs - 1_000),
        // Without it events outside of the United States are left out.
        locale: "*",
        includeTBA: "no",
        includeTBD: "no",
        includeTest: "no",
        // By date, a long trip's events would all be of its first days.
        sort: "relevance,desc",
        size: String(size),
        page: String(page),
      },
      refusalDelayMs,
    },
    eventsPage,
  );

function refusalDelayMs(status: number, body: string): number | undefined {
  if (status !== 429) return undefined;
  if (body.includes("SpikeArrestViolation")) return SPIKE_PAUSE_MS;
  return body.includes("QuotaViolation") ? QUOTA_PAUSE_MS : undefined;
}

function placeOf({ destination }: ResolvedQuery): Readonly<Record<string, string>> {
  const { location, displayName, countryCode } = destination;
  if (location !== undefined) {
    const latlong = `${location.latitude.toFixed(5)},${location.longitude.toFixed(5)}`;
    return { latlong, radius: String(RADIUS_KM), unit: "km" };
  }
  return { city: displayName, ...(countryCode !== "" && { countryCode }) };
}

function visitOf(query: ResolvedQuery): Visit {
  const { timeZone } = query.destination;
  const days = tripDays(query);
  const [first = "", last = first] = [days[0], days.at(-1)];
  return { startMs: midnightMs(first, timeZone), endMs: midnightMs(nextDay(last), timeZone), timeZone };
}

/** `YYYY-MM-DDTHH:MM:SSZ`: with milliseconds the provider refuses it. */
const toUtcText = (epochMs: number): string => new Date(epochMs).toISOString().replace(/\.\d+Z$/, "Z");

/** In their order, but each show once before any repeat: one that plays daily must not fill the list. */
function eachShowFirst(happenings: readonly Happening[]): ListingInit[] {
  const counts = new Map<string, number>();
  return happenings
    .map(({ show, listing }) => {
      const turn = counts.get(show) ?? 0;
      counts.set(show, turn + 1);
      return { turn, listing };
    })
    .sort((a, b) => a.turn - b.turn)
    .map(({ listing }) => listing);
}
