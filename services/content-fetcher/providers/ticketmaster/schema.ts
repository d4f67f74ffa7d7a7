import { z } from "zod";
import { readableArray } from "../readable-array.ts";

const text = z.string().nullish();
const flag = z.boolean().nullish();
const amount = z.union([z.number(), z.string().trim().min(1).transform(Number)]).nullish();
/** Written as text in its own answers. */
const degrees = z.union([z.string(), z.number()]).nullish();
const named = z.object({ name: text }).nullish();
const classified = z.object({ id: text, name: text }).nullish();

const moment = z.object({
  /** `YYYY-MM-DD` and `HH:MM:SS` on the clock of the venue. */
  localDate: text,
  localTime: text,
  /** The same instant in UTC. */
  dateTime: text,
  dateTBD: flag,
  dateTBA: flag,
  timeTBA: flag,
  noSpecificTime: flag,
  approximate: flag,
});

const dates = z.object({
  start: moment.nullish(),
  end: moment.nullish(),
  initialStartDate: moment.nullish(),
  timezone: text,
  status: z.object({ code: text }).nullish(),
  spanMultipleDays: flag,
});

const venue = z.object({
  name: text,
  timezone: text,
  postalCode: text,
  city: named,
  state: z.object({ stateCode: text }).nullish(),
  country: z.object({ countryCode: text }).nullish(),
  address: z.object({ line1: text, line2: text }).nullish(),
  location: z.object({ latitude: degrees, longitude: degrees }).nullish(),
});

const event = z.object({
  id: z.string(),
  name: text,
  test: flag,
  url: text,
  locale: text,
  description: text,
  info: text,
  dates: dates.nullish(),
  classifications: z
    .array(z.object({ primary: flag, segment: classified, genre: named, subGenre: named }))
    .nullish(),
  priceRanges: z.array(z.object({ type: text, currency: text, min: amount, max: amount })).nullish(),
  /** Where it can be bought, its own page among them. */
  outlets: z.array(z.object({ url: text, type: text })).nullish(),
  _embedded: z.object({ venues: z.array(venue).nullish() }).nullish(),
  /** Of an event without a venue. */
  place: venue.nullish(),
});

/** A page of an events search. Without a hit it has no events; then its numbers say that it is one. */
export const eventsPage = z
  .object({
    _embedded: z.object({ events: readableArray(event).nullish() }).nullish(),
    page: z.object({ totalPages: z.number().int() }).nullish(),
  })
  .refine(({ _embedded: found, page }) => found?.events ?? page, { path: ["page"] });

export type Event = z.infer<typeof event>;
export type Venue = z.infer<typeof venue>;
export type EventDates = z.infer<typeof dates>;
export type Moment = z.infer<typeof moment>;
export type Classification = NonNullable<Event["classifications"]>[number];
export type PriceRange = NonNullable<Event["priceRanges"]>[number];
