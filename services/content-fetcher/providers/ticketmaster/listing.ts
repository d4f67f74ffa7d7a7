import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ListingSchema, PriceSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listingKey, slug } from "../listing-key.ts";
import { oneLine, plainText, webUriOf } from "../plain-text.ts";
import { cutAtSentence } from "../sentences.ts";
import type { Classification, Event, PriceRange } from "./schema.ts";
import { addressOf, locationOf } from "./venue.ts";
import { isDay, timeOf, toWindow } from "./window.ts";

export type ListingInit = MessageInitShape<typeof ListingSchema>;
type PriceInit = MessageInitShape<typeof PriceSchema>;

const PROVIDER = "providers/ticketmaster";
/** Page of the provider, for the rare event that has none. */
const HOME_URI = "https://www.ticketmaster.com/";
/** Limit of `Listing.summary`, characters. */
const MAX_SUMMARY_LENGTH = 600;
/** What does not take place as stated. A rescheduled event does: its date is the new one. */
const OFF_STATUSES = new Set(["cancelled", "canceled", "postponed"]);
/** Placeholders that stand where a name is missing. */
const NO_NAMES = new Set(["", "undefined", "other", "miscellaneous"]);
/** Of these the segment says what one goes to, and the genre only which music or film. Its id is the same in all languages. */
const SEGMENT_CATEGORIES: ReadonlyMap<string, string> = new Map([
  ["music", "concert"],
  ["KZFzniwnSyZfZ7v7nJ", "concert"],
  ["film", "film"],
  ["KZFzniwnSyZfZ7v7nn", "film"],
]);

/** Of which the names of genres are in English too, whatever the event's own language is. */
const ENGLISH_SEGMENTS = new Set(["music", "sports", "arts & theatre", "film", "miscellaneous"]);

/** Where and when events are wanted. */
export interface Visit {
  /** Midnights at the destination that begin the first day and end the last one, milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  /** Of the destination. */
  readonly timeZone: string;
}

/** An event as the API has it, and what tells it from others. */
export interface Happening {
  /** Equal for the same show at the same venue on the same day: Ticketmaster sells some in several packages. */
  readonly key: string;
  /** Equal for a show's repeats at the same venue. */
  readonly show: string;
  readonly listing: ListingInit;
}

/** Undefined for what does not take place during the visit, or is no event for the public. */
export function toHappening(event: Event, visit: Visit, fetchTime: Timestamp): Happening | undefined {
  const title = nameOf(event.name);
  const { dates } = event;
  const status = dates?.status?.code?.toLowerCase() ?? "";
  if (title === "" || !dates || event.test === true || OFF_STATUSES.has(status)) return undefined;
  const venue = event._embedded?.venues?.[0] ?? event.place ?? undefined;
  const time = timeOf(dates, venue?.timezone, visit.timeZone);
  if (time === undefined) return undefined;
  if (time.startMs >= visit.endMs || (time.endMs ?? time.startMs + 1) <= visit.startMs) return undefined;
  const location = locationOf(venue);
  const place = nameOf(venue?.name);
  const url = pageOf(event);
  const classification = primaryOf(event.classifications ?? []);
  const price = priceOf(event.priceRanges ?? []);
  const originalDay = status === "rescheduled" ? dates.initialStartDate?.localDate : undefined;
  const key = `${listingKey({ title, location })}-${time.day}`;
  const show = `${slug(title)}|${slug(place)}`;
  return {
    key: `${show}|${time.day}`,
    show,
    listing: {
      key,
      title,
      ...summaryOf(event, classification, isDay(originalDay) ? originalDay : undefined),
      ...(location && { location }),
      address: addressOf(venue),
      providerIds: [{ provider: PROVIDER, id: event.id }],
      citations: [{ provider: PROVIDER, uri: url || HOME_URI, title: `Ticketmaster: ${title}`, fetchTime }],
      details: {
        case: "event",
        value: {
          category: categoryOf(classification),
          window: toWindow(time),
          venue: place,
          ...(price && { price }),
          ticketUri: url,
        },
      },
    },
  };
}

const primaryOf = (classifications: readonly Classification[]): Classification =>
  classifications.find(({ primary }) => primary === true) ?? classifications[0] ?? {};

/** Its own page; resold tickets have theirs among the outlets only. */
const pageOf = ({ url, outlets }: Event): string =>
  webUriOf(url) || webUriOf(outlets?.find(({ type }) => type === "tmMarketPlace")?.url);

const kindName = (kind: Classification["genre"]): string => {
  const name = oneLine(kind?.name);
  return NO_NAMES.has(name.toLowerCase()) ? "" : name;
};

function categoryOf({ segment, genre }: Classification): string {
  const name = kindName(segment);
  const known = SEGMENT_CATEGORIES.get(name.toLowerCase()) ?? SEGMENT_CATEGORIES.get(segment?.id ?? "");
  return known ?? slug((kindName(genre) || name).replaceAll("&", " and "));
}

/** What Ticketmaster writes about the event, or else how it classifies it. */
function summaryOf(
  event: Event,
  classification: Classification,
  originalDay: string | undefined,
): { readonly summary: string; readonly languageCode: string } {
  const written = plainText(event.description) || plainText(event.info);
  const text = written || classText(classification);
  const languageCode = written === "" ? classLanguage(classification) : languageOf(event.locale);
  const moved = originalDay !== undefined && (text === "" || languageCode === "en");
  const summary = moved ? `Rescheduled from ${originalDay}. ${text}`.trim() : text;
  return {
    summary: cutAtSentence(summary, MAX_SUMMARY_LENGTH),
    languageCode: summary === "" ? "" : text === "" ? "en" : languageCode,
  };
}

/** For example `Music: Rock, Alternative Rock.` */
function classText({ segment, genre, subGenre }: Classification): string {
  const kinds = [...new Set([genre, subGenre].map(kindName).filter(Boolean))].join(", ");
  const text = [kindName(segment), kinds].filter(Boolean).join(": ");
  return text === "" ? "" : `${text}.`;
}

const classLanguage = ({ segment }: Classification): string =>
  ENGLISH_SEGMENTS.has(oneLine(segment?.name).toLowerCase()) ? "en" : UNDETERMINED;

/** `pt` of `pt-br`. */
const languageOf = (locale: string | null | undefined): string =>
  /^[a-z]{2,3}(?=[-_]|$)/i.exec(locale ?? "")?.[0].toLowerCase() ?? UNDETERMINED;

/** BCP-47 for text whose language is not stated. */
const UNDETERMINED = "und";

/** Standard tickets, if need be with their fees, or else whatever has a price. */
function priceOf(ranges: readonly PriceRange[]): PriceInit | undefined {
  const plain = ranges.filter(({ type }) => type === "standard");
  const standard = ranges.filter(({ type }) => type?.startsWith("standard") === true);
  for (const { currency, min, max } of [...plain, ...standard, ...ranges]) {
    const low = min ?? max;
    const high = max ?? min;
    if (typeof low !== "number" || typeof high !== "number" || !(low >= 0 && high >= low)) continue;
    if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) continue;
    const amounts = low === high ? toText(low) : `${toText(low)}–${toText(high)}`;
    return {
      text: `${amounts} ${currency}`,
      minAmount: toMoney(low, currency),
      maxAmount: toMoney(high, currency),
    };
  }
  return undefined;
}

const toText = (amount: number): string => (Number.isInteger(amount) ? String(amount) : amount.toFixed(2));

function toMoney(amount: number, currencyCode: string): NonNullable<PriceInit["minAmount"]> {
  const cents = Math.round(amount * 100);
  return {
    currencyCode,
    units: BigInt(Math.floor(cents / 100)),
    nanos: (cents % 100) * 10_000_000,
  };
}

const nameOf = (text: string | null | undefined): string => {
  const name = plainText(text);
  return name.toLowerCase() === "undefined" ? "" : name;
};
