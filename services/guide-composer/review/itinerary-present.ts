import type { Guide } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { isVouchedFor } from "../assemble/verify/standing.ts";
import type { Rule } from "./rule.ts";

/** Whether a listing can be a stop at all: neighborhoods, whole-day events and what nobody vouches for cannot. */
const canBeStop = (guide: Guide): boolean =>
  guide.sections.some(
    ({ kind, listings }) =>
      listings.some(isVouchedFor) &&
      (kind === SectionKind.ATTRACTIONS ||
        kind === SectionKind.RESTAURANTS ||
        kind === SectionKind.EXPERIENCES),
  );

/** There is a plan for the days as soon as there is something to plan with. */
export const itineraryPresent: Rule = {
  name: "itinerary-missing",
  weight: 3,
  check: (guide) =>
    !canBeStop(guide)
      ? undefined
      : guide.itineraryDays.some(({ stops }) => stops.length > 0)
        ? []
        : [{ kind: SectionKind.UNSPECIFIED, message: "no day has a stop although the guide has listings" }],
};
