const DAY_MS = 86_400_000;

export interface CivilDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** What a zone adds to UTC at an instant, milliseconds. */
export function zoneOffsetMs(epochMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(epochMs);
  const read = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value);
  return (
    Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"), read("second")) -
    Math.floor(epochMs / 1000) * 1000
  );
}

/** The instant of a civil time, given as minutes after midnight, in a zone; milliseconds since the epoch. */
export function instantMs(day: CivilDay, minutes: number, timeZone: string): number {
  const localMs = Date.UTC(day.year, day.month - 1, day.day) + minutes * 60_000;
  const guessMs = localMs - zoneOffsetMs(localMs, timeZone);
  return localMs - zoneOffsetMs(guessMs, timeZone);
}

export function addDays(day: CivilDay, count: number): CivilDay {
  const date = new Date(Date.UTC(day.year, day.month - 1, day.day) + count * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** 0 for Monday to 6 for Sunday. */
export const weekdayOf = (day: CivilDay): number =>
  (new Date(Date.UTC(day.year, day.month - 1, day.day)).getUTCDay() + 6) % 7;

export const sameDay = (a: CivilDay, b: CivilDay): boolean =>
  a.year === b.year && a.month === b.month && a.day === b.day;
