import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { TimeWindowSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { instantMs, midnightMs, nextDay, toCivil, tripDays } from "../civil-days.ts";
import { named, optionalText, priceOf, sources, text, toListing } from "./places.ts";
import { distinctListings, toTag, type ListingInit } from "../language-model/listings.ts";
import { createSubject, type CitedItem, type Reading } from "./subject.ts";
import { nameOf } from "../language-model/text.ts";

const eventSchema = z.strictObject({
  ...named,
  category: optionalText.describe("one word in English, for example concert, festival, exhibition"),
  first_day: text.describe("YYYY-MM-DD"),
  last_day: optionalText.describe("YYYY-MM-DD, the first day again for one day; null if not known"),
  start_time: optionalText.describe("HH:MM on a 24-hour clock at the destination"),
  venue: optionalText.describe("name of the venue"),
  price: optionalText.describe("ticket price as a search result states it"),
  tickets: optionalText.describe("page to buy tickets on, if that is among the search results"),
  sources,
});

type EventItem = z.infer<typeof eventSchema>;

export const EVENTS = createSubject({
  name: "events",
  task: "Events that happen in the destination of this request between its first_day and its last_day, both included: concerts, festivals, exhibitions, sport, theatre, markets. Only those whose dates a search result states for that year.",
  maxItemCount: 4,
  recent: true,
  dependsOn: [QueryAspect.LANGUAGE, QueryAspect.DATES, QueryAspect.MAX_LISTING_COUNT],
  told: (query) => {
    const days = tripDays(query);
    return { first_day: days[0], last_day: days.at(-1) };
  },
  item: eventSchema,
  toFound: (items, reading) => ({
    listings: distinctListings(
      items.map((cited) => toEvent(cited, reading)),
      reading.query.maxListingCount,
    ),
  }),
});

/** Undefined for what does not happen on a day of the trip, or on no day that there is. */
function toEvent(cited: CitedItem<EventItem>, reading: Reading): ListingInit | undefined {
  const { item } = cited;
  const window = windowOf(item, reading);
  if (window === undefined) return undefined;
  const price = priceOf(item.price, reading);
  return toListing(cited, reading, {
    case: "event",
    value: {
      category: toTag(item.category),
      window,
      venue: nameOf(item.venue ?? "", ""),
      ...(price && { price }),
      ticketUri: reading.pages.vouchedUri(item.tickets),
    },
  });
}

function windowOf(
  { first_day: first, last_day: lastDay, start_time: startTime }: EventItem,
  { query }: Reading,
): MessageInitShape<typeof TimeWindowSchema> | undefined {
  const { timeZone } = query.destination;
  const days = tripDays(query);
  const [start = "", end = ""] = [days[0], days.at(-1)];
  // An end before the start is a slip: then the end is not known.
  const last = lastDay !== null && isDay(lastDay) && lastDay >= first ? lastDay : undefined;
  if (!isDay(first) || first > end || (last ?? first) < start) return undefined;
  if (startTime !== null && /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(startTime) && (last ?? first) === first)
    return { startTime: timestampFromMs(instantMs(first, `${startTime}:00`, timeZone)), allDay: false };
  return {
    startTime: timestampFromMs(midnightMs(first, timeZone)),
    ...(last !== undefined && { endTime: timestampFromMs(midnightMs(nextDay(last), timeZone)) }),
    allDay: true,
  };
}

/** Whether a text is a `YYYY-MM-DD` that the calendar has. */
function isDay(written: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(written)) return false;
  const { year, month, day } = toCivil(written);
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
