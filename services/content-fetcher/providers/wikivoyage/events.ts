import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ResolvedQuery } from "../../provider.ts";
import { midnightMs, tripDays } from "../civil-days.ts";
import type { Article } from "./article.ts";
import { listingsOf, type RawListing } from "./listings.ts";
import { toPrice } from "../price.ts";
import { toListing, type ListingInit } from "./to-listing.ts";
import { plainText } from "./wikitext/runs.ts";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH_NAMES =
  /^(?:january|february|march|april|may|june|july|august|september|october|november|december)$/;
const DAY_MS = 86_400_000;

/** Days of an event, `YYYY-MM-DD`. */
interface Days {
  readonly first: string;
  /** Undefined when the article does not say. */
  readonly last: string | undefined;
}

/** Events of the article that fall on days of the trip. Those without dates, or with dates in words, are left out. */
export function eventsOf(article: Article, query: ResolvedQuery): ListingInit[] {
  const days = tripDays(query);
  const { timeZone, countryCode } = query.destination;
  return listingsOf(article)
    .filter(({ type }) => type === "event")
    .flatMap((raw) => {
      const when = occurrence(raw, days);
      if (when === undefined) return [];
      const window = {
        startTime: timestampFromMs(midnightMs(when.first, timeZone)),
        ...(when.last !== undefined && {
          endTime: timestampFromMs(midnightMs(dayAfter(when.last), timeZone)),
        }),
        allDay: true,
      };
      const price = raw.price === "" ? {} : { price: toPrice(raw.price, countryCode) };
      return [toListing(raw, article, { case: "event", value: { window, ...price } })];
    });
}

/** The event's days that overlap the trip. */
export function occurrence(raw: Pick<RawListing, "template">, trip: readonly string[]): Days | undefined {
  const [start = "", end = ""] = [trip[0], trip.at(-1)];
  const firstYear = Number(start.slice(0, 4));
  // A year before: what begins in December can reach into January.
  const years = [firstYear - 1, firstYear, firstYear + 1];
  return years
    .flatMap((year) => datesIn(raw, year) ?? [])
    .find(({ first, last = first }) => first <= end && last >= start);
}

/** Days of the event when it begins in a year; undefined when it does not, or the article does not say. */
function datesIn({ template }: Pick<RawListing, "template">, year: number): Days | undefined {
  const text = (key: string): string => plainText(template.parameters.get(key) ?? []);
  const compact = toIsoDay(text("yymmdd"));
  if (compact !== undefined) {
    if (!compact.startsWith(`${year}-`)) return undefined;
    const endText = text("endyymmdd");
    return toDays(compact, endText === "" ? compact : toIsoDay(endText));
  }
  const stated = text("year").toLowerCase();
  const annual = /^(?:annual|annually|yearly|every year)$/.test(stated);
  if (!annual && stated !== String(year)) return undefined;
  const month = toMonth(text("month"));
  const [firstDay, lastOfRange] = toDayRange(text("date"));
  if (month === undefined || firstDay === undefined) return undefined;
  const first = isoDay(year, month, firstDay);
  if (first === undefined) return undefined;
  const endMonthText = text("endmonth");
  const endDateText = text("enddate");
  if (endMonthText === "" && endDateText === "") {
    return toDays(first, lastOfRange === undefined ? first : isoDay(year, month, lastOfRange));
  }
  const endMonth = endMonthText === "" ? month : toMonth(endMonthText);
  const [endDay, endOfRange] = toDayRange(endDateText);
  if (endMonth === undefined || endDay === undefined) return { first, last: undefined };
  const endYearText = text("endyear");
  const passesNewYear = endMonth < month;
  const endYear =
    /^\d{4}$/.test(endYearText) && !annual ? Number(endYearText) : year + (passesNewYear ? 1 : 0);
  return toDays(first, isoDay(endYear, endMonth, endOfRange ?? endDay));
}

/** An end before the start is a slip: then the end is not known. */
const toDays = (first: string, last: string | undefined): Days => ({
  first,
  last: last !== undefined && last >= first ? last : undefined,
});

/** `December`, `Dec`, `12`. */
function toMonth(text: string): number | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  if (/^\d{1,2}$/.test(name)) return Number(name) >= 1 && Number(name) <= 12 ? Number(name) : undefined;
  const index = MONTHS.indexOf(name.slice(0, 3));
  return index !== -1 && (name.length === 3 || name === "sept" || MONTH_NAMES.test(name))
    ? index + 1
    : undefined;
}

/** `31`, `4th`, `5-7`; first and, for a range, last day. */
function toDayRange(text: string): [number | undefined, number | undefined] {
  const match = /^(\d{1,2})(?:st|nd|rd|th)?(?:\s*[-–—]\s*(\d{1,2})(?:st|nd|rd|th)?)?$/i.exec(text);
  return match === null
    ? [undefined, undefined]
    : [Number(match[1]), match[2] === undefined ? undefined : Number(match[2])];
}

/** `2026-07-04`, `20260704`, `260704`. */
function toIsoDay(text: string): string | undefined {
  const match = /^(\d{4}|\d{2})-?(\d{2})-?(\d{2})$/.exec(text);
  const [, year = "", month, day] = match ?? [];
  if (match === null) return undefined;
  return isoDay(Number(year.length === 2 ? `20${year}` : year), Number(month), Number(day));
}

/** Undefined when there is no such day, such as 29 February in most years. */
function isoDay(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.toISOString().slice(0, 10) : undefined;
}

const dayAfter = (day: string): string => new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
