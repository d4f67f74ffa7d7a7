import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  ItineraryDaySchema,
  type ItineraryDay,
  type Section,
} from "../../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Preferences } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { addDays, createZoneClock, toDayNumber, type CivilDay } from "../civil-time.ts";
import { distanceM, type Point } from "../distance.ts";
import { createProjection, goesOut, namedKeys, toCandidates, toTimedEvents } from "./candidates.ts";
import { planDay, type DayInput, type Progress } from "./day.ts";
import { slotsOf } from "./slots.ts";
import type { PlannedStop } from "./stop.ts";
import { holidaysOf } from "./holidays.ts";
import { isWet } from "./weather.ts";

export interface ItineraryInput {
  readonly sections: readonly Section[];
  readonly preferences: Preferences;
  readonly startDate: CivilDay;
  readonly dayCount: number;
  /** IANA name. */
  readonly timeZone: string;
  /** No stop begins before it, milliseconds since the epoch; from the start of the first day when absent. */
  readonly earliestMs?: number | undefined;
  /** No stop ends after it; until the end of the last day when absent. */
  readonly latestMs?: number | undefined;
  /** Middle of the destination: days begin near it. */
  readonly center?: Point | undefined;
  /** Where days begin and end, when it is known. */
  readonly lodging?: Point | undefined;
}

/**
 * One plan for each day of the trip. Stops are listings of the guide, near to each other, open where their hours are
 * known, under a roof when the forecast says rain. No sight comes twice: where the list is short its sights are spread
 * over the days. A restaurant comes again when all have had their turn, never on the next day.
 *
 * @returns nothing when no listing can be a stop
 */
export function planItinerary(input: ItineraryInput): ItineraryDay[] {
  const { sections, preferences } = input;
  const origin = input.lodging ?? input.center ?? firstLocation(sections);
  const project = createProjection(origin ?? { latitude: 0, longitude: 0 });
  const named = new Set(namedKeys(sections, preferences.mustSee).values());
  const candidates = toCandidates(sections, named, project, preferences.interests);
  const events = toTimedEvents(sections, named, project);
  if (candidates.length === 0 && events.length === 0) return [];
  const clock = createZoneClock(input.timeZone);
  const isHoliday = holidaysOf(sections, input.startDate, input.dayCount, clock);
  const forecasts = new Map(
    sections.flatMap((section) =>
      section.forecasts.flatMap((forecast) =>
        forecast.date ? [[toDayNumber(forecast.date), forecast] as const] : [],
      ),
    ),
  );
  const days = Array.from({ length: input.dayCount }, (_, index) => {
    const day = addDays(input.startDate, index);
    return { day, wet: isWet(forecasts.get(toDayNumber(day))) };
  });
  const slots = slotsOf(
    preferences.pace,
    goesOut(preferences) || candidates.some(({ role, must }) => must && role === "evening"),
  );
  const progress: Progress = { used: new Set(), servedOn: new Map() };
  return days.map(({ day, wet }, index) => {
    const dayInput: DayInput = {
      day,
      index,
      wet,
      dryLater: days.slice(index + 1).some((later) => !later.wet),
      leftDayCount: input.dayCount - index,
      slots,
      candidates,
      events,
      isHoliday,
      toMs: (minutes) => clock.toMs(day, minutes),
      earliestMs: input.earliestMs ?? -Infinity,
      latestMs: input.latestMs ?? Infinity,
      start: origin && { x: 0, y: 0 },
      end: input.lodging && { x: 0, y: 0 },
    };
    return create(ItineraryDaySchema, { date: day, stops: toStops(planDay(dayInput, progress), dayInput) });
  });
}

const firstLocation = (sections: readonly Section[]): Point | undefined =>
  sections.flatMap(({ listings }) => listings.flatMap(({ location }) => location ?? []))[0];

const toStops = (planned: readonly PlannedStop[], { toMs }: DayInput) =>
  planned.map(({ listing, from, to }, index) => {
    const before = planned[index - 1]?.listing.location;
    return {
      listingKey: listing.key,
      window: { startTime: timestampFromMs(toMs(from)), endTime: timestampFromMs(toMs(to)) },
      distanceM: before && listing.location ? Math.round(distanceM(before, listing.location)) : 0,
    };
  });
