import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { namedKeys } from "../assemble/itinerary/candidates.ts";
import type { Rule } from "./rule.ts";

/** Every place that the traveller must see is known, and a stop of the itinerary. */
export const mustSee: Rule = {
  name: "must-see-missing",
  weight: 3,
  check: ({ sections, spec, itineraryDays }) => {
    const asked = spec?.preferences?.mustSee ?? [];
    if (asked.length === 0) return undefined;
    const keys = namedKeys(sections, asked);
    const stops = new Set(itineraryDays.flatMap((day) => day.stops.map(({ listingKey }) => listingKey)));
    return asked.flatMap((name) => {
      const key = keys.get(name);
      if (key === undefined)
        return [{ kind: SectionKind.UNSPECIFIED, message: `no provider knows: ${name}` }];
      return stops.has(key)
        ? []
        : [{ kind: SectionKind.UNSPECIFIED, message: `known, but no day has room for it: ${name}` }];
    });
  },
};
