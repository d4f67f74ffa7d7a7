import type { ResolvedQuery } from "../provider.ts";

const DAY_MS = 86_400_000;

/** `YYYY-MM-DD` of each day of a trip, first day first. */
export function tripDays(query: Pick<ResolvedQuery, "startDate" | "dayCount">): string[] {
  const { year, month, day } = query.startDate;
  const startMs = Date.UTC(year, month - 1, day);
  return Array.from({ length: query.dayCount }, (_, index) =>
    new Date(startMs + index * DAY_MS).toISOString().slice(0, 10),
  );
}

export interface CivilDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export function toCivil(isoDay: string): CivilDay {
  const [year = 0, month = 0, day = 0] = isoDay.split("-").map(Number);
  return { year, month, day };
}

/** `YYYY-MM-DD` at a place at an instant. */
export const isoDayAt = (epochMs: number, timeZone: string): string =>
  new Date(epochMs + zoneOffsetMs(epochMs, timeZone)).toISOString().slice(0, 10);

/** Whole days from one `YYYY-MM-DD` to another. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);

/** The day after a `YYYY-MM-DD`. */
export const nextDay = (isoDay: string): string =>
  new Date(Date.parse(`${isoDay}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);

/** The same day so many years later or, with a negative number, earlier; 29 February is the 28th where there is none. */
export function sameDayOf(isoDay: string, yearShift: number): string {
  const { year, month, day } = toCivil(isoDay);
  const shifted = year + yearShift;
  const exists = new Date(Date.UTC(shifted, month - 1, day)).getUTCMonth() === month - 1;
  return `${shifted}-${String(month).padStart(2, "0")}-${String(exists ? day : day - 1).padStart(2, "0")}`;
}

/** Midnight that begins a civil day in a time zone, milliseconds since the epoch. */
export const midnightMs = (isoDay: string, timeZone: string): number =>
  instantMs(isoDay, "00:00:00", timeZone);

/** When a clock in a time zone shows a day and a time (`HH:MM:SS`), milliseconds since the epoch. */
export function instantMs(isoDay: string, time: string, timeZone: string): number {
  const utcMs = Date.parse(`${isoDay}T${time}Z`);
  // Twice, because the offset at the first guess can be the one before a clock change.
  let ms = utcMs;
  for (let round = 0; round < 2; round += 1) ms = utcMs - zoneOffsetMs(ms, timeZone);
  return ms;
}

/** Making one takes longer than a hundred uses of it. A zone has few spellings, but callers choose them. */
const MAX_FORMAT_COUNT = 500;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  if (formats.size >= MAX_FORMAT_COUNT) formats.clear();
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timeZone, made);
  return made;
}

/** What a zone adds to UTC at an instant, milliseconds. */
export function zoneOffsetMs(epochMs: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(epochMs);
  const read = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value);
  const localMs = Date.UTC(
    read("year"),
    read("month") - 1,
    read("day"),
    read("hour"),
    read("minute"),
    read("second"),
  );
  return localMs - Math.floor(epochMs / 1000) * 1000;
}
