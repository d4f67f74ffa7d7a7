import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../../provider.ts";
import type { Article } from "./article.ts";
import { attributionOf, LICENSE } from "./citation.ts";
import { climateFacts, type FactInit } from "./climate.ts";
import { DISTRICT_KINDS, neighborhoodsOf, readDistricts, type Districts } from "./districts.ts";
import { eventsOf } from "./events.ts";
import { findArticle, type FoundArticle } from "./find-article.ts";
import {
  EAT_EXCERPTS,
  EXPERIENCE_EXCERPTS,
  introductionOf,
  leadOf,
  narrativesOf,
  PRACTICAL_EXCERPTS,
  SEE_EXCERPTS,
  type NarrativeInit,
  type Excerpt,
} from "./narratives.ts";
import { detailsOf, fairShare, listingsByKind, toListing, type ListingInit } from "./to-listing.ts";

/**
 * Most calls of one RPC. A client without an operator's contact has 10 a minute for all Wikimedia sites: a guide must
 * fit in, with the first attempt of the next one.
 */
const MAX_CALL_COUNT = 8;

/** Wikivoyage in English: what travellers wrote about a place, its districts included. */
export const wikivoyage: Provider = {
  id: "wikivoyage",
  displayName: "Wikivoyage",
  origins: [{ setting: "WIKIVOYAGE_BASE_URL", defaultUrl: "https://en.wikivoyage.org" }],
  // The text is English whatever language is asked for.
  offerings: [
    { kind: SectionKind.OVERVIEW, dependsOn: [QueryAspect.DATES] },
    { kind: SectionKind.ATTRACTIONS, dependsOn: [QueryAspect.MAX_LISTING_COUNT] },
    { kind: SectionKind.RESTAURANTS, dependsOn: [QueryAspect.MAX_LISTING_COUNT] },
    { kind: SectionKind.NEIGHBORHOODS, dependsOn: [QueryAspect.MAX_LISTING_COUNT] },
    { kind: SectionKind.EVENTS, dependsOn: [QueryAspect.DATES, QueryAspect.MAX_LISTING_COUNT] },
    { kind: SectionKind.EXPERIENCES, dependsOn: [QueryAspect.MAX_LISTING_COUNT] },
    { kind: SectionKind.PRACTICAL, dependsOn: [] },
  ],
  terms: {
    license: LICENSE,
    uri: "https://creativecommons.org/licenses/by-sa/4.0/",
    attribution: "Wikivoyage, CC BY-SA 4.0, modified",
    storable: true,
    maxStorageMs: undefined,
  },
  // https://www.mediawiki.org/wiki/Wikimedia_APIs/Rate_limits; requests one after the other, as its etiquette asks.
  limits: {
    attemptTimeoutMs: 5_000,
    maxConcurrentCount: 1,
    maxCallsPerMinute: 200,
    maxCallsPerMinuteWithoutContact: 10,
  },
  fetch: fetchContent,
};

/** What an answer is made of. */
interface Parts {
  readonly narratives: NarrativeInit[];
  readonly facts: FactInit[];
  readonly listings: ListingInit[];
}

async function fetchContent(kind: SectionKind, query: ResolvedQuery, context: FetchContext): Promise<Answer> {
  const found = await context.share("article", () => findArticle(query.destination, context));
  const { article } = found;
  if (article === undefined) return { state: "nothing-found" };
  // The request for the districts leaves first; the city's own article is read while it is answered.
  const [own, districts] = await Promise.all([
    context.giveWay().then(() => ownParts(kind, article, query)),
    DISTRICT_KINDS.has(kind) ? districtsOf(article, found, context) : NO_DISTRICTS,
  ]);
  // Each kind in a turn of its own: its content is sent, and worked on there, while the next kind's is made here.
  if (districts.articles.length > 0) await context.giveWay();
  const lists =
    kind === SectionKind.NEIGHBORHOODS
      ? [neighborhoodsOf(article, districts)]
      : [own.listings, ...districts.articles.map((district) => choicesOf(kind, district, query))];
  const content = { ...own, listings: fairShare(lists, query.maxListingCount) };
  const empty = content.narratives.length + content.facts.length + content.listings.length === 0;
  // Nothing on the city's page says little while pages of the districts are missing.
  if (empty && districts.failure !== undefined) throw districts.failure;
  if (empty) return { state: "nothing-found" };
  const fetchMs = Math.min(article.fetchMs, ...districts.articles.map((district) => district.fetchMs));
  return {
    state: "content",
    content: { ...content, attribution: attributionOf(article), fetchTime: timestampFromMs(fetchMs) },
    partial: !districts.complete,
  };
}

interface ReadDistricts extends Districts {
  /** Why there are none. */
  readonly failure: ServiceError | undefined;
}

const NO_DISTRICTS: ReadDistricts = {
  articles: [],
  renamed: new Map(),
  complete: true,
  failure: undefined,
};

/** The city's page stands when those of its districts cannot be had: then the answer is known to be cut off. */
async function districtsOf(
  article: Article,
  { callCount }: FoundArticle,
  context: FetchContext,
): Promise<ReadDistricts> {
  try {
    const districts = await context.share("districts", () =>
      readDistricts(article, context, MAX_CALL_COUNT - callCount),
    );
    return { ...districts, failure: undefined };
  } catch (error) {
    if (context.signal.aborted || !(error instanceof ServiceError)) throw error;
    return { ...NO_DISTRICTS, complete: false, failure: error };
  }
}

/** What the city's own article says on a kind, before the listings of its districts come in. */
function ownParts(kind: SectionKind, city: Article, query: ResolvedQuery): Parts {
  const withListings = (excerpts: readonly Excerpt[]): Parts => ({
    narratives: narrativesOf(city, excerpts),
    facts: [],
    listings: choicesOf(kind, city, query),
  });
  if (kind === SectionKind.OVERVIEW) {
    const texts = [introductionOf(city), leadOf(city, "understand", "understand")];
    const narratives = texts.filter((text) => text !== undefined);
    return { narratives, facts: climateFacts(city, query), listings: [] };
  }
  if (kind === SectionKind.PRACTICAL)
    return { narratives: narrativesOf(city, PRACTICAL_EXCERPTS), facts: [], listings: [] };
  if (kind === SectionKind.ATTRACTIONS) return withListings(SEE_EXCERPTS);
  if (kind === SectionKind.RESTAURANTS) return withListings(EAT_EXCERPTS);
  if (kind === SectionKind.EXPERIENCES) return withListings(EXPERIENCE_EXCERPTS);
  if (kind === SectionKind.EVENTS) return { narratives: [], facts: [], listings: eventsOf(city, query) };
  // They are listed by what the city's article and their own say together.
  if (kind === SectionKind.NEIGHBORHOODS) return { narratives: [], facts: [], listings: [] };
  throw new ServiceError("INTERNAL", "a kind that Wikivoyage does not offer");
}

/** An article's listings of a kind. */
const choicesOf = (kind: SectionKind, article: Article, query: ResolvedQuery): ListingInit[] =>
  (listingsByKind(article).get(kind) ?? []).map((raw) =>
    toListing(raw, article, detailsOf(raw, query.destination.countryCode, kind)),
  );
