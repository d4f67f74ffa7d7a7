/** A civil day as the API has it. */
export interface CivilDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const utc = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
const SHORT = utc({ weekday: "short", day: "numeric", month: "short" });
const LONG = utc({ weekday: "long", day: "numeric", month: "long" });
const FULL = utc({ weekday: "short", day: "numeric", month: "long", year: "numeric" });

const epochMs = ({ year, month, day }: CivilDay): number => Date.UTC(year, month - 1, day);
const withoutComma = (text: string): string => text.replace(",", "");

/** `Tue 1 Dec`; empty when it is absent. */
export const shortDay = (day: CivilDay | undefined): string =>
  day === undefined ? "" : withoutComma(SHORT.format(epochMs(day)));

/** `Tuesday 1 December`; empty when it is absent. */
export const longDay = (day: CivilDay | undefined): string =>
  day === undefined ? "" : withoutComma(LONG.format(epochMs(day)));

/** `Tue 1 December 2026 to Fri 4 December 2026`, or the one day. */
export function dayRange(start: CivilDay, dayCount: number): string {
  const last = epochMs(start) + (dayCount - 1) * 86_400_000;
  const first = withoutComma(FULL.format(epochMs(start)));
  return dayCount <= 1 ? first : `${first} to ${withoutComma(FULL.format(last))}`;
}

/** Whether two days are the same; unknown ones never are. */
export const isSameDay = (a: CivilDay | undefined, b: CivilDay | undefined): boolean =>
  a !== undefined && b !== undefined && epochMs(a) === epochMs(b);

/** Runs of days as ranges: `Tue 1 Dec to Thu 3 Dec, Sat 5 Dec`. */
export function dayList(days: readonly CivilDay[]): string {
  const sorted = [...days].sort((a, b) => epochMs(a) - epochMs(b));
  const runs: [CivilDay, CivilDay][] = [];
  for (const day of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && epochMs(day) - epochMs(last[1]) <= 86_400_000) last[1] = day;
    else runs.push([day, day]);
  }
  return runs
    .map(([first, last]) =>
      isSameDay(first, last) ? shortDay(first) : `${shortDay(first)} to ${shortDay(last)}`,
    )
    .join(", ");
}

/** Reads instants on the clocks of one time zone. */
export interface LocalClock {
  /** `19:30`. */
  readonly time: (epochMs: number) => string;
  /** `Tue 1 Dec`. */
  readonly day: (epochMs: number) => string;
}

/** @param timeZone an IANA name; UTC when it is empty or unknown here */
export function createLocalClock(timeZone: string): LocalClock {
  const zone = isTimeZone(timeZone) ? timeZone : "UTC";
  const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "short",
  });
  return { time: (ms) => time.format(ms), day: (ms) => withoutComma(day.format(ms)) };
}

function isTimeZone(name: string): boolean {
  if (name === "") return false;
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false; // a zone that this build of ICU does not know
  }
}

/** Seconds, minutes, hours or days since. */
export function age(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}
