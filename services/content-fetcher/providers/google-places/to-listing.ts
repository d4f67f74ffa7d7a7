import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { SectionKind, type ListingSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listingKey } from "../listing-key.ts";
import { oneLine, webUriOf } from "../plain-text.ts";
import type { Place } from "./place.ts";
import { categoryOf, cuisinesOf, dietsOf, isEatery, isOtherTrade } from "./types.ts";

type ListingInit = MessageInitShape<typeof ListingSchema>;
type Details = NonNullable<ListingInit["details"]>;

const MAX_CUISINE_COUNT = 5;
const INT32_MAX = 2 ** 31 - 1;

/** Whether a place is no more. */
export const isGone = ({ businessStatus }: Place): boolean => businessStatus === "CLOSED_PERMANENTLY";

/** Whether a place is not yet. */
const isToCome = ({ businessStatus }: Place): boolean => businessStatus === "FUTURE_OPENING";

/** In the words of Google Maps. For how long is not said: the listing stays, and says so in place of its hours. */
const CLOSED_FOR_NOW = "Temporarily closed";

const PRICE_LEVELS: ReadonlyMap<string, number> = new Map([
  ["PRICE_LEVEL_FREE", 1],
  ["PRICE_LEVEL_INEXPENSIVE", 1],
  ["PRICE_LEVEL_MODERATE", 2],
  ["PRICE_LEVEL_EXPENSIVE", 3],
  ["PRICE_LEVEL_VERY_EXPENSIVE", 4],
]);

/** Undefined for what has no name, is not there yet, or belongs into no section of that kind. */
export function toListing(kind: SectionKind, place: Place, fetchTime: Timestamp): ListingInit | undefined {
  const title = oneLine(place.displayName?.text);
  const details = detailsOf(kind, place);
  if (title === "" || details === undefined || isToCome(place)) return undefined;
  const location = locationOf(place);
  return {
    key: listingKey({ title, location }),
    title,
    ...(location && { location }),
    address: oneLine(place.formattedAddress),
    phone: oneLine(place.internationalPhoneNumber),
    websiteUri: webUriOf(place.websiteUri),
    openingHours:
      place.businessStatus === "CLOSED_TEMPORARILY"
        ? CLOSED_FOR_NOW
        : (place.regularOpeningHours?.weekdayDescriptions ?? []).join("; "),
    ...ratingOf(place),
    accessibilityTags: accessibilityOf(place),
    providerIds: [{ provider: "providers/google-places", id: place.id }],
    citations: [
      {
        provider: "providers/google-places",
        uri: pageOf(place),
        title: `Google Maps: ${title}`,
        license: "",
        fetchTime,
      },
    ],
    details,
  };
}

function detailsOf(kind: SectionKind, place: Place): Details | undefined {
  const main = mainTypeOf(place);
  const types = [...new Set([main, ...(place.types ?? [])])].filter((type) => type !== "");
  if (kind === SectionKind.RESTAURANTS) {
    if (types.length > 0 && !isEatery(main, types)) return undefined;
    return {
      case: "restaurant",
      value: {
        cuisines: cuisinesOf(types).slice(0, MAX_CUISINE_COUNT),
        priceLevel: PRICE_LEVELS.get(place.priceLevel ?? "") ?? 0,
        dietaryTags: dietsOf(types),
      },
    };
  }
  if (kind !== SectionKind.ATTRACTIONS || isOtherTrade(main)) return undefined;
  const free = place.priceLevel === "PRICE_LEVEL_FREE";
  const nothing = { currencyCode: "", units: 0n, nanos: 0 };
  return {
    case: "attraction",
    value: {
      category: categoryOf(main, types),
      ...(free && { fee: { text: "free", minAmount: nothing, maxAmount: nothing } }),
    },
  };
}

/** Its main type, or else what that is called in English ("Sushi restaurant"), or else the first of its types. */
function mainTypeOf({ primaryType, primaryTypeDisplayName: called, types }: Place): string {
  if (primaryType !== null && primaryType !== undefined) return primaryType;
  return called?.languageCode?.startsWith("en") === true
    ? oneLine(called.text).toLowerCase().replaceAll(/\W+/g, "_")
    : (types?.[0] ?? "");
}

function locationOf({ location }: Place): { latitude: number; longitude: number } | undefined {
  if (location === null || location === undefined) return undefined;
  const { latitude, longitude } = location;
  // There is nothing at both zeros: that is a position without any.
  const known = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && (latitude !== 0 || longitude !== 0);
  return known ? { latitude, longitude } : undefined;
}

/** Stars from one to five. */
function ratingOf({ rating, userRatingCount }: Place): Pick<ListingInit, "ratingScore" | "ratingCount"> {
  if (typeof rating !== "number" || !(rating >= 1 && rating <= 5)) return {};
  const ratingCount = Math.min(INT32_MAX, Math.max(0, userRatingCount ?? 0));
  // Without what dividing adds: 4.6 stars are 0.9.
  return { ratingScore: Math.round((rating - 1) * 250) / 1_000, ratingCount };
}

function accessibilityOf({ accessibilityOptions }: Place): string[] {
  const entrance = accessibilityOptions?.wheelchairAccessibleEntrance;
  return typeof entrance === "boolean" ? [entrance ? "wheelchair" : "no-wheelchair"] : [];
}

/** Its page on Google Maps, which its terms ask to be linked. */
const pageOf = ({ id, googleMapsUri }: Place): string =>
  webUriOf(googleMapsUri) || `https://www.google.com/maps/place/?q=place_id:${encodeURIComponent(id)}`;
