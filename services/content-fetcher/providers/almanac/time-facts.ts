import { getTimes } from "suncalc";
import type { ResolvedQuery } from "../../provider.ts";
import { midnightMs, nextDay, tripDays, zoneOffsetMs } from "../civil-days.ts";
import { fact, type FactInit } from "./fact.ts";
import { IANA_ZONES, SUNCALC, UNICODE_CLDR } from "./citations.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Halfway between the midnights around a day: near the sun's highest point, and the same day in every zone. */
const noonMs = (day: string, timeZone: string): number =>
  (midnightMs(day, timeZone) + midnightMs(nextDay(day), timeZone)) / 2;

/** For example `UTC+05:45`. */
function utcOffset(offsetMs: number): string {
  const minutes = Math.abs(Math.round(offsetMs / MINUTE_MS));
  const sign = offsetMs < 0 ? "-" : "+";
  return `UTC${sign}${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** Making one takes longer than a hundred uses of it. A zone has few spellings, but callers choose them. */
const MAX_FORMAT_COUNT = 500;
const nameFormats = new Map<string, Intl.DateTimeFormat>();

function nameFormatOf(timeZone: string): Intl.DateTimeFormat {
  const known = nameFormats.get(timeZone);
  if (known !== undefined) return known;
  if (nameFormats.size >= MAX_FORMAT_COUNT) nameFormats.clear();
  const made = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "long" });
  nameFormats.set(timeZone, made);
  return made;
}

/** Name of the time kept at an instant, where it has one, and its offset. */
function timeInWords(atMs: number, timeZone: string): string {
  const name = nameFormatOf(timeZone)
    .formatToParts(atMs)
    .find(({ type }) => type === "timeZoneName")?.value;
  const offset = utcOffset(zoneOffsetMs(atMs, timeZone));
  return name === undefined || /^(GMT|UTC)([+-]|$)/.test(name) ? offset : `${name}, ${offset}`;
}

/** The time kept on the first day, and each change of the clocks on a day of the trip. */
export function timeFacts(query: ResolvedQuery): FactInit[] {
  const { timeZone } = query.destination;
  const days = tripDays(query);
  const first = days[0];
  const last = days.at(-1);
  if (first === undefined || last === undefined) return [];
  const times = [first, last].map((day) => timeInWords(noonMs(day, timeZone), timeZone));
  return [
    fact("time-zone", "Time zone", `${[...new Set(times)].join(", then ")} (${timeZone})`, [
      IANA_ZONES,
      UNICODE_CLDR,
    ]),
    ...clockChanges(midnightMs(first, timeZone) - 1, midnightMs(nextDay(last), timeZone) - 1, timeZone).map(
      (change, index) =>
        fact(
          index === 0 ? "clock-change" : `clock-change-${index + 1}`,
          "Clock change",
          clockChangeInWords(change),
          [IANA_ZONES],
        ),
    ),
  ];
}

interface ClockChange {
  readonly atMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** Changes of a zone's offset after the one instant and up to the other. No zone changes its offset twice in a day. */
function clockChanges(fromMs: number, toMs: number, timeZone: string): ClockChange[] {
  const changes: ClockChange[] = [];
  let afterMs = zoneOffsetMs(fromMs, timeZone);
  for (let startMs = fromMs; startMs < toMs; startMs += DAY_MS) {
    const endMs = Math.min(startMs + DAY_MS, toMs);
    const beforeMs = afterMs;
    afterMs = zoneOffsetMs(endMs, timeZone);
    if (beforeMs === afterMs) continue;
    let [low, high] = [startMs, endMs];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (zoneOffsetMs(middle, timeZone) === beforeMs) low = middle;
      else high = middle;
    }
    changes.push({ atMs: high, beforeMs, afterMs });
  }
  return changes;
}

/** For example "Clocks go back 1 hour on 2026-11-01 at 02:00, to 01:00". */
function clockChangeInWords({ atMs, beforeMs, afterMs }: ClockChange): string {
  const shiftMinutes = Math.abs(afterMs - beforeMs) / MINUTE_MS;
  const length =
    shiftMinutes % 60 === 0
      ? `${shiftMinutes / 60} ${shiftMinutes === 60 ? "hour" : "hours"}`
      : `${shiftMinutes} minutes`;
  const wall = (offsetMs: number): string => new Date(atMs + offsetMs).toISOString();
  const before = wall(beforeMs);
  return `Clocks go ${afterMs > beforeMs ? "forward" : "back"} ${length} on ${before.slice(0, 10)} at ${before.slice(11, 16)}, to ${wall(afterMs).slice(11, 16)}`;
}

/** Sunrise and sunset of each day; where the sun does not rise or set, that. */
export function sunFacts(query: ResolvedQuery): FactInit[] {
  const { location, timeZone } = query.destination;
  if (location === undefined) return [];
  return tripDays(query).map((day) => {
    const { sunrise, sunset, alwaysUp, alwaysDown } = getTimes(
      new Date(noonMs(day, timeZone)),
      location.latitude,
      location.longitude,
    );
    const at = (time: Date): string => {
      const epochMs = Math.round(time.getTime() / MINUTE_MS) * MINUTE_MS;
      const wall = new Date(epochMs + zoneOffsetMs(epochMs, timeZone)).toISOString();
      const its = wall.slice(0, 10);
      const other = its === day ? "" : its > day ? " (the day after)" : " (the day before)";
      return `${wall.slice(11, 16)}${other}`;
    };
    let value: string;
    if (sunrise !== null && sunset !== null) value = `Sunrise ${at(sunrise)}, sunset ${at(sunset)}`;
    else if (alwaysDown === true) value = "Polar night: the sun does not rise";
    else if (alwaysUp === true) value = "Midnight sun: the sun does not set";
    else if (sunrise !== null) value = `Sunrise ${at(sunrise)}; the sun does not set`;
    else if (sunset !== null) value = `Sunset ${at(sunset)}; the sun does not rise`;
    else value = "The sun neither rises nor sets";
    return fact(`sun-${day}`, `Sun on ${day}`, value, [SUNCALC]);
  });
}
