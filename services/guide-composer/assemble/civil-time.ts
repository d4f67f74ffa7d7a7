const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

export interface CivilDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** Days since 1970-01-01; orders civil days and counts between them. */
export const toDayNumber = ({ year, month, day }: CivilDay): number =>
  Date.UTC(year, month - 1, day) / DAY_MS;

export function addDays(day: CivilDay, count: number): CivilDay {
  const date = new Date((toDayNumber(day) + count) * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** 0 for Monday to 6 for Sunday. 1970-01-01 was a Thursday. */
export const weekdayOf = (day: CivilDay): number => (((toDayNumber(day) + 3) % 7) + 7) % 7;

/** Reads the clocks of one time zone. */
export interface ZoneClock {
  /** The instant of a civil time, given as minutes after midnight, milliseconds since the epoch. */
  readonly toMs: (day: CivilDay, minutes: number) => number;
}

/** Formatters by time zone: making one takes longer than planning a day. There are some 600 names of zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timeZone, format);
  return format;
}

/** Zones' midnights fall on quarters of an hour, also where the offset is 5:45 hours: in a quarter a day never ends. */
const QUARTER_MS = 15 * MINUTE_MS;
const lastDays = new Map<string, { readonly quarter: number; readonly day: CivilDay }>();

/**
 * The civil day in a time zone at an instant, milliseconds since the epoch. The formatter is asked once in a quarter of
 * an hour, because it takes longer than all else that a call for a cached guide resolves.
 *
 * @param timeZone an IANA name
 */
export function civilDayAt(epochMs: number, timeZone: string): CivilDay {
  const quarter = Math.floor(epochMs / QUARTER_MS);
  const last = lastDays.get(timeZone);
  if (last?.quarter === quarter) return last.day;
  const parts = formatOf(timeZone).formatToParts(epochMs);
  const read = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value);
  const day = { year: read("year"), month: read("month"), day: read("day") };
  lastDays.set(timeZone, { quarter, day });
  return day;
}

/** @param timeZone an IANA name */
export function createZoneClock(timeZone: string): ZoneClock {
  const format = formatOf(timeZone);
  /** What the zone adds to UTC at an instant, milliseconds. */
  const offsetMs = (epochMs: number): number => {
    const parts = format.formatToParts(epochMs);
    const read = (type: Intl.DateTimeFormatPartTypes): number =>
      Number(parts.find((part) => part.type === type)?.value);
    return (
      Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"), read("second")) -
      Math.floor(epochMs / 1000) * 1000
    );
  };
  const atMidnight = new Map<number, number>();
  /** Offset near the start of a civil day: asked of the formatter once a day, because that is slow. */
  const midnightOffsetMs = (dayNumber: number): number => {
    const known = atMidnight.get(dayNumber);
    if (known !== undefined) return known;
    const localMs = dayNumber * DAY_MS;
    const guessMs = atMidnight.get(dayNumber - 1) ?? offsetMs(localMs);
    const offset = offsetMs(localMs - guessMs);
    atMidnight.set(dayNumber, offset);
    return offset;
  };
  return {
    toMs: (day, minutes) => {
      const localMs = toDayNumber(day) * DAY_MS + minutes * MINUTE_MS;
      const dayNumber = toDayNumber(day) + Math.floor(minutes / DAY_MINUTES);
      const before = midnightOffsetMs(dayNumber);
      // On all days but two a year the clocks stay as they are from midnight to midnight.
      if (before === midnightOffsetMs(dayNumber + 1)) return localMs - before;
      return localMs - offsetMs(localMs - offsetMs(localMs - before));
    },
  };
}
