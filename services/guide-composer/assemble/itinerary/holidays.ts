import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Section } from "../../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { addDays, toDayNumber, type CivilDay, type ZoneClock } from "../civil-time.ts";

const DAY_MS = 86_400_000;
const NOON_MINUTES = 720;

/** Public holidays are those of the guide's own events; without them no day is one. */
export function holidaysOf(
  sections: readonly Section[],
  startDate: CivilDay,
  dayCount: number,
  clock: ZoneClock,
): (day: CivilDay) => boolean {
  const windows = sections
    .filter(({ kind }) => kind === SectionKind.EVENTS)
    .flatMap(({ listings }) => listings)
    .flatMap(({ details }) =>
      details.case === "event" && details.value.category === "public-holiday"
        ? (details.value.window ?? [])
        : [],
    )
    .flatMap(({ startTime, endTime }) =>
      startTime ? [{ fromMs: timestampMs(startTime), toMs: endTime && timestampMs(endTime) }] : [],
    );
  if (windows.length === 0) return () => false;
  // From the day before on: what opened then may go on past midnight.
  const days = new Set<number>();
  for (let index = -1; index < dayCount; index += 1) {
    const day = addDays(startDate, index);
    const noonMs = clock.toMs(day, NOON_MINUTES);
    if (windows.some(({ fromMs, toMs: endMs }) => noonMs >= fromMs && noonMs < (endMs ?? fromMs + DAY_MS)))
      days.add(toDayNumber(day));
  }
  return (day) => days.has(toDayNumber(day));
}
