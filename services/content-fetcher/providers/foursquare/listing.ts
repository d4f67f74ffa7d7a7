import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { SectionKind, type ListingSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listingKey } from "../listing-key.ts";
import { oneLine, plainText, webUriOf } from "../plain-text.ts";
import { cutAtSentence } from "../sentences.ts";
import { kitchenOf, sightOf } from "./categories.ts";
import { hoursOf } from "./hours.ts";

export type ListingInit = MessageInitShape<typeof ListingSchema>;

const PROVIDER = "providers/foursquare";
/** Limit of `Listing.summary`, characters. */
const MAX_SUMMARY_LENGTH = 600;
/** Ratings run from 0 to this. */
const MAX_RATING = 10;
/** BCP-47 for text whose language is not stated: owners write about their places in their own. */
const UNDETERMINED = "und";

const text = z.string().nullish();
const number = z.number().nullish();

/** What is asked for of each place; everything that is not named is left out of the answer. */
export const FIELDS = [
  "fsq_place_id",
  "name",
  "latitude",
  "longitude",
  "categories",
  "location",
  "tel",
  "website",
  "date_closed",
  "description",
  "hours",
  "price",
  "rating",
  "stats",
] as const;

export const placeSchema = z.object({
  fsq_place_id: z.string(),
  name: text,
  latitude: number,
  longitude: number,
  categories: z.array(z.object({ name: text })).nullish(),
  location: z.object({ address: text, locality: text, postcode: text, formatted_address: text }).nullish(),
  tel: text,
  website: text,
  date_closed: text,
  // Of the API before 2025; some places still have it.
  closed_bucket: text,
  description: text,
  hours: z
    .object({
      display: text,
      regular: z.array(z.object({ day: number, open: text, close: text })).nullish(),
    })
    .nullish(),
  price: number,
  rating: number,
  stats: z.object({ total_ratings: number }).nullish(),
});

export type Place = z.infer<typeof placeSchema>;

/** Undefined for what the section is not about. */
export function toListing(kind: SectionKind, place: Place, fetchTime: Timestamp): ListingInit | undefined {
  const title = oneLine(place.name);
  const details = detailsOf(kind, place);
  if (title === "" || details === undefined) return undefined;
  const location = locationOf(place);
  const summary = cutAtSentence(plainText(place.description), MAX_SUMMARY_LENGTH);
  const rating = place.rating ?? 0;
  return {
    key: listingKey({ title, location }),
    title,
    summary,
    languageCode: summary === "" ? "" : UNDETERMINED,
    ...(location && { location }),
    address: addressOf(place),
    phone: oneLine(place.tel),
    websiteUri: webUriOf(place.website),
    openingHours: hoursOf(place.hours),
    ...(rating > 0 &&
      rating <= MAX_RATING && {
        // Without what dividing adds: 8.7 of 10 is 0.87.
        ratingScore: Math.round((rating * 1_000) / MAX_RATING) / 1_000,
        ratingCount: Math.max(0, Math.trunc(place.stats?.total_ratings ?? 0)),
      }),
    providerIds: [{ provider: PROVIDER, id: place.fsq_place_id }],
    citations: [
      {
        provider: PROVIDER,
        uri: `https://foursquare.com/v/${encodeURIComponent(place.fsq_place_id)}`,
        title: `Foursquare: ${title}`,
        fetchTime,
      },
    ],
    details,
  };
}

/** A place that has closed keeps its page; the older field says how sure that is, as in `VeryLikelyClosed`. */
export const isClosed = ({ date_closed: closedOn, closed_bucket: bucket }: Place): boolean =>
  oneLine(closedOn) !== "" || /closed$/i.test(bucket ?? "");

function detailsOf(kind: SectionKind, place: Place): ListingInit["details"] | undefined {
  const names = (place.categories ?? []).flatMap(({ name }) => name ?? []);
  if (kind === SectionKind.RESTAURANTS) {
    const kitchen = kitchenOf(names);
    if (kitchen === undefined) return undefined;
    const { price } = place;
    const isLevel = typeof price === "number" && Number.isInteger(price) && price >= 1 && price <= 4;
    return {
      case: "restaurant",
      value: {
        cuisines: [...kitchen.cuisines],
        dietaryTags: [...kitchen.dietaryTags],
        ...(isLevel && { priceLevel: price }),
      },
    };
  }
  const category = sightOf(names);
  return category === undefined ? undefined : { case: "attraction", value: { category } };
}

function locationOf({
  latitude,
  longitude,
}: Place): { readonly latitude: number; readonly longitude: number } | undefined {
  return typeof latitude === "number" &&
    typeof longitude === "number" &&
    Math.abs(latitude) <= 90 &&
    Math.abs(longitude) <= 180
    ? { latitude, longitude }
    : undefined;
}

/** As Foursquare writes it; empty without a street, for then it names the town only. */
function addressOf({ location }: Place): string {
  const street = oneLine(location?.address);
  if (street === "") return "";
  const town = [location?.postcode, location?.locality].map(oneLine).filter(Boolean).join(" ");
  return oneLine(location?.formatted_address) || [street, town].filter(Boolean).join(", ");
}
