/** Whether a place is open: `undefined` when its hours are written in a way that is not read here, which claims nothing. */
export type Open = boolean | undefined;

const WEEKDAYS: ReadonlyMap<string, number> = new Map(
  [
    ["mo", "mon", "monday", "m"],
    ["tu", "tue", "tuesday", "tues"],
    ["we", "wed", "wednesday", "w"],
    ["th", "thu", "thursday", "thurs"],
    ["fr", "fri", "friday", "f"],
    ["sa", "sat", "saturday"],
    ["su", "sun", "sunday"],
  ].flatMap((names, index) => names.map((name) => [name, index] as const)),
);

interface Span {
  readonly days: ReadonlySet<number>;
  /** Minutes after midnight; empty means closed. */
  readonly times: readonly (readonly [from: number, to: number])[];
}

/**
 * Reads the common part of OpenStreetMap's `opening_hours` ("Mo-Fr 10:00-18:00; Sa 10:00-14:00; PH off", "24/7") and
 * what Wikivoyage writes ("Daily 10AM-5PM", "M-F 9AM-5PM"). Rules for public holidays are passed over.
 *
 * @param weekday 0 for Monday to 6 for Sunday
 * @param from minutes after midnight of the visit's start
 * @param to minutes after midnight of its end
 */
export function isOpen(hours: string, weekday: number, from: number, to: number): Open {
  const text = hours.trim();
  if (text === "") return undefined;
  if (/^(24\/7|24 hours( daily)?)$/i.test(text)) return true;
  const spans: Span[] = [];
  for (const rule of text.split(/[;]|,\s*(?=[A-Z][a-z]?)/).map((part) => part.trim())) {
    if (rule === "" || /^(PH|SH)\b/.test(rule)) continue;
    const span = readRule(rule);
    if (span === undefined) return undefined;
    spans.push(span);
  }
  // A later rule overrides an earlier one for the same day, as the opening_hours specification says.
  const rule = spans.findLast(({ days }) => days.has(weekday));
  return (
    rule !== undefined &&
    rule.times.some(([open, close]) => open <= from && to <= (close <= open ? close + 1440 : close))
  );
}

function readRule(rule: string): Span | undefined {
  const match =
    /^((?:daily|(?:[a-z]+(?:\s*[-–]\s*[a-z]+)?)(?:\s*,\s*[a-z]+(?:\s*[-–]\s*[a-z]+)?)*))?[\s:]*(.*)$/i.exec(
      rule,
    );
  const days = readDays(match?.[1] ?? "");
  const rest = (match?.[2] ?? "").trim();
  if (days === undefined) return undefined;
  if (/^(off|closed)$/i.test(rest)) return { days, times: [] };
  const times = rest.split(/\s*,\s*/).map(readTimes);
  return times.length > 0 && times.every((time) => time !== undefined) ? { days, times } : undefined;
}

function readDays(text: string): ReadonlySet<number> | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "" || trimmed === "daily") return new Set([0, 1, 2, 3, 4, 5, 6]);
  const days = new Set<number>();
  for (const part of trimmed.split(/\s*,\s*/)) {
    const [first = "", last = first] = part.split(/\s*[-–]\s*/);
    const from = WEEKDAYS.get(first);
    const to = WEEKDAYS.get(last);
    if (from === undefined || to === undefined) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return days;
}

function readTimes(text: string): readonly [number, number] | undefined {
  const match = /^(\d{1,2})(?::(\d{2}))?\s*([ap]m)?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?\s*([ap]m)?$/i.exec(text);
  if (match === null) return undefined;
  const [, fromHour, fromMinute, fromHalf, toHour, toMinute, toHalf] = match;
  // Without AM and PM a bare number is not told from a count.
  if (fromHalf === undefined && toHalf === undefined && (fromMinute === undefined || toMinute === undefined))
    return undefined;
  const from = minutes(fromHour, fromMinute, fromHalf ?? toHalf);
  const to = minutes(toHour, toMinute, toHalf);
  return from === undefined || to === undefined ? undefined : [from, to];
}

function minutes(
  hour: string | undefined,
  minute: string | undefined,
  half: string | undefined,
): number | undefined {
  const given = Number(hour);
  const base = half === undefined ? given : (given % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  const total = base * 60 + Number(minute ?? "0");
  return total <= 1440 + 360 ? total : undefined;
}
