import { timestampMs } from "@bufbuild/protobuf/wkt";
import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { createZoneClock } from "../assemble/civil-time.ts";
import { openSpans } from "../assemble/hours/hours.ts";
import { readHours } from "../assemble/hours/read-hours.ts";
import { holidaysOf } from "../assemble/itinerary/holidays.ts";
import type { Rule } from "./rule.ts";

/** Nobody is sent to a closed door: where the hours of a stop are known, it is within them. */
export const closures: Rule = {
  name: "stop-closed",
  weight: 3,
  check: ({ sections, spec, destination, itineraryDays }) => {
    const start = spec?.startDate;
    if (start === undefined || itineraryDays.length === 0) return undefined;
    const clock = createZoneClock(destination?.timeZone ?? "UTC");
    const isHoliday = holidaysOf(sections, start, spec?.dayCount ?? 0, clock);
    const listings = new Map(
      sections.flatMap((section) => section.listings.map((listing) => [listing.key, listing])),
    );
    return itineraryDays.flatMap(({ date, stops }) =>
      stops.flatMap(({ listingKey, window }) => {
        const { title = "", openingHours = "" } = listings.get(listingKey) ?? {};
        const hours = readHours(openingHours);
        if (hours === undefined || date === undefined || !window?.startTime || !window.endTime) return [];
        const spans = openSpans(hours, date, isHoliday);
        const [fromMs, toMs] = [timestampMs(window.startTime), timestampMs(window.endTime)];
        const open = spans?.some(
          ([from, to]) => clock.toMs(date, from) <= fromMs && toMs <= clock.toMs(date, to),
        );
        return open === false
          ? [{ kind: SectionKind.UNSPECIFIED, message: `closed when the itinerary is there: ${title}` }]
          : [];
      }),
    );
  },
};
