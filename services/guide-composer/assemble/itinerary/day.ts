import type { Listing } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { CivilDay } from "../civil-time.ts";
import { openSpans, toHoursDay, type Hours, type Span } from "../hours/hours.ts";
import { wayM, type Candidate, type Position, type TimedEvent } from "./candidates.ts";
import { arrange } from "./arrange.ts";
import { MIN_STAY_MINUTES, type Slot } from "./slots.ts";
import type { PlannedStop, Stay } from "./stop.ts";

/** One rank in the list is worth this much walking. */
const METRES_PER_RANK = 250;
/** The same for restaurants, which should be where one is. */
const METRES_PER_MEAL_RANK = 100;
/** What rain adds to the way to a sight under the sky, and takes from that to one under a roof. */
const RAIN_M = 4_000;
/** Hours that nobody states may be wrong ones. */
const UNKNOWN_HOURS_M = 300;
/** Way to a place whose position nobody states. */
const UNKNOWN_WAY_M = 1_500;
const MAX_WAY_M = 15_000;
/** What was named by the traveller comes before everything. */
const MUST_M = 1_000_000;
/** A restaurant that had its turn comes after all that had not. */
const SERVED_M = 100_000;
/** Stops begin and end on a quarter of an hour when an arrival or a departure cuts a slot. */
const QUARTER_MINUTES = 15;
const EARLIEST_EVENT_MINUTES = 8 * 60;
const LATEST_EVENT_MINUTES = 22.5 * 60;
const DEFAULT_EVENT_MINUTES = 120;
/** Nobody stays at a fair that is open for weeks. */
const MAX_EVENT_MINUTES = 180;
const MAX_EVENT_COUNT = 2;

export interface DayInput {
  readonly day: CivilDay;
  /** 0 for the first day of the trip. */
  readonly index: number;
  readonly wet: boolean;
  /** Whether a later day of the trip is not wet. */
  readonly dryLater: boolean;
  /** This day and those after it. */
  readonly leftDayCount: number;
  readonly slots: readonly Slot[];
  readonly candidates: readonly Candidate[];
  readonly events: readonly TimedEvent[];
  readonly isHoliday: (day: CivilDay) => boolean;
  /** The instant of a time of this day, given as minutes after midnight. */
  readonly toMs: (minutes: number) => number;
  readonly earliestMs: number;
  readonly latestMs: number;
  readonly start: Position | undefined;
  readonly end: Position | undefined;
}

/** What earlier days have used. */
export interface Progress {
  /** Keys of sights, evenings and events. */
  readonly used: Set<string>;
  /** By key of a restaurant the last day on which it was a stop, and how often. */
  readonly servedOn: Map<string, { readonly index: number; readonly count: number }>;
}

/** Plans one day and notes in `progress` what it uses. */
export function planDay(input: DayInput, progress: Progress): readonly PlannedStop[] {
  const slots = input.slots.flatMap((slot) => within(slot, input) ?? []);
  const events = chooseEvents(slots, input, progress);
  const free = withoutOverlap(slots, events);
  const stays = createStays(input);
  const sights = chooseSights(free, stays, events, input, progress);
  const stops = [...events, ...sights];
  const later = free.filter(({ role }) => role !== "sight");
  for (const slot of later) {
    const stop = chooseByTheWay(slot, stays, stops, input, progress);
    if (stop !== undefined) stops.push(stop);
  }
  return stops.sort((a, b) => a.from - b.from);
}

/** What arrival and departure leave of a slot; undefined when that is too little. */
function within(slot: Slot, { toMs, earliestMs, latestMs }: DayInput): Slot | undefined {
  const lateMinutes = Math.ceil((earliestMs - toMs(slot.from)) / 60_000 / QUARTER_MINUTES) * QUARTER_MINUTES;
  const earlyMinutes = Math.ceil((toMs(slot.to) - latestMs) / 60_000 / QUARTER_MINUTES) * QUARTER_MINUTES;
  const from = lateMinutes > 0 ? slot.from + lateMinutes : slot.from;
  const to = earlyMinutes > 0 ? slot.to - earlyMinutes : slot.to;
  return to - from >= MIN_STAY_MINUTES[slot.role] ? { ...slot, from, to } : undefined;
}

/** The best events that begin on this day; each takes the slots in which it happens, or else the last one. */
function chooseEvents(slots: readonly Slot[], input: DayInput, progress: Progress): PlannedStop[] {
  const chosen: PlannedStop[] = [];
  const limit = Math.min(MAX_EVENT_COUNT, slots.length, Math.ceil(input.slots.length / 4));
  const events = [...input.events].sort((a, b) => Number(b.must) - Number(a.must) || a.rank - b.rank);
  for (const { listing, startMs, endMs, position } of events) {
    if (chosen.length >= limit) break;
    const from = 720 + Math.round((startMs - input.toMs(720)) / 60_000);
    if (from < EARLIEST_EVENT_MINUTES || from > LATEST_EVENT_MINUTES) continue;
    // A restaurant can be the place of an event as well.
    if (!isFree(listing, input, progress)) continue;
    const lengthMinutes = endMs === undefined ? DEFAULT_EVENT_MINUTES : (endMs - startMs) / 60_000;
    const to = from + Math.min(MAX_EVENT_MINUTES, Math.max(1, Math.round(lengthMinutes)));
    if (startMs < input.earliestMs || input.toMs(to) > input.latestMs) continue;
    if (chosen.some((other) => from < other.to && other.from < to)) continue;
    progress.used.add(listing.key);
    chosen.push({ listing, from, to, position });
  }
  return chosen;
}

/** Whether a listing may be a stop today: not used up, and no meal of today or yesterday. */
function isFree({ key }: Listing, { index }: DayInput, { used, servedOn }: Progress): boolean {
  const served = servedOn.get(key);
  return !used.has(key) && (served === undefined || served.index < index - 1);
}

/** Slots that the events leave; as many go as there are events, so that a day never has more stops than its pace. */
function withoutOverlap(slots: readonly Slot[], events: readonly PlannedStop[]): readonly Slot[] {
  const free = slots.filter((slot) => !events.some(({ from, to }) => slot.from < to && from < slot.to));
  const surplus = free.length + events.length - slots.length;
  if (surplus <= 0) return free;
  const dropped = new Set(free.filter(({ role }) => role !== "meal").slice(-surplus));
  const left = free.filter((slot) => !dropped.has(slot));
  return left.slice(0, Math.max(0, slots.length - events.length));
}

/** Reads once a day what hours mean on it, however many places have them and however often that is asked. */
function createStays({ day, isHoliday }: DayInput): (candidate: Candidate, slot: Slot) => Stay | undefined {
  const hoursDay = toHoursDay(day, isHoliday);
  const open = new Map<Hours, readonly Span[] | undefined>();
  const spansOf = (hours: Hours): readonly Span[] | undefined => {
    if (!open.has(hours)) open.set(hours, openSpans(hours, hoursDay));
    return open.get(hours);
  };
  return ({ hours, visitMinutes = Infinity }, slot) => {
    const spans = hours && spansOf(hours);
    if (spans === undefined) return [slot.from, Math.min(slot.to, slot.from + visitMinutes)];
    for (const [from, to] of spans) {
      const start = Math.max(slot.from, from);
      const end = Math.min(slot.to, to);
      if (end - start >= MIN_STAY_MINUTES[slot.role]) return [start, Math.min(end, start + visitMinutes)];
    }
    return undefined;
  };
}

/**
 * Sights of a day: the best one that is open first, then those that are good and near to it, in the order of the
 * shortest way.
 */
function chooseSights(
  free: readonly Slot[],
  stays: (candidate: Candidate, slot: Slot) => Stay | undefined,
  events: readonly PlannedStop[],
  input: DayInput,
  { used }: Progress,
): readonly PlannedStop[] {
  const slots = free.filter(({ role }) => role === "sight");
  const pool = input.candidates.filter(({ role, listing }) => role === "sight" && !used.has(listing.key));
  const count = Math.min(slots.length, Math.ceil(pool.length / input.leftDayCount));
  const passed = new Set<Candidate>();
  const chosen: Candidate[] = [];
  while (chosen.length < count) {
    const near = [...events, ...chosen].flatMap(({ position }) => position ?? []);
    const next = cheapest(pool, (candidate) =>
      passed.has(candidate) || chosen.includes(candidate) ? Infinity : sightCostM(candidate, near, input),
    );
    if (next === undefined) break;
    passed.add(next);
    if (arrange([...chosen, next], slots, stays, undefined) !== undefined) chosen.push(next);
  }
  const stops = arrange(chosen, slots, stays, input) ?? [];
  for (const { listing } of stops) used.add(listing.key);
  return stops;
}

function sightCostM(candidate: Candidate, near: readonly Position[], input: DayInput): number {
  const { rank, must, hours, roof, position } = candidate;
  const from = near.length > 0 ? near : input.start ? [input.start] : [];
  const nearM = position === undefined ? UNKNOWN_WAY_M : nearestM(position, from);
  // The first sight decides where the day is spent; how far that is from the start matters less.
  const share = near.length > 0 ? 1 : 0.25;
  const rainM = !input.wet || roof === undefined ? 0 : roof === "outdoors" ? RAIN_M : -RAIN_M;
  const waits = rainM > 0 && input.dryLater;
  return (
    rank * METRES_PER_RANK +
    share * nearM +
    rainM +
    (hours === undefined ? UNKNOWN_HOURS_M : 0) -
    (must && !waits ? MUST_M : 0)
  );
}

function nearestM(position: Position, others: readonly Position[]): number {
  if (others.length === 0) return UNKNOWN_WAY_M;
  let leastM = MAX_WAY_M;
  for (const other of others) leastM = Math.min(leastM, wayM(position, other));
  return leastM;
}

/** A restaurant or a place for the evening, near the stop before and on the way to the next one. */
function chooseByTheWay(
  slot: Slot,
  stays: (candidate: Candidate, slot: Slot) => Stay | undefined,
  stops: readonly PlannedStop[],
  input: DayInput,
  progress: Progress,
): PlannedStop | undefined {
  const { used, servedOn } = progress;
  const placed = stops.filter(({ position }) => position !== undefined);
  const before =
    placed
      .filter(({ from }) => from < slot.from)
      .sort((a, b) => a.from - b.from)
      .at(-1)?.position ?? input.start;
  const after =
    placed.filter(({ from }) => from >= slot.to).sort((a, b) => a.from - b.from)[0]?.position ?? input.end;
  const next = cheapest(input.candidates, (candidate) => {
    if (candidate.role !== slot.role || !isFree(candidate.listing, input, progress)) return Infinity;
    if (stays(candidate, slot) === undefined) return Infinity;
    const { position, rank, must, hours, listing } = candidate;
    const served = servedOn.get(listing.key)?.count ?? 0;
    const detourM =
      position === undefined
        ? UNKNOWN_WAY_M
        : nearestM(position, before ? [before] : []) + (after ? 0.5 * nearestM(position, [after]) : 0);
    return (
      rank * METRES_PER_MEAL_RANK +
      detourM +
      (hours === undefined ? UNKNOWN_HOURS_M : 0) +
      served * SERVED_M -
      (must && served === 0 ? MUST_M : 0)
    );
  });
  const stay = next && stays(next, slot);
  if (next === undefined || stay === undefined) return undefined;
  const { key } = next.listing;
  if (next.role === "meal")
    servedOn.set(key, { index: input.index, count: (servedOn.get(key)?.count ?? 0) + 1 });
  else used.add(key);
  return { listing: next.listing, from: stay[0], to: stay[1], position: next.position };
}

/** The value that costs least; the first of equals. Undefined when all cost infinitely much. */
function cheapest<T>(values: readonly T[], costOf: (value: T) => number): T | undefined {
  let found: T | undefined;
  let least = Infinity;
  for (const value of values) {
    const cost = costOf(value);
    if (cost < least) [found, least] = [value, cost];
  }
  return found;
}
