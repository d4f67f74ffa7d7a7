import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Listing, TimeWindow } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { LocalClock } from "./days.ts";
import { escapeLine, escapeMarkdown, link, oneLine, safeUri } from "./escape.ts";
import type { CitedPages } from "./cited-pages.ts";

const PRICE_LEVELS = ["", "cheap", "moderate", "expensive", "very expensive"] as const;

/** Kebab-case as words. */
const words = (tag: string): string => tag.replaceAll("-", " ");

/** What a listing is, in a few words: its kind, its cuisine, its date. */
export function kindInWords({ details }: Listing, clock: LocalClock): readonly string[] {
  switch (details.case) {
    case "restaurant": {
      const { cuisines, dietaryTags, priceLevel } = details.value;
      const all = [...cuisines, ...dietaryTags, PRICE_LEVELS[priceLevel] ?? ""];
      return [...new Set(all)].map(words).filter((word) => word !== "");
    }
    case "event": {
      const { window, category, venue } = details.value;
      return [window ? windowInWords(window, clock) : "", words(category), venue].filter(
        (word) => word !== "",
      );
    }
    case "attraction":
    case "experience":
      // That an attraction is one says the heading.
      return [words(details.value.category)].filter((word) => word !== "" && word !== details.case);
    case "neighborhood":
      return details.value.highlights;
    case undefined:
      return [];
  }
}

/** `Tue 1 Dec`, `Tue 1 Dec 19:30 to 22:00`, `Tue 1 Dec to Sun 6 Dec`. */
function windowInWords({ startTime, endTime, allDay }: TimeWindow, clock: LocalClock): string {
  if (startTime === undefined) return "";
  const startMs = timestampMs(startTime);
  // The end is the first instant after it: midnight of the next day for whole days.
  const endMs = endTime === undefined ? undefined : timestampMs(endTime) - (allDay ? 1 : 0);
  const [first, last] = [clock.day(startMs), endMs === undefined ? undefined : clock.day(endMs)];
  if (allDay) return last === undefined || last === first ? first : `${first} to ${last}`;
  const start = `${first} ${clock.time(startMs)}`;
  if (endMs === undefined) return start;
  return last === first ? `${start} to ${clock.time(endMs)}` : `${start} to ${last} ${clock.time(endMs)}`;
}

/** A word for each page that a listing states as its own; the page that is good for two things has the more telling one. */
function pagesOf({ details, websiteUri }: Listing): ReadonlyMap<string, string> {
  const pages: (readonly [string, string])[] = [["website", websiteUri]];
  if (details.case === "restaurant") pages.push(["reservation", details.value.reservationUri]);
  if (details.case === "event") pages.push(["tickets", details.value.ticketUri]);
  if (details.case === "experience") pages.push(["booking", details.value.bookingUri]);
  return new Map(
    pages.flatMap(([word, uri]) => {
      const page = safeUri(uri);
      return page === undefined ? [] : [[page, word] as const];
    }),
  );
}

function priceOf({ details }: Listing): string {
  if (details.case === "attraction") return details.value.fee?.text ?? "";
  return details.case === "event" || details.case === "experience" ? (details.value.price?.text ?? "") : "";
}

const dishesOf = ({ details }: Listing): string =>
  details.case === "restaurant" && details.value.signatureDishes.length > 0
    ? `known for ${details.value.signatureDishes.join(", ")}`
    : "";

const bestTimeOf = ({ details }: Listing): string =>
  details.case === "attraction" && details.value.bestTime !== "" ? `best: ${details.value.bestTime}` : "";

/** What others say otherwise; whoever is warned can look it up. */
const alternativesOf = ({ alternatives }: Listing): readonly string[] =>
  alternatives.flatMap(({ provider, location, openingHours }) => {
    const name = provider.slice("providers/".length);
    return [
      ...(openingHours === "" ? [] : [`${name} has hours: ${openingHours}`]),
      ...(location === undefined
        ? []
        : [`${name} has it at ${location.latitude.toFixed(4)}, ${location.longitude.toFixed(4)}`]),
    ];
  });

/** Listings as a list: what it is and why on the first line, how to find it on the second. Events stand in the order of their dates. */
export const renderListings = (listings: readonly Listing[], pages: CitedPages, clock: LocalClock): string =>
  [...listings]
    .sort(compareStarts)
    .map((listing) => renderListing(listing, pages, clock))
    .join("\n");

/** Whole days first of what begins at one instant; what has no date keeps its place. */
function compareStarts({ details: a }: Listing, { details: b }: Listing): number {
  const [left, right] = [a, b].map((details) =>
    details.case === "event" ? details.value.window : undefined,
  );
  if (left?.startTime === undefined || right?.startTime === undefined) return 0;
  return (
    timestampMs(left.startTime) - timestampMs(right.startTime) || Number(right.allDay) - Number(left.allDay)
  );
}

function renderListing(listing: Listing, pages: CitedPages, clock: LocalClock): string {
  const kind = kindInWords(listing, clock);
  const rating =
    listing.ratingScore === undefined
      ? ""
      : `rated ${Math.round(listing.ratingScore * 100)} % by ${listing.ratingCount}`;
  const first = [
    `- **${escapeMarkdown(listing.title)}**`,
    kind.length > 0 ? ` (${kind.map(escapeMarkdown).join(", ")})` : "",
    listing.summary === "" ? "" : `: ${escapeMarkdown(listing.summary)}`,
    ` ${pages.numbers(listing.citations)}`,
  ]
    .join("")
    .trimEnd();
  const found = [
    listing.address,
    listing.openingHours,
    priceOf(listing),
    dishesOf(listing),
    bestTimeOf(listing),
    rating,
    listing.phone,
    ...listing.accessibilityTags.map(words),
    ...alternativesOf(listing),
  ]
    .filter((part) => oneLine(part) !== "")
    .map((part, index) => (index === 0 ? escapeLine(part) : escapeMarkdown(part)));
  const own = pagesOf(listing);
  const links = [
    ...own.entries().map(([uri, word]) => link(word, uri)),
    ...pages.links(listing.citations, new Set(own.keys())),
  ];
  if (found.length === 0) return [first, ...links].join(" · ");
  // Two spaces at the end of a line break it.
  return `${first}  \n  ${[...found, ...links].join(" · ")}`;
}
