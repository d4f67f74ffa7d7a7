import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type {
  Alternative,
  AttractionDetails,
  Citation,
  EventDetails,
  ExperienceDetails,
  Listing,
  NeighborhoodDetails,
  RestaurantDetails,
  Verification,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import {
  AlternativeSchema,
  NeighborhoodDetailsSchema,
  Verification_Verdict as Verdict,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM } from "../distance.ts";
import { fold } from "../words.ts";
import { isClosedForNow } from "../hours/closed-for-now.ts";
import { standingOf } from "../verify/standing.ts";
import { groupListings } from "./dedupe.ts";

const MAX_DISH_COUNT = 5;
const MAX_HIGHLIGHT_COUNT = 8;
const MAX_ALTERNATE_TITLE_COUNT = 5;
/** Positions of one place this far apart are not two sides of it: one of them is wrong. */
const ALTERNATIVE_MIN_M = 500;

/** Whose word counts when several providers state a field: the most preferred one that states it, or map data first. */
type Authority = "preferred" | "map";

/**
 * Field authority. Map data is surveyed place by place; the pages of a travel guide are written by visitors. What is
 * not in this table is united (ids, tags, citations) or decided where it is joined (title, summary, rating, details).
 */
const AUTHORITY = {
  location: "map",
  address: "map",
  openingHours: "map",
  phone: "preferred",
  websiteUri: "preferred",
} as const satisfies Partial<Record<keyof Listing, Authority>>;

/** A listing with the id of a provider's object comes from data on places, such as a map or a directory. */
export const isMapData = ({ providerIds }: Listing): boolean => providerIds.length > 0;

/**
 * Unites the listings of several providers. Equal ones become one that keeps every citation and id; the most preferred
 * provider gives title and key, and each field is taken from whoever has the authority over it.
 *
 * @param lists one per provider, most preferred first
 * @param languageCode language asked for: a summary in it comes before one in another
 */
export const mergeListings = (lists: readonly (readonly Listing[])[], languageCode: string): Listing[] =>
  withUniqueKeys(joinListings(lists, languageCode));

/** The same with keys that may repeat. */
export function joinListings(lists: readonly (readonly Listing[])[], languageCode: string): Listing[] {
  const all = lists.flat();
  const merged = groupListings(lists).map((indices) => {
    // Title and key come from whoever knows the place, before a language model that named it.
    const members = indices
      .flatMap((index) => all[index] ?? [])
      .sort((a, b) => Number(a.verification !== undefined) - Number(b.verification !== undefined));
    const [first] = members;
    return first === undefined || members.length === 1 ? members : [join(first, members, languageCode)];
  });
  return merged.flat();
}

function join(first: Listing, members: readonly Listing[], languageCode: string): Listing {
  const byMap = [...members].sort((a, b) => Number(isMapData(b)) - Number(isMapData(a)));
  const pick = <F extends keyof typeof AUTHORITY>(
    field: F,
    isKnown: (value: Listing[F]) => boolean,
  ): Listing[F] =>
    (AUTHORITY[field] === "map" ? byMap : members).find((member) => isKnown(member[field]))?.[field] ??
    first[field];
  const isText = (text: string): boolean => text !== "";
  const described = members.filter(({ summary }) => summary !== "");
  const summary = described.find((member) => member.languageCode === languageCode) ?? described[0] ?? first;
  const rated = members.reduce((best, member) => (member.ratingCount > best.ratingCount ? member : best));
  const { location: _location, ratingScore: _ratingScore, verification: _verification, ...own } = first;
  const location = pick("location", (value) => value !== undefined);
  const ratingScore =
    rated.ratingScore ?? members.find((member) => member.ratingScore !== undefined)?.ratingScore;
  const verification = joinVerifications(members);
  // The hours of the others do not hold while it is closed.
  const closed = members.find((member) => isClosedForNow(member.openingHours));
  const openingHours = closed?.openingHours ?? pick("openingHours", isText);
  const wikidataId = members.find((member) => member.wikidataId !== "")?.wikidataId ?? "";
  return {
    ...own,
    key: wikidataId === "" ? first.key : wikidataId.toLowerCase(),
    alternateTitles: alternateTitlesOf(first, members),
    summary: summary.summary,
    languageCode: summary.languageCode,
    ...(location && { location }),
    address: pick("address", isText),
    openingHours,
    phone: pick("phone", isText),
    websiteUri: pick("websiteUri", isText),
    ...(ratingScore !== undefined && { ratingScore, ratingCount: rated.ratingCount }),
    accessibilityTags: union(members.map((member) => member.accessibilityTags)),
    wikidataId,
    providerIds: distinct(
      members.flatMap((member) => member.providerIds),
      ({ provider, id }) => `${provider} ${id}`,
    ),
    citations: mergeCitations(members.map((member) => member.citations)),
    ...(verification && { verification }),
    alternatives: alternativesTo({ location, openingHours }, members),
    details: joinDetails(first, members),
  };
}

/** Other names than the title, each spelling once: those that providers state, then what they have it under. */
const alternateTitlesOf = ({ title }: Listing, members: readonly Listing[]): string[] =>
  distinct(
    [
      title,
      ...members.flatMap(({ alternateTitles }) => alternateTitles),
      ...members.map((member) => member.title),
    ],
    fold,
  ).slice(1, 1 + MAX_ALTERNATE_TITLE_COUNT);

/** What members say otherwise than what is believed. */
function alternativesTo(
  { location, openingHours }: Partial<Pick<Listing, "location" | "openingHours">>,
  members: readonly Listing[],
): Alternative[] {
  const isClosed = isClosedForNow(openingHours ?? "");
  const found = members.flatMap((member) => {
    const isElsewhere =
      location !== undefined &&
      member.location !== undefined &&
      distanceM(location, member.location) > ALTERNATIVE_MIN_M;
    const isOpen = isClosed && member.openingHours !== "" && !isClosedForNow(member.openingHours);
    const [provider] = member.citations.map((citation) => citation.provider);
    if (provider === undefined || (!isElsewhere && !isOpen)) return [];
    return create(AlternativeSchema, {
      provider,
      ...(isElsewhere && { location: member.location }),
      ...(isOpen && { openingHours: member.openingHours }),
    });
  });
  return distinct(found, ({ provider, location: at, openingHours: hours }) =>
    JSON.stringify([provider, at?.latitude, at?.longitude, hours]),
  );
}

/**
 * The best of them. A provider of places that names the place too settles the question, so that then only a verdict
 * which map data has borne out is worth telling.
 */
function joinVerifications(members: readonly Listing[]): Verification | undefined {
  const [best] = members
    .flatMap(({ verification }) => verification ?? [])
    .sort((a, b) => standingOf(b.verdict) - standingOf(a.verdict));
  const alone = members.every(({ verification }) => verification !== undefined);
  return alone || best?.verdict === Verdict.VERIFIED ? best : undefined;
}

/** First occurrence of each, by what `identify` makes of it. */
export function distinct<T>(values: readonly T[], identify: (value: T) => string): T[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const id = identify(value);
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

const union = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())];

/** All citations, best first; the same page of the same provider once. */
export const mergeCitations = (lists: readonly (readonly Citation[])[]): Citation[] =>
  distinct(lists.flat(), ({ provider, uri, title }) => `${provider}\n${uri}\n${title}`);

function joinDetails(first: Listing, members: readonly Listing[]): Listing["details"] {
  const { details } = first;
  const others = members.map((member) => member.details);
  switch (details.case) {
    case "restaurant":
      return {
        case: "restaurant",
        value: joinRestaurants(
          details.value,
          others.flatMap((other) => (other.case === "restaurant" ? [other.value] : [])),
        ),
      };
    case "attraction":
      return {
        case: "attraction",
        value: joinAttractions(
          details.value,
          others.flatMap((other) => (other.case === "attraction" ? [other.value] : [])),
        ),
      };
    case "neighborhood":
      return {
        case: "neighborhood",
        value: joinNeighborhoods(
          others.flatMap((other) => (other.case === "neighborhood" ? [other.value] : [])),
        ),
      };
    case "event":
      return {
        case: "event",
        value: joinEvents(
          details.value,
          others.flatMap((other) => (other.case === "event" ? [other.value] : [])),
        ),
      };
    case "experience":
      return {
        case: "experience",
        value: joinExperiences(
          details.value,
          others.flatMap((other) => (other.case === "experience" ? [other.value] : [])),
        ),
      };
    case undefined:
      return details;
  }
}

const firstText = (texts: readonly string[]): string => texts.find((text) => text !== "") ?? "";

const joinRestaurants = (own: RestaurantDetails, all: readonly RestaurantDetails[]): RestaurantDetails => ({
  ...own,
  cuisines: union(all.map(({ cuisines }) => cuisines)),
  dietaryTags: union(all.map(({ dietaryTags }) => dietaryTags)),
  priceLevel: all.find(({ priceLevel }) => priceLevel > 0)?.priceLevel ?? 0,
  reservationUri: firstText(all.map(({ reservationUri }) => reservationUri)),
  signatureDishes: union(all.map(({ signatureDishes }) => signatureDishes)).slice(0, MAX_DISH_COUNT),
});

function joinAttractions(own: AttractionDetails, all: readonly AttractionDetails[]): AttractionDetails {
  const fee = all.find((details) => details.fee !== undefined)?.fee;
  const visit = all.find(({ visitDuration }) => visitDuration !== undefined && durationMs(visitDuration) > 0);
  return {
    ...own,
    category: firstText(all.map(({ category }) => category)),
    bestTime: firstText(all.map(({ bestTime }) => bestTime)),
    ...(fee && { fee }),
    ...(visit?.visitDuration && { visitDuration: visit.visitDuration }),
  };
}

const joinNeighborhoods = (all: readonly NeighborhoodDetails[]): NeighborhoodDetails =>
  create(NeighborhoodDetailsSchema, {
    highlights: union(all.map(({ highlights }) => highlights)).slice(0, MAX_HIGHLIGHT_COUNT),
  });

function joinEvents(own: EventDetails, all: readonly EventDetails[]): EventDetails {
  // A time of day says more than the day alone.
  const window = all.find((details) => details.window?.allDay === false)?.window ?? own.window;
  const price = all.find((details) => details.price !== undefined)?.price;
  return {
    ...own,
    category: firstText(all.map(({ category }) => category)),
    venue: firstText(all.map(({ venue }) => venue)),
    ticketUri: firstText(all.map(({ ticketUri }) => ticketUri)),
    ...(window && { window }),
    ...(price && { price }),
  };
}

function joinExperiences(own: ExperienceDetails, all: readonly ExperienceDetails[]): ExperienceDetails {
  const price = all.find((details) => details.price !== undefined)?.price;
  const duration = all.find((details) => details.duration !== undefined)?.duration;
  return {
    ...own,
    category: firstText(all.map(({ category }) => category)),
    bookingUri: firstText(all.map(({ bookingUri }) => bookingUri)),
    ...(price && { price }),
    ...(duration && { duration }),
  };
}

/** Two places can share a title and lack a position; a number tells their keys apart. */
export function withUniqueKeys(listings: readonly Listing[]): Listing[] {
  const taken = new Set<string>();
  return listings.map((listing) => {
    let { key } = listing;
    for (let number = 2; taken.has(key); number += 1) key = `${listing.key}-${number}`;
    taken.add(key);
    return key === listing.key ? listing : { ...listing, key };
  });
}
