import { create } from "@bufbuild/protobuf";
import {
  ProviderIdSchema,
  Verification_Verdict as Verdict,
  type Listing,
  type Verification,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { ResolvedSpec, SettledContent } from "../plan.ts";
import { joinListings, withUniqueKeys } from "./listings/merge.ts";
import { rankListings } from "./listings/rank.ts";
import { namesPlaces } from "./verify/rests-on.ts";
import { isContradicted, isGoodEnough } from "./verify/standing.ts";
import { verify } from "./verify/verify.ts";
import type { Witnesses } from "./verify/witnesses.ts";

/** Listings that a section shows at most; more is a directory, not a guide. */
const MAX_LISTING_COUNT = 30;

/** What a section lists. */
export interface SectionListings {
  readonly listings: Listing[];
  readonly contradictedListings: Listing[];
  /** Left out for what checking them found. */
  readonly leftOutListingCount: number;
}

/**
 * Joins and ranks the listings of a section. Those that a language model named are checked first, and left out when they
 * fare worse than the spec wants.
 */
export function listingsOf(
  filled: readonly SettledContent[],
  { languageCode, preferences, destination, spec }: ResolvedSpec,
  witnesses: () => Witnesses,
): SectionListings {
  const contents = filled.flatMap(({ content }) => content ?? []);
  const known = filled.some(namesPlaces) ? witnesses() : undefined;
  const lists = filled.map(({ planned: { languageModel }, content }): readonly Listing[] => {
    const listings = content?.listings ?? [];
    return languageModel && known !== undefined
      ? listings.map((listing) => withVerification(listing, verify(listing, known, destination)))
      : listings;
  });
  const joined = (isWanted: (listing: Listing) => boolean): Listing[] =>
    joinListings(
      lists.map((listings) => listings.filter(isWanted)),
      languageCode,
    );
  // What map data speaks against is never joined to what it has.
  const all = withUniqueKeys([...joined((listing) => !isContradicted(listing)), ...joined(isContradicted)]);
  const texts = contents.flatMap(({ narratives }) => narratives.map(({ text }) => text));
  const ranked = rankListings(all, preferences, destination, texts);
  const shown = ranked.filter(
    (listing) => !isContradicted(listing) && isGoodEnough(listing, spec.minVerification),
  );
  const listings = shown.slice(0, MAX_LISTING_COUNT);
  const contradictedListings = ranked.filter(isContradicted).slice(0, MAX_LISTING_COUNT);
  return {
    listings,
    contradictedListings,
    leftOutListingCount: ranked.length - shown.length,
  };
}

/** A place that map data has goes by its id there from then on, so that the two are joined however they are spelled. */
function withVerification(listing: Listing, verification: Verification): Listing {
  const [match] = verification.verdict === Verdict.VERIFIED ? verification.evidence : [];
  const { provider = "", reference = "" } = match ?? {};
  return {
    ...listing,
    verification,
    ...(provider !== "" && { providerIds: [create(ProviderIdSchema, { provider, id: reference })] }),
  };
}
