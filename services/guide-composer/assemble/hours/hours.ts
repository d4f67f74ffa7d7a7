import { addDays, weekdayOf, type CivilDay } from "../civil-time.ts";

/** From and to, minutes after midnight; `to` is up to 48 h for what closes after midnight. */
export type Span = readonly [from: number, to: number];

/** A day of any year; ranges of them may pass the end of the year. */
export interface YearDay {
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** One statement about some days. */
export interface HoursRule {
  /** Ranges of days of the year, both ends included; undefined for the whole year. */
  readonly dates: readonly (readonly [first: YearDay, last: YearDay])[] | undefined;
  /** 0 for Monday to 6 for Sunday; undefined when the rule names no weekday. */
  readonly weekdays: ReadonlySet<number> | undefined;
  /** Whether the rule names public holidays. */
  readonly holidays: boolean;
  /** When it is open on those days; empty for closed, undefined for hours that are not known, such as "sunset". */
  readonly spans: readonly Span[] | undefined;
  /** Adds its hours to those of the rule before, as after a comma, instead of replacing them. */
  readonly additional: boolean;
}

/** Opening hours that were understood as a whole. A later rule replaces an earlier one on the days of both. */
export type Hours = readonly HoursRule[];

/** What rules ask of a day, worked out once for all places. */
interface DayFacts {
  readonly month: number;
  readonly day: number;
  /** 0 for Monday to 6 for Sunday. */
  readonly weekday: number;
  readonly holiday: boolean;
}

/** A civil day and the night before it, in which what opened then may still be open. */
export interface HoursDay {
  readonly today: DayFacts;
  readonly yesterday: DayFacts;
}

/** @param isHoliday whether a day is a public holiday there */
export function toHoursDay(day: CivilDay, isHoliday: (day: CivilDay) => boolean): HoursDay {
  const facts = (of: CivilDay): DayFacts => ({
    month: of.month,
    day: of.day,
    weekday: weekdayOf(of),
    holiday: isHoliday(of),
  });
  return { today: facts(day), yesterday: facts(addDays(day, -1)) };
}

/**
 * When a place is open on a civil day, what has gone on since the day before included: disjoint spans in ascending
 * order, none when it is closed. Undefined when the hours of that day are not known.
 */
export function openSpans(hours: Hours, { today, yesterday }: HoursDay): readonly Span[] | undefined {
  const own = spansOf(hours, today);
  if (own === undefined) return undefined;
  const late = (spansOf(hours, yesterday) ?? []).flatMap(([, to]): Span[] =>
    to > 1_440 ? [[0, to - 1_440]] : [],
  );
  return late.length === 0 && own.length < 2 ? own : united([...late, ...own]);
}

function spansOf(hours: Hours, day: DayFacts): readonly Span[] | undefined {
  // "Closed on Mondays" alone says nothing of the other days; hours for some days say that it is closed on the others.
  let spans: readonly Span[] | undefined = hours.some((rule) => rule.spans?.length !== 0) ? [] : undefined;
  for (const rule of hours) {
    if (!isAbout(rule, day)) continue;
    // "Daily 10:00-18:00, Th 10:00-21:00" states Thursdays anew: only hours apart from the earlier ones come on top.
    spans =
      rule.additional && rule.spans !== undefined && spans !== undefined && !overlap(spans, rule.spans)
        ? rule.spans.length === 0
          ? []
          : [...spans, ...rule.spans]
        : rule.spans;
  }
  return spans;
}

function isAbout({ dates, weekdays, holidays }: HoursRule, day: DayFacts): boolean {
  if (dates !== undefined && !dates.some((range) => isWithin(day, range))) return false;
  if (weekdays === undefined) return holidays ? day.holiday : true;
  return weekdays.has(day.weekday) || (holidays && day.holiday);
}

function isWithin({ month, day }: DayFacts, [first, last]: readonly [YearDay, YearDay]): boolean {
  const [at, from, to] = [month * 100 + day, first.month * 100 + first.day, last.month * 100 + last.day];
  return from <= to ? at >= from && at <= to : at >= from || at <= to;
}

const overlap = (a: readonly Span[], b: readonly Span[]): boolean =>
  a.some(([from, to]) => b.some(([start, end]) => start < to && from < end));

function united(spans: readonly Span[]): readonly Span[] {
  const found: [number, number][] = [];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else found.push([from, to]);
  }
  return found;
}
