import { CLOSED_FOR_NOW, isClosedForNow } from "./closed-for-now.ts";
import type { Hours, HoursRule, Span, YearDay } from "./hours.ts";
import { toTokens, type NumberToken, type Token } from "./tokens.ts";

const DAYS: readonly (readonly string[])[] = [
  ["mo", "mon", "monday", "mondays", "m"],
  ["tu", "tue", "tues", "tuesday", "tuesdays"],
  ["we", "wed", "wednesday", "wednesdays", "w"],
  ["th", "thu", "thur", "thurs", "thursday", "thursdays"],
  ["fr", "fri", "friday", "fridays", "f"],
  ["sa", "sat", "saturday", "saturdays"],
  ["su", "sun", "sunday", "sundays"],
];
const WEEKDAYS: ReadonlyMap<string, number> = new Map(
  DAYS.flatMap((names, index) => names.map((name) => [name, index] as const)),
);
/** Words for several weekdays. */
const WEEKDAY_GROUPS: ReadonlyMap<string, readonly number[]> = new Map([
  ["daily", [0, 1, 2, 3, 4, 5, 6]],
  ["weekdays", [0, 1, 2, 3, 4]],
  ["weekends", [5, 6]],
]);
const MONTHS: ReadonlyMap<string, number> = new Map(
  (
    "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|oct october|" +
    "nov november|dec december"
  )
    .split("|")
    .flatMap((names, index) => names.split(" ").map((name) => [name, index + 1] as const)),
);
const CLOSED = new Set(["off", "closed"]);
/** Times of day that depend on the sun or on words for it: a time, but not known. */
const SUN_TIMES = new Set(["sunrise", "sunset", "dawn", "dusk"]);
const NOON = 720;
const MIDNIGHT = 1_440;
const DAY_MINUTES = 1_440;
/** A day longer than this with an hour of one digit was meant on a 12-hour clock: "9:00-5:00". */
const LONG_DAY_MINUTES = 14 * 60;

/**
 * Reads opening hours: the larger part of OpenStreetMap's `opening_hours` ("Mo-Fr 10:00-18:00; Sa 10:00-14:00; PH off",
 * "Apr-Oct Mo-Su 10:00-20:00", "24/7") and what Wikivoyage writes ("M-Sa 10AM-6PM", "Daily 9AM-5PM, closed Mondays",
 * "noon-midnight"). "Temporarily closed" is closed on every day. Undefined when any of it is not understood, for then
 * nothing can be said of any day: school holidays, weeks, years, the n-th weekday, seasons, "by appointment".
 */
export function readHours(text: string): Hours | undefined {
  if (isClosedForNow(text)) return CLOSED_FOR_NOW;
  const tokens = toTokens(text);
  return tokens === undefined || tokens.length === 0 ? undefined : new Reader(tokens).read();
}

type Spans = readonly Span[] | "unknown";
type Selector = Pick<HoursRule, "dates" | "weekdays" | "holidays">;

/** Recursive descent over the tokens. Every `undefined` means "not understood" and ends the reading. */
class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  read(): Hours | undefined {
    const rules: HoursRule[] = [];
    let additional = false;
    while (this.#at < this.#tokens.length) {
      if (this.#takeSign(";") || this.#takeSign("\n")) {
        additional = false;
        continue;
      }
      const rule = this.#readRule(additional);
      if (rule === undefined) return undefined;
      rules.push(rule);
      this.#takeSign(",");
      additional = true;
    }
    return rules.length > 0 ? rules : undefined;
  }

  #readRule(additional: boolean): HoursRule | undefined {
    const start = this.#at;
    const closed = this.#takeWord(CLOSED);
    if (closed) this.#takeWord(new Set(["on"]));
    const selector = this.#readSelector();
    if (selector === undefined) return undefined;
    if (closed) return isSelective(selector) ? { ...selector, spans: [], additional } : undefined;
    const spans = this.#readSpans(isSelective(selector));
    if (spans === undefined) return undefined;
    if (this.#at === start) return undefined;
    const known = spans === "unknown" ? undefined : spans;
    if (isSelective(selector) || !this.#isDay(this.#at)) return { ...selector, spans: known, additional };
    // "10AM-6PM Tu-Su": the days stand behind the hours, and no hours may follow them.
    const trailing = this.#readSelector();
    return trailing === undefined || this.#peekNumber() !== undefined
      ? undefined
      : { ...trailing, spans: known, additional };
  }

  #readSelector(): Selector | undefined {
    const dates = this.#readDates();
    if (dates === "misread") return undefined;
    if (dates !== undefined) this.#takeSign(":");
    const days = this.#readDays();
    if (days === undefined) return undefined;
    if (days.weekdays !== undefined || days.holidays) this.#takeSign(":");
    return { dates, ...days };
  }

  /** "Apr-Oct", "Apr 1-Oct 31", "1 Apr-31 Oct", "Dec 24-26", "Jan 01,Dec 25". */
  #readDates(): HoursRule["dates"] | "misread" {
    const ranges: (readonly [YearDay, YearDay])[] = [];
    do {
      const first = this.#readDate();
      if (first === undefined) return ranges.length === 0 ? undefined : "misread";
      let last: Partial<YearDay> & { readonly month: number } = first;
      if (this.#isSign("-", this.#at)) {
        this.#at += 1;
        const day = this.#takeDayNumber();
        const next = day === undefined ? this.#readDate() : { month: first.month, day };
        if (next === undefined) return "misread";
        last = next;
      }
      ranges.push([
        { month: first.month, day: first.day ?? 1 },
        { month: last.month, day: last.day ?? 31 },
      ]);
    } while (this.#isSign(",", this.#at) && this.#isDate(this.#at + 1) && this.#takeSign(","));
    return ranges;
  }

  #readDate(): { readonly month: number; readonly day?: number } | undefined {
    if (!this.#isDate(this.#at)) return undefined;
    const before = this.#takeDayNumber();
    const month = this.#monthAt(this.#at);
    if (month === undefined) return undefined;
    this.#at += 1;
    const day = before ?? this.#takeDayNumber();
    return day === undefined ? { month } : { month, day };
  }

  #isDate(at: number): boolean {
    return (
      this.#monthAt(at) !== undefined ||
      (this.#dayNumberAt(at) !== undefined && this.#monthAt(at + 1) !== undefined)
    );
  }

  #monthAt(at: number): number | undefined {
    const token = this.#tokens[at];
    return token?.type === "word" ? MONTHS.get(token.text) : undefined;
  }

  /** A bare number that can be the day of a month. What a dash, a time or a month makes of it is for the caller. */
  #dayNumberAt(at: number): number | undefined {
    const token = this.#tokens[at];
    return token?.type === "number" &&
      token.minute === undefined &&
      token.half === undefined &&
      !token.marked &&
      token.hour >= 1 &&
      token.hour <= 31
      ? token.hour
      : undefined;
  }

  #takeDayNumber(): number | undefined {
    const day = this.#dayNumberAt(this.#at);
    if (day !== undefined) this.#at += 1;
    return day;
  }

  /** "Mo-Fr,PH", "F Sa", "daily", "daily except Mo". */
  #readDays(): Pick<HoursRule, "weekdays" | "holidays"> | undefined {
    const weekdays = new Set<number>();
    let holidays = false;
    let any = false;
    while (this.#isDay(this.#at)) {
      any = true;
      if (this.#takeWord(new Set(["ph", "holidays", "holiday"]))) holidays = true;
      else {
        const days = this.#readDayRange();
        if (days === undefined) return undefined;
        for (const day of days) weekdays.add(day);
      }
      if ((this.#isSign(",", this.#at) || this.#isSign("/", this.#at)) && this.#isDay(this.#at + 1))
        this.#at += 1;
    }
    if (any && this.#takeWord(new Set(["except"]))) {
      const except = this.#readDays();
      if (except?.weekdays === undefined) return undefined;
      for (const day of except.weekdays) weekdays.delete(day);
    }
    return { weekdays: any && weekdays.size > 0 ? weekdays : undefined, holidays };
  }

  #readDayRange(): readonly number[] | undefined {
    const token = this.#tokens[this.#at];
    if (token?.type !== "word") return undefined;
    this.#at += 1;
    const group = WEEKDAY_GROUPS.get(token.text);
    if (group !== undefined) return group;
    const first = WEEKDAYS.get(token.text);
    if (first === undefined || !this.#takeSign("-")) return first === undefined ? undefined : [first];
    const end = this.#tokens[this.#at];
    const last = end?.type === "word" ? WEEKDAYS.get(end.text) : undefined;
    if (last === undefined) return undefined;
    this.#at += 1;
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7);
  }

  #isDay(at: number): boolean {
    const token = this.#tokens[at];
    return (
      token?.type === "word" &&
      (WEEKDAYS.has(token.text) ||
        WEEKDAY_GROUPS.has(token.text) ||
        ["ph", "holidays", "holiday"].includes(token.text))
    );
  }

  /** "10:00-12:00,14:00-18:00", "closed", "24/7"; "unknown" when hours are meant but not known. */
  #readSpans(selective: boolean): Spans | undefined {
    if (this.#takeWord(CLOSED)) return this.#takeRemark() ? [] : [];
    if (this.#takeWord(new Set(["nonstop"]))) return this.#takeRemark() ? "unknown" : [[0, DAY_MINUTES]];
    const spans: Span[] = [];
    let unknown = false;
    while (this.#isTime(this.#at)) {
      const span = this.#readSpan(selective);
      if (span === undefined) return undefined;
      if (span === "unknown") unknown = true;
      else spans.push(span);
      if (this.#takeSign("+")) unknown = true;
      if (!(this.#isSign(",", this.#at) && this.#isTime(this.#at + 1) && !this.#isDate(this.#at + 1))) break;
      this.#at += 1;
    }
    // A remark may say anything, also that the hours before it do not hold.
    if (this.#takeRemark()) unknown = true;
    if (spans.length === 0) unknown = true;
    return unknown ? "unknown" : spans;
  }

  #readSpan(selective: boolean): Span | "unknown" | undefined {
    const start = this.#takeTime();
    if (start === undefined) return undefined;
    // "18:00+" has no end.
    if (this.#isSign("+", this.#at)) return "unknown";
    if (!this.#takeSign("-")) return undefined;
    const end = this.#takeTime();
    if (end === undefined) return undefined;
    return start === "sun" || end === "sun" ? "unknown" : toSpan(start, end, selective);
  }

  #takeTime(): Time | undefined {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.type === "number") return token;
    if (token?.type !== "word") return undefined;
    if (SUN_TIMES.has(token.text)) return "sun";
    return token.text === "noon" || token.text === "midnight" ? token.text : undefined;
  }

  #isTime(at: number): boolean {
    const token = this.#tokens[at];
    return (
      token?.type === "number" ||
      (token?.type === "word" &&
        (SUN_TIMES.has(token.text) || token.text === "noon" || token.text === "midnight"))
    );
  }

  #peekNumber(): NumberToken | undefined {
    const token = this.#tokens[this.#at];
    return token?.type === "number" ? token : undefined;
  }

  #takeRemark(): boolean {
    const remark = this.#tokens[this.#at]?.type === "remark";
    if (remark) this.#at += 1;
    return remark;
  }

  #isSign(text: string, at: number): boolean {
    const token = this.#tokens[at];
    return token?.type === "sign" && token.text === text;
  }

  #takeSign(text: string): boolean {
    const found = this.#isSign(text, this.#at);
    if (found) this.#at += 1;
    return found;
  }

  #takeWord(words: ReadonlySet<string>): boolean {
    const token = this.#tokens[this.#at];
    const found = token?.type === "word" && words.has(token.text);
    if (found) this.#at += 1;
    return found;
  }
}

const isSelective = ({ dates, weekdays, holidays }: Selector): boolean =>
  dates !== undefined || weekdays !== undefined || holidays;

type Time = NumberToken | "noon" | "midnight" | "sun";

/** @param selective whether days stand before it: only then is "10-18" a pair of hours and not some other range */
function toSpan(
  start: Exclude<Time, "sun">,
  end: Exclude<Time, "sun">,
  selective: boolean,
): Span | undefined {
  const to = end === "noon" ? NOON : end === "midnight" ? MIDNIGHT : minutesOf(end, end.half);
  if (to === undefined) return undefined;
  const startHalf = typeof start === "string" ? undefined : start.half;
  const endHalf = typeof end === "string" ? undefined : end.half;
  if (typeof start !== "string" && startHalf === undefined && endHalf !== undefined) {
    // "2-6PM" is in one half of the day, "9-5PM" in both.
    const same = minutesOf(start, endHalf);
    const from = same !== undefined && same < to ? same : minutesOf(start, endHalf === "am" ? "pm" : "am");
    return from === undefined || from >= to ? undefined : [from, to];
  }
  if (startHalf !== undefined && typeof end !== "string" && endHalf === undefined) return undefined;
  const from = start === "noon" ? NOON : start === "midnight" ? 0 : minutesOf(start, start.half);
  if (from === undefined || from >= DAY_MINUTES || from === to) return undefined;
  if (typeof start !== "string" && typeof end !== "string" && startHalf === undefined) {
    const bare = (start.minute === undefined && !start.marked) || (end.minute === undefined && !end.marked);
    if (bare && !(selective && from < to && to > NOON)) return undefined;
    const lengthMinutes = to > from ? to - from : to - from + DAY_MINUTES;
    if ((start.oneDigit || end.oneDigit) && to < from && lengthMinutes > LONG_DAY_MINUTES) return undefined;
  }
  return [from, to > from ? to : to + DAY_MINUTES];
}

/** Minutes after midnight; hours up to 48 for what closes after midnight. Undefined for what is no time. */
function minutesOf({ hour, minute = 0 }: NumberToken, half: "am" | "pm" | undefined): number | undefined {
  if (minute > 59) return undefined;
  if (half !== undefined)
    return hour >= 1 && hour <= 12 ? ((hour % 12) + (half === "pm" ? 12 : 0)) * 60 + minute : undefined;
  const total = hour * 60 + minute;
  return total <= 2 * DAY_MINUTES ? total : undefined;
}
