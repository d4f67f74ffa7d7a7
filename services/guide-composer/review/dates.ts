import { timestampMs } from "@bufbuild/protobuf/wkt";
import { SectionKind, type Listing } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { addDays, createZoneClock, toDayNumber } from "../assemble/civil-time.ts";
import type { Rule } from "./rule.ts";

/** Forecasts are for days of the trip, and events overlap it. */
export const dates: Rule = {
  name: "outside-the-dates",
  weight: 3,
  check: ({ sections, spec, destination }) => {
    const forecasts = sections.flatMap((section) => section.forecasts);
    const events = sections
      .flatMap(({ listings }) => listings)
      .filter(({ details }) => details.case === "event");
    const start = spec?.startDate;
    if (start === undefined || forecasts.length + events.length === 0) return undefined;
    const end = addDays(start, spec?.dayCount ?? 0);
    const strays = forecasts.filter(
      ({ date }) =>
        date === undefined || toDayNumber(date) < toDayNumber(start) || toDayNumber(date) >= toDayNumber(end),
    );
    const clock = createZoneClock(destination?.timeZone ?? "UTC");
    const [startMs, endMs] = [clock.toMs(start, 0), clock.toMs(end, 0)];
    const outside = events.filter((event) => !overlaps(event, startMs, endMs));
    return [
      ...(strays.length > 0
        ? [{ kind: SectionKind.WEATHER, message: `forecasts outside the dates: ${strays.length}` }]
        : []),
      ...(outside.length > 0
        ? [{ kind: SectionKind.EVENTS, message: `events outside the dates: ${outside.length}` }]
        : []),
    ];
  },
};

/** An event whose end is not known is at least at its start. */
function overlaps({ details }: Listing, startMs: number, endMs: number): boolean {
  const window = details.case === "event" ? details.value.window : undefined;
  if (window?.startTime === undefined) return false;
  const fromMs = timestampMs(window.startTime);
  const toMs = window.endTime === undefined ? fromMs + 1 : timestampMs(window.endTime);
  return fromMs < endMs && toMs > startMs;
}
