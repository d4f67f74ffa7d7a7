import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ItineraryDay } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

/** One day for each day of the trip; stops are listings of the guide, one after the other, and none on two days running. */
export const itinerary: Rule = {
  name: "itinerary",
  weight: 3,
  check: (guide) => {
    if (guide.itineraryDays.length === 0) return undefined;
    const keys = new Set(guide.sections.flatMap(({ listings }) => listings.map(({ key }) => key)));
    const asked = guide.spec?.dayCount ?? 0;
    return [
      ...(guide.itineraryDays.length === asked ? [] : [`${guide.itineraryDays.length} days for ${asked}`]),
      ...guide.itineraryDays.flatMap((day, index) =>
        problemsOf(day, guide.itineraryDays[index - 1], keys, index + 1),
      ),
    ].map((message) => ({ kind: SectionKind.UNSPECIFIED, message }));
  },
};

function problemsOf(
  { stops }: ItineraryDay,
  before: ItineraryDay | undefined,
  keys: ReadonlySet<string>,
  number: number,
): readonly string[] {
  const yesterday = new Set(before?.stops.map(({ listingKey }) => listingKey));
  const problems: string[] = [];
  if (stops.some(({ listingKey }) => !keys.has(listingKey)))
    problems.push(`day ${number} has a stop that is no listing of the guide`);
  if (stops.some(({ listingKey }) => yesterday.has(listingKey)))
    problems.push(`day ${number} repeats a stop of the day before`);
  if (new Set(stops.map(({ listingKey }) => listingKey)).size < stops.length)
    problems.push(`day ${number} has a stop twice`);
  if (!inTurn(stops)) problems.push(`day ${number} has stops that overlap`);
  return problems;
}

const inTurn = (stops: ItineraryDay["stops"]): boolean =>
  stops.every(({ window }, index) => {
    const before = stops[index - 1]?.window?.endTime;
    const [start, end] = [window?.startTime, window?.endTime];
    return (
      start !== undefined &&
      end !== undefined &&
      timestampMs(start) < timestampMs(end) &&
      (before === undefined || timestampMs(before) <= timestampMs(start))
    );
  });
