import { timestampMs } from "@bufbuild/protobuf/wkt";
import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { createZoneClock } from "../assemble/civil-time.ts";
import { openSpans, toHoursDay, type Hours } from "../assemble/hours/hours.ts";
import { readHours } from "../assemble/hours/read-hours.ts";
import { holidaysOf } from "../assemble/itinerary/holidays.ts";
import type { Rule } from "./rule.ts";

/**
 * Nobody is sent to a closed door: where the hours of a stop are known, it is within them. An event is open when it
 * happens, whatever its venue's hours are.
 */
export const closures: Rule = {
  name: "stop-closed",
  weight: 3,
  check: ({ sections, spec, destination, itineraryDays }) => {
    const start = spec?.startDate;
    if (start === undefined || itineraryDays.length === 0) return undefined;
    const clock = createZoneClock(destination?.timeZone ?? "UTC");
    const isHoliday = holidaysOf(sections, start, spec?.dayCount ?? 0, clock);
    // One place can stand in two sections, with the hours of two providers: one of them that fits will do.
    const listings = Map.groupBy(
      sections.flatMap((section) => section.listings),
      ({ key }) => key,
    );
    const read = new Map<string, Hours | undefined>();
    const hoursOf = (text: string): Hours | undefined => {
      if (!read.has(text)) read.set(text, readHours(text));
      return read.get(text);
    };
    return itineraryDays.flatMap(({ date, stops }) => {
      const day = date && toHoursDay(date, isHoliday);
      return stops.flatMap(({ listingKey, window }) => {
        const same = listings.get(listingKey) ?? [];
        const [first] = same;
        if (
          first === undefined ||
          date === undefined ||
          day === undefined ||
          !window?.startTime ||
          !window.endTime
        )
          return [];
        const [fromMs, toMs] = [timestampMs(window.startTime), timestampMs(window.endTime)];
        const closed = same.every(({ openingHours, details }) => {
          if (details.case === "event") return false;
          const hours = hoursOf(openingHours);
          const spans = hours && openSpans(hours, day);
          return (
            spans !== undefined &&
            !spans.some(([from, to]) => clock.toMs(date, from) <= fromMs && toMs <= clock.toMs(date, to))
          );
        });
        return closed
          ? [{ kind: SectionKind.UNSPECIFIED, message: `closed when the itinerary is there: ${first.title}` }]
          : [];
      });
    });
  },
};
