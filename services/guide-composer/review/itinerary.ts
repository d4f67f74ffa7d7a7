import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

export const itinerary: Rule = {
  name: "itinerary",
  weight: 3,
  check: (guide) => {
    const keys = new Set(guide.sections.flatMap(({ listings }) => listings.map(({ key }) => key)));
    const found: string[] = [];
    if (keys.size > 0 && guide.itineraryDays.length !== guide.spec?.dayCount)
      found.push(`${guide.itineraryDays.length} days for ${guide.spec?.dayCount}`);
    for (const [index, { stops }] of guide.itineraryDays.entries()) {
      const before = new Set(guide.itineraryDays[index - 1]?.stops.map(({ listingKey }) => listingKey));
      if (stops.some(({ listingKey }) => !keys.has(listingKey)))
        found.push(`day ${index + 1} has a stop that is no listing of the guide`);
      if (stops.some(({ listingKey }) => before.has(listingKey)))
        found.push(`day ${index + 1} repeats a stop of the day before`);
    }
    return found.map((message) => ({ kind: SectionKind.UNSPECIFIED, message }));
  },
};
