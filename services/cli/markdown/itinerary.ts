import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Guide, ItineraryDay } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Listing } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { isSameDay, longDay, shortDay, type LocalClock } from "./days.ts";
import { escapeMarkdown } from "./escape.ts";
import { kindInWords } from "./listings.ts";
import { weatherInWords } from "./weather.ts";

/** The days one by one; nothing when no day has a stop, because a plan without stops is none. */
export function renderItinerary({ itineraryDays, sections }: Guide, clock: LocalClock): string {
  if (itineraryDays.every(({ stops }) => stops.length === 0)) return "";
  const listings = new Map(
    sections
      .flatMap((section) => section.listings.map((listing) => [listing.key, listing] as const))
      .toReversed(),
  );
  const holidays = sections.flatMap((section) =>
    section.listings.flatMap((listing) => holidayOf(listing, clock)),
  );
  const forecasts = sections.flatMap((section) => section.forecasts);
  const days = itineraryDays.map((day) => {
    const weather = weatherInWords(forecasts.find(({ date }) => isSameDay(date, day.date)));
    const walkM = day.stops.reduce((sum, { distanceM }) => sum + distanceM, 0);
    const heading = [
      longDay(day.date),
      ...holidays.filter(({ on }) => on === shortDay(day.date)).map(({ title }) => escapeMarkdown(title)),
      weather,
      walkM > 0 ? `${lengthInWords(walkM)} between stops` : "",
    ];
    return [
      `### ${heading.filter((part) => part !== "").join(" · ")}`,
      day.stops.length > 0
        ? renderStops(day, listings, clock)
        : "No stop: nothing of the guide is left, or open, on this day.",
    ].join("\n\n");
  });
  return ["## Day by day", "*Distances are straight lines.*", ...days].join("\n\n");
}

/** A public holiday, which changes what is open, and its day. */
function holidayOf({ title, details }: Listing, clock: LocalClock): readonly { title: string; on: string }[] {
  if (details.case !== "event" || details.value.category !== "public-holiday") return [];
  const startTime = details.value.window?.startTime;
  return startTime === undefined ? [] : [{ title, on: clock.day(timestampMs(startTime)) }];
}

const renderStops = (
  { stops }: ItineraryDay,
  listings: ReadonlyMap<string, Listing>,
  clock: LocalClock,
): string =>
  stops
    .map(({ listingKey, window, distanceM }) => {
      const listing = listings.get(listingKey);
      const time = [window?.startTime, window?.endTime]
        .flatMap((instant) => (instant ? [clock.time(timestampMs(instant))] : []))
        .join("–");
      // An event's date is the day that it stands under.
      const kind =
        listing === undefined || listing.details.case === "event"
          ? []
          : kindInWords(listing, clock).slice(0, 2);
      return [
        `- ${time} **${escapeMarkdown(listing?.title ?? listingKey)}**`,
        kind.length > 0 ? ` (${kind.map(escapeMarkdown).join(", ")})` : "",
        distanceM > 0 ? `, ${lengthInWords(distanceM)} on` : "",
      ].join("");
    })
    .join("\n");

const lengthInWords = (metres: number): string =>
  metres >= 1_000 ? `${(metres / 1_000).toFixed(1)} km` : `${Math.round(metres)} m`;
