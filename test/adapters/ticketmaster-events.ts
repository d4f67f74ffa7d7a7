import assert from "node:assert/strict";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { EventDetails, Listing } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";

/** A page of the events search in Ticketmaster's form. */
export const page = (events: readonly object[], totalPages = 1): string =>
  JSON.stringify({
    ...(events.length > 0 && { _embedded: { events } }),
    page: { size: 40, totalElements: events.length, totalPages, number: 0 },
  });

export const VENUE = {
  name: "Coliseu Exemplar",
  type: "venue",
  id: "Z198xZ",
  timezone: "Europe/Lisbon",
  postalCode: "1150-002",
  city: { name: " Lisboa" },
  country: { name: "Portugal", countryCode: "PT" },
  address: { line1: "Rua do Exemplo 9" },
  location: { longitude: "-9.14080000", latitude: "38.71740000" },
};

/** Constructed as the documentation describes: plays on the second day of the trip, in the evening. */
export const EVENT = {
  name: "Banda Exemplo",
  type: "event",
  id: "Z7r9jZ1A",
  test: false,
  url: "https://www.ticketmaster.pt/event/banda-exemplo/1",
  locale: "pt-pt",
  info: "Dois concertos &amp; uma noite.<br/>Portas 20h.",
  dates: {
    start: {
      localDate: "2026-12-02",
      localTime: "21:00:00",
      dateTime: "2026-12-02T21:00:00Z",
      dateTBD: false,
      dateTBA: false,
      timeTBA: false,
      noSpecificTime: false,
    },
    timezone: "Europe/Lisbon",
    status: { code: "onsale" },
    spanMultipleDays: false,
  },
  classifications: [
    { primary: false, segment: { name: "Film" } },
    { primary: true, segment: { name: "Music" }, genre: { name: "Rock" }, subGenre: { name: "Pop" } },
  ],
  priceRanges: [
    { type: "official platinum", currency: "EUR", min: 99, max: 200 },
    { type: "standard", currency: "EUR", min: 25, max: 60.5 },
  ],
  _embedded: { venues: [VENUE] },
};

export type Start = Readonly<Record<string, string | boolean>>;
/** At a time of its own. */
export const dated = (start: Start, more: object = {}): object => ({
  ...EVENT,
  dates: { start, timezone: "Europe/Lisbon", status: { code: "onsale" }, ...more },
});
/** In the evening of a day, with other fields changed. */
export const onDay = (localDate: string, change: object = {}): object => ({
  ...EVENT,
  dates: { start: { localDate, localTime: "20:00:00" }, status: { code: "onsale" } },
  ...change,
});

export const eventOf = ({ details }: Listing): EventDetails => {
  assert.ok(details.case === "event");
  return details.value;
};
/** Start, end and whether only days are known. */
export const windowOf = (listing: Listing | undefined): readonly [string, string | undefined, boolean] => {
  assert.ok(listing);
  const { window } = eventOf(listing);
  assert.ok(window?.startTime);
  const iso = (ms: number): string => new Date(ms).toISOString().replace(":00.000Z", "Z");
  return [
    iso(timestampMs(window.startTime)),
    window.endTime && iso(timestampMs(window.endTime)),
    window.allDay,
  ];
};
