import type { MessageInitShape } from "@bufbuild/protobuf";
import { SectionKind, type ListingSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listingKey } from "../listing-key.ts";
import type { Article, Section } from "./article.ts";
import { citationOf } from "./citation.ts";
import { distanceKm, type Position } from "./coordinates.ts";
import { attractionCategoryOf, cuisinesOf, dietsOf, isCafe, isAboutTours, priceLevelOf } from "./headings.ts";
import { listingsIn, type RawListing } from "./listings.ts";
import { readOnce } from "./read-once.ts";
import { toPrice } from "../price.ts";
import { cutAtSentence } from "../sentences.ts";

export type ListingInit = MessageInitShape<typeof ListingSchema>;

/** Limit of `Listing.summary`, characters. */
export const MAX_SUMMARY_LENGTH = 600;
/** Limit of `Listing.alternate_titles`. */
const MAX_ALTERNATE_COUNT = 5;
/** Directions up to this length say where a place is; longer ones how to get there, which is no address. */
const MAX_ADDRESS_DIRECTIONS_LENGTH = 80;
/** Farther than this from its article's centre, a position is a slip, such as a lost sign; the place may still be right. */
const MAX_DISTANCE_KM = 150;

type Activity = "see" | "do" | "buy" | "eat" | "drink";

/**
 * The sections whose listings a traveller chooses from. Listings elsewhere are stations, airlines, hotels, consulates,
 * newspapers or other towns: they stand in the practical text, or nowhere.
 */
const SECTIONS: Readonly<Record<string, Activity>> = {
  see: "see",
  "see and do": "see",
  "see & do": "see",
  do: "do",
  buy: "buy",
  eat: "eat",
  "eat and drink": "eat",
  "eat & drink": "eat",
  drink: "drink",
};

const hasChoices = ({ path: [top = ""] }: Section): boolean => Object.hasOwn(SECTIONS, top);

/** What a listing is: its own type within those sections, else the section's; undefined for all others. */
function activityOf({ type, section }: RawListing): Activity | undefined {
  if (!hasChoices(section)) return undefined;
  if (type === "listing") return SECTIONS[section.path[0] ?? ""];
  return type === "sleep" || type === "go" || type === "event" ? undefined : type;
}

/** Section kind of the guide that a listing belongs to; undefined when it is no place to choose. */
export function kindOf(raw: RawListing): SectionKind | undefined {
  const activity = activityOf(raw);
  if (activity === undefined) return undefined;
  if (activity === "see") return SectionKind.ATTRACTIONS;
  if (activity === "eat") return SectionKind.RESTAURANTS;
  return activity === "drink" && isCafe(raw.section.path, raw.name)
    ? SectionKind.RESTAURANTS
    : SectionKind.EXPERIENCES;
}

/** The listings of an article that a traveller chooses from, by the section kind that they belong to. */
export const listingsByKind: (article: Article) => ReadonlyMap<SectionKind | undefined, RawListing[]> =
  readOnce(({ sections }) =>
    // What is about hotels, trains and telephones need not be read.
    Map.groupBy(sections.filter(hasChoices).flatMap(listingsIn), kindOf),
  );

/**
 * A listing as the API has it.
 *
 * @param details of the kind that `kindOf` says, or of an event
 */
export function toListing(raw: RawListing, article: Article, details: ListingInit["details"]): ListingInit {
  const location = plausible(raw.location, article.location);
  const { summary, address } = describe(raw);
  return {
    key: listingKey({ title: raw.name, wikidataId: raw.wikidataId, location }),
    title: raw.name,
    alternateTitles: alternatesOf(raw),
    summary,
    languageCode: summary === "" ? "" : "en",
    ...(location && { location }),
    address,
    phone: raw.phone,
    websiteUri: raw.url,
    openingHours: raw.hours,
    ...(raw.wikidataId !== undefined && { wikidataId: raw.wikidataId }),
    citations: [citationOf(article)],
    details,
  };
}

/** What stands in `alt`: one name, or several with commas between them. */
const alternatesOf = ({ alt, name }: RawListing): string[] =>
  [...new Set(alt.split(/[,;]/).map((part) => part.trim().replace(/\.$/, "")))]
    .filter((part) => part !== "" && part !== name)
    .slice(0, MAX_ALTERNATE_COUNT);

/**
 * What only listings of its kind have.
 *
 * @param kind as `kindOf` says
 */
export function detailsOf(
  raw: RawListing,
  countryCode: string,
  kind: SectionKind | undefined,
): ListingInit["details"] {
  const { path } = raw.section;
  const price = raw.price === "" ? undefined : toPrice(raw.price, countryCode);
  if (kind === SectionKind.ATTRACTIONS) {
    const category = attractionCategoryOf(path, raw.name);
    return { case: "attraction", value: { category, ...(price && { fee: price }) } };
  }
  if (kind === SectionKind.RESTAURANTS) {
    const value = { cuisines: cuisinesOf(path), priceLevel: priceLevelOf(path), dietaryTags: dietsOf(path) };
    return { case: "restaurant", value };
  }
  const activity = activityOf(raw);
  const category =
    activity === "drink"
      ? "nightlife"
      : activity === "buy"
        ? "shopping"
        : isAboutTours(path)
          ? "tour"
          : "activity";
  return { case: "experience", value: { category, ...(price && { price }) } };
}

function describe({ alt, address, directions, content }: RawListing): { summary: string; address: string } {
  const near = directions.length <= MAX_ADDRESS_DIRECTIONS_LENGTH ? directions : "";
  const far = near === "" ? directions : "";
  const other = alt === "" ? "" : `Also: ${alt.replace(/\.$/, "")}.`;
  const text = [other, content, far].filter((part) => part !== "").join(" ");
  return {
    // A name alone describes nothing.
    summary: content === "" && far === "" ? alt : cutAtSentence(text, MAX_SUMMARY_LENGTH),
    address: address !== "" && near !== "" ? `${address} (${near})` : address || near,
  };
}

const plausible = (location: Position | undefined, centre: Position | undefined): Position | undefined =>
  location !== undefined && centre !== undefined && distanceKm(location, centre) > MAX_DISTANCE_KM
    ? undefined
    : location;

/**
 * At most so many of several lists, in their order: one of each list in turn, so that no district takes the room of the
 * others. Of equal keys the first stays.
 */
export function fairShare(lists: readonly (readonly ListingInit[])[], maxCount: number): ListingInit[] {
  const seen = new Set<string>();
  const unique = lists.map((list) =>
    list.filter(({ key = "" }) => !seen.has(key) && seen.add(key) !== undefined),
  );
  const taken = unique.map(() => 0);
  let left = maxCount;
  for (let before = -1; left > 0 && left !== before;) {
    before = left;
    for (const [index, list] of unique.entries()) {
      if (left > 0 && (taken[index] ?? 0) < list.length) {
        taken[index] = (taken[index] ?? 0) + 1;
        left -= 1;
      }
    }
  }
  return unique.flatMap((list, index) => list.slice(0, taken[index]));
}
