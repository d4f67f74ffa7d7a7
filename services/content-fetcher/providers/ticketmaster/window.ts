import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { TimeWindowSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { instantMs, isoDayAt, midnightMs, nextDay, zoneOffsetMs } from "../civil-days.ts";
import type { EventDates, Moment } from "./schema.ts";

/** When an event happens, milliseconds since the epoch; half-open. */
export interface EventTime {
  readonly startMs: number;
  /** Undefined when Ticketmaster does not say. */
  readonly endMs: number | undefined;
  /** Only days are known; both ends are midnights at the destination. */
  readonly allDay: boolean;
  /** `YYYY-MM-DD` that it begins on, where it happens. */
  readonly day: string;
}

/**
 * Undefined while its day is not settled: a date beside such a flag is a placeholder.
 *
 * @param venueTimeZone of the venue, where it is stated; many events state none themselves
 * @param timeZone of the destination
 */
export function timeOf(
  dates: EventDates,
  venueTimeZone: string | null | undefined,
  timeZone: string,
): EventTime | undefined {
  const { start, end } = dates;
  if (!start || start.dateTBA === true || start.dateTBD === true) return undefined;
  const zone = [dates.timezone, venueTimeZone].find(isTimeZone) ?? timeZone;
  const startMs = instantOf(start, zone);
  if (startMs !== undefined) {
    const day = isDay(start.localDate) ? start.localDate : isoDayAt(startMs, zone);
    const endMs = endOf(end, day, zone);
    return { startMs, endMs: after(startMs, endMs), allDay: false, day };
  }
  const day = start.localDate;
  if (!isDay(day)) return undefined;
  const firstMs = midnightMs(day, timeZone);
  const lastDay = lastDayOf(dates, day, zone);
  const endMs = lastDay === undefined ? undefined : midnightMs(nextDay(lastDay), timeZone);
  return { startMs: firstMs, endMs: after(firstMs, endMs), allDay: true, day };
}

export const toWindow = ({
  startMs,
  endMs,
  allDay,
}: EventTime): MessageInitShape<typeof TimeWindowSchema> => ({
  startTime: timestampFromMs(startMs),
  ...(endMs !== undefined && { endTime: timestampFromMs(endMs) }),
  allDay,
});

/** The instant, when the time of day is known and not only a placeholder. */
function instantOf(moment: Moment, timeZone: string): number | undefined {
  const { dateTime, localDate, localTime, timeTBA, noSpecificTime } = moment;
  if (timeTBA === true || noSpecificTime === true) return undefined;
  const ms = Date.parse(dateTime ?? "");
  if (!Number.isNaN(ms)) return ms;
  return isDay(localDate) && isTime(localTime) ? instantMs(localDate, localTime, timeZone) : undefined;
}

/** End of an event that begins at a known time. Of an end without a time only a later day says something. */
function endOf(end: Moment | null | undefined, firstDay: string, timeZone: string): number | undefined {
  if (!end || end.approximate === true) return undefined;
  const ms = instantOf(end, timeZone);
  if (ms !== undefined) return ms;
  return isDay(end.localDate) && end.localDate > firstDay
    ? midnightMs(nextDay(end.localDate), timeZone)
    : undefined;
}

/** Last day of an event of which only days are known; undefined when that is not known. */
function lastDayOf({ end, spanMultipleDays }: EventDates, day: string, timeZone: string): string | undefined {
  if (!end) return spanMultipleDays === true ? undefined : day;
  if (end.approximate === true) return undefined;
  if (isDay(end.localDate)) return end.localDate;
  const ms = instantOf(end, timeZone);
  return ms === undefined ? undefined : isoDayAt(ms, timeZone);
}

/** An end before the start is a slip: then the end is not known. */
const after = (startMs: number, endMs: number | undefined): number | undefined =>
  endMs !== undefined && endMs > startMs ? endMs : undefined;

export const isDay = (text: string | null | undefined): text is string =>
  typeof text === "string" && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

const isTime = (text: string | null | undefined): text is string =>
  typeof text === "string" && /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(text);

function isTimeZone(name: string | null | undefined): name is string {
  if (typeof name !== "string" || name === "") return false;
  try {
    zoneOffsetMs(0, name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
