import { clone } from "@bufbuild/protobuf";
import {
  DailyForecastSchema,
  ListingSchema,
  type Citation,
  type DailyForecast,
  type Listing,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { isSameListing } from "./dedupe.ts";

/**
 * Unites the listings of several providers, most preferred first. Equal ones become one that keeps every citation and
 * id; what the first lacks the next one fills in. A listing that carries a provider's id comes from map data, which
 * has authority over position, address and opening hours.
 */
export function mergeListings(lists: readonly (readonly Listing[])[]): Listing[] {
  const merged: Listing[] = [];
  for (const listing of lists.flat()) {
    const known = merged.find((other) => isSameListing(other, listing));
    if (known === undefined) merged.push(clone(ListingSchema, listing));
    else join(known, listing);
  }
  return uniqueKeys(merged);
}

function join(into: Listing, from: Listing): void {
  const fromMap = from.providerIds.length > 0 && into.providerIds.length === 0;
  if (from.location !== undefined && (fromMap || into.location === undefined)) into.location = from.location;
  if (from.address !== "" && (fromMap || into.address === "")) into.address = from.address;
  if (from.openingHours !== "" && (fromMap || into.openingHours === ""))
    into.openingHours = from.openingHours;
  if (into.summary === "" && from.summary !== "") {
    into.summary = from.summary;
    into.languageCode = from.languageCode;
  }
  into.phone ||= from.phone;
  into.websiteUri ||= from.websiteUri;
  into.wikidataId ||= from.wikidataId;
  into.accessibilityTags = [...new Set([...into.accessibilityTags, ...from.accessibilityTags])];
  into.providerIds = [
    ...into.providerIds,
    ...from.providerIds.filter(({ id }) => !into.providerIds.some((own) => own.id === id)),
  ];
  into.citations = mergeCitations(into.citations, from.citations);
  if (into.details.case === "restaurant" && from.details.case === "restaurant") {
    const [own, other] = [into.details.value, from.details.value];
    own.cuisines = [...new Set([...own.cuisines, ...other.cuisines])];
    own.dietaryTags = [...new Set([...own.dietaryTags, ...other.dietaryTags])];
    own.priceLevel ||= other.priceLevel;
    own.reservationUri ||= other.reservationUri;
  }
  if (into.details.case === "attraction" && from.details.case === "attraction") {
    into.details.value.category ||= from.details.value.category;
    into.details.value.fee ??= from.details.value.fee;
  }
}

const mergeCitations = (own: readonly Citation[], other: readonly Citation[]): Citation[] => [
  ...own,
  ...other.filter(
    (citation) =>
      !own.some(
        ({ provider, uri, title }) =>
          provider === citation.provider && uri === citation.uri && title === citation.title,
      ),
  ),
];

/** Two places can share a title and lack a position; a number tells their keys apart. */
function uniqueKeys(listings: Listing[]): Listing[] {
  const seen = new Map<string, number>();
  for (const listing of listings) {
    const count = (seen.get(listing.key) ?? 0) + 1;
    seen.set(listing.key, count);
    if (count > 1) listing.key = `${listing.key}-${count}`;
  }
  return listings;
}

const dayOf = ({ date }: DailyForecast): string =>
  `${date?.year}-${String(date?.month).padStart(2, "0")}-${String(date?.day).padStart(2, "0")}`;

/** One forecast a day: the most preferred provider's numbers, and what it lacks from the next, with both citations. */
export function mergeForecasts(lists: readonly (readonly DailyForecast[])[]): DailyForecast[] {
  const days = new Map<string, DailyForecast>();
  for (const forecast of lists.flat()) {
    const known = days.get(dayOf(forecast));
    // A forecast and a typical day are different kinds of number and are not mixed; the forecast wins.
    if (known === undefined || known.basis > forecast.basis) {
      days.set(dayOf(forecast), clone(DailyForecastSchema, forecast));
    } else if (known.basis === forecast.basis) {
      let used = false;
      const fill = <T>(own: T | undefined, other: T | undefined): T | undefined => {
        if (own === undefined && other !== undefined) used = true;
        return own ?? other;
      };
      known.precipitationMm = fill(known.precipitationMm, forecast.precipitationMm);
      known.precipitationProbability = fill(
        known.precipitationProbability,
        forecast.precipitationProbability,
      );
      known.maxWindSpeedMps = fill(known.maxWindSpeedMps, forecast.maxWindSpeedMps);
      known.maxUvIndex = fill(known.maxUvIndex, forecast.maxUvIndex);
      known.meanRelativeHumidity = fill(known.meanRelativeHumidity, forecast.meanRelativeHumidity);
      if (used) known.citations = mergeCitations(known.citations, forecast.citations);
    }
  }
  return [...days].sort(([a], [b]) => a.localeCompare(b)).map(([, forecast]) => forecast);
}
