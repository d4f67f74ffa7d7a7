import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  ItineraryDaySchema,
  type ItineraryDay,
  type Section,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  DailyForecast_Basis,
  Pace,
  SectionKind,
  WeatherCondition,
  type DailyForecast,
  type Listing,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { addDays, instantMs, sameDay, weekdayOf, type CivilDay } from "./civil-time.ts";
import { distanceM } from "./distance.ts";
import { isOpen } from "./opening-hours.ts";

export interface ItineraryInput {
  readonly sections: readonly Section[];
  readonly startDate: CivilDay;
  readonly dayCount: number;
  readonly timeZone: string;
  readonly pace: Pace;
  /** No stop begins before it. */
  readonly earliestMs?: number | undefined;
  /** No stop ends after it. */
  readonly latestMs?: number | undefined;
  /** Where days start: the first stop is near it. */
  readonly start?: { readonly latitude: number; readonly longitude: number } | undefined;
}

type Slot = { readonly from: number; readonly to: number; readonly kinds: readonly SectionKind[] };

const SIGHTS = [SectionKind.ATTRACTIONS, SectionKind.EXPERIENCES];
const MEAL = [SectionKind.RESTAURANTS];

const slot = (from: number, to: number, kinds: readonly SectionKind[]): Slot => ({
  from: from * 60,
  to: to * 60,
  kinds,
});

/** Stops of a day by pace, in hours after midnight; the counts are those that the API promises at most. */
const SLOTS: ReadonlyMap<Pace, readonly Slot[]> = new Map([
  [Pace.RELAXED, [slot(10.5, 12.5, SIGHTS), slot(13, 14.5, MEAL), slot(15.5, 17, SIGHTS)]],
  [
    Pace.MODERATE,
    [
      slot(10, 12, SIGHTS),
      slot(12.5, 14, MEAL),
      slot(14.5, 16, SIGHTS),
      slot(16.5, 18, SIGHTS),
      slot(19, 21, MEAL),
    ],
  ],
  [
    Pace.PACKED,
    [
      slot(9, 10.5, SIGHTS),
      slot(11, 12.5, SIGHTS),
      slot(12.75, 13.75, MEAL),
      slot(14, 15.25, SIGHTS),
      slot(15.5, 16.5, SIGHTS),
      slot(16.75, 17.75, SIGHTS),
      slot(18.75, 20.25, MEAL),
      slot(20.5, 22, [SectionKind.EXPERIENCES]),
    ],
  ],
]);

const INDOORS =
  /museum|gallery|aquarium|market|theatre|theater|shopping|cinema|library|palace|church|cathedral/;
const OUTDOORS = /park|garden|viewpoint|beach|hike|zoo|theme-park|lookout|walk/;
/** From this probability on a day counts as wet, as for the umbrella. */
const WET_PROBABILITY = 0.5;
/** One rank in the list is worth this much walking. */
const METRES_PER_RANK = 250;
/** What moves a listing out of a wet day's plan, as a distance. */
const RAIN_PENALTY_M = 4_000;
const MAX_LEG_M = 15_000;

const isWet = (forecast: DailyForecast | undefined): boolean =>
  forecast !== undefined &&
  forecast.basis === DailyForecast_Basis.FORECAST &&
  ((forecast.precipitationProbability ?? 0) >= WET_PROBABILITY ||
    forecast.condition >= WeatherCondition.RAIN);

/**
 * One plan for each day of the trip. Stops are listings of the guide, near to each other, open where hours are known,
 * under a roof when the forecast says rain, and none comes twice: where lists run out, slots stay empty.
 */
export function planItinerary(input: ItineraryInput): ItineraryDay[] {
  const listings = input.sections.flatMap((section) =>
    section.listings.map((listing, rank) => ({ listing, rank, kind: section.kind })),
  );
  if (listings.length === 0) return [];
  const forecasts = input.sections.flatMap((section) => section.forecasts);
  const used = new Set<string>();
  return Array.from({ length: input.dayCount }, (_, index) => {
    const day = addDays(input.startDate, index);
    const wet = isWet(forecasts.find(({ date }) => date !== undefined && sameDay(date, day)));
    return create(ItineraryDaySchema, { date: day, stops: planDay(day, wet, listings, used, input) });
  });
}

interface Candidate {
  readonly listing: Listing;
  readonly rank: number;
  readonly kind: SectionKind;
}

function planDay(
  day: CivilDay,
  wet: boolean,
  all: readonly Candidate[],
  used: Set<string>,
  input: ItineraryInput,
) {
  const slots = SLOTS.get(input.pace === Pace.UNSPECIFIED ? Pace.MODERATE : input.pace) ?? [];
  const events = all.filter(({ listing }) => isTimedOn(listing, day, input.timeZone));
  const stops = [];
  let last = input.start;
  for (const { from, to, kinds } of slots) {
    const startMs = instantMs(day, from, input.timeZone);
    const endMs = instantMs(day, to, input.timeZone);
    if (startMs < (input.earliestMs ?? -Infinity) || endMs > (input.latestMs ?? Infinity)) continue;
    const event = events.find(({ listing }) => !used.has(listing.key) && overlaps(listing, startMs, endMs));
    const candidates = all.filter(
      ({ listing, kind }) =>
        kinds.includes(kind) &&
        !used.has(listing.key) &&
        isOpen(listing.openingHours, weekdayOf(day), from, to) !== false,
    );
    const here = last;
    const chosen = event ?? best(candidates, (candidate) => costOf(candidate, here, wet));
    if (chosen === undefined) continue;
    used.add(chosen.listing.key);
    const { location } = chosen.listing;
    stops.push({
      listingKey: chosen.listing.key,
      window: { startTime: timestampFromMs(startMs), endTime: timestampFromMs(endMs) },
      distanceM:
        stops.length > 0 && last !== undefined && location !== undefined
          ? Math.round(distanceM(last, location))
          : 0,
    });
    last = location ?? last;
  }
  return stops;
}

/** Events with a time of day; whole-day ones such as holidays are no stop. */
const isTimedOn = ({ details }: Listing, day: CivilDay, timeZone: string): boolean => {
  if (
    details.case !== "event" ||
    details.value.window?.startTime === undefined ||
    details.value.window.allDay
  )
    return false;
  const startMs = timestampMs(details.value.window.startTime);
  return startMs >= instantMs(day, 0, timeZone) && startMs < instantMs(day, 1440, timeZone);
};

function overlaps({ details }: Listing, startMs: number, endMs: number): boolean {
  const start = details.case === "event" ? details.value.window?.startTime : undefined;
  return start !== undefined && timestampMs(start) >= startMs && timestampMs(start) < endMs;
}

/** What a stop costs, in metres: the way to it, its rank, and the rain. */
function costOf({ listing, rank }: Candidate, from: ItineraryInput["start"], wet: boolean): number {
  const leg =
    from === undefined || listing.location === undefined
      ? 1_000
      : Math.min(MAX_LEG_M, distanceM(from, listing.location));
  const { details } = listing;
  const category =
    details.case === "attraction" || details.case === "experience" ? details.value.category : "";
  const words = `${category} ${listing.title.toLowerCase()}`;
  const rain = !wet ? 0 : OUTDOORS.test(words) ? RAIN_PENALTY_M : INDOORS.test(words) ? -RAIN_PENALTY_M : 0;
  return leg + rank * METRES_PER_RANK + rain;
}

function best<T>(values: readonly T[], cost: (value: T) => number): T | undefined {
  let found: T | undefined;
  let least = Infinity;
  for (const value of values) {
    const own = cost(value);
    if (own < least) [found, least] = [value, own];
  }
  return found;
}
