import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { ResolvedQuery } from "../../provider.ts";
import { EVENTS } from "./events.ts";
import { fence, tidy } from "../language-model/fence.ts";
import { OVERVIEW, PRACTICAL } from "./passages.ts";
import { ATTRACTIONS, EXPERIENCES, NEIGHBORHOODS, RESTAURANTS } from "./place-subjects.ts";
import type { Subject } from "./subject.ts";

/** What it is asked about. */
export const SUBJECTS: ReadonlyMap<SectionKind, Subject> = new Map([
  [SectionKind.OVERVIEW, OVERVIEW],
  [SectionKind.ATTRACTIONS, ATTRACTIONS],
  [SectionKind.RESTAURANTS, RESTAURANTS],
  [SectionKind.NEIGHBORHOODS, NEIGHBORHOODS],
  [SectionKind.EVENTS, EVENTS],
  [SectionKind.EXPERIENCES, EXPERIENCES],
  [SectionKind.PRACTICAL, PRACTICAL],
]);

/** Most tokens of an answer, on either API: a longer one would not come within an attempt. */
export const MAX_OUTPUT_TOKENS = 1_500;

/** What is asked: the subject's own words, and what the caller wrote as data. */
export function inputOf(subject: Subject, query: ResolvedQuery): string {
  const { displayName, region, countryCode } = query.destination;
  const data = {
    destination: { name: tidy(displayName), region: tidy(region), country_code: countryCode },
    language: tidy(query.languageCode),
    max_items: subject.dependsOn.includes(QueryAspect.MAX_LISTING_COUNT)
      ? Math.min(subject.maxItemCount, query.maxListingCount)
      : subject.maxItemCount,
    ...subject.told(query),
  };
  return `${subject.task}\n${fence(data)}`;
}

/** Where the search is made from. */
export const userLocationOf = ({ destination: { countryCode, location } }: ResolvedQuery): object => ({
  ...(countryCode !== "" && { country: countryCode }),
  ...(location && { latitude: location.latitude, longitude: location.longitude }),
});
