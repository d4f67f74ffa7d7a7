import { timestampMs } from "@bufbuild/protobuf/wkt";
import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

const DAY_MS = 86_400_000;

export const dates: Rule = {
  name: "outside-the-dates",
  weight: 3,
  check: (guide) => {
    const start = guide.spec?.startDate;
    if (start === undefined) return [];
    const startMs = Date.UTC(start.year, start.month - 1, start.day);
    const endMs = startMs + (guide.spec?.dayCount ?? 0) * DAY_MS;
    const forecasts = guide.sections.flatMap((section) => section.forecasts);
    const late = forecasts.filter(({ date }) => {
      const ms = date === undefined ? NaN : Date.UTC(date.year, date.month - 1, date.day);
      return !(ms >= startMs && ms < endMs);
    });
    const events = guide.sections
      .flatMap((section) => section.listings)
      .filter(({ details }) => {
        if (details.case !== "event" || details.value.window?.startTime === undefined)
          return details.case === "event";
        const { startTime, endTime } = details.value.window;
        // A day of tolerance on either side for the time zone.
        return (
          timestampMs(startTime) >= endMs + DAY_MS ||
          (endTime !== undefined && timestampMs(endTime) <= startMs - DAY_MS)
        );
      });
    return [
      ...(late.length > 0
        ? [{ kind: SectionKind.WEATHER, message: `${late.length} forecasts lie outside the dates` }]
        : []),
      ...(events.length > 0
        ? [{ kind: SectionKind.EVENTS, message: `${events.length} events lie outside the dates` }]
        : []),
    ];
  },
};
