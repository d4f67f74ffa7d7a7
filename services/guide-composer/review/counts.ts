import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

/** Listings that a traveller can expect; fewer is said, never padded. */
const EXPECTED: readonly (readonly [SectionKind, number])[] = [
  [SectionKind.ATTRACTIONS, 8],
  [SectionKind.RESTAURANTS, 10],
  [SectionKind.NEIGHBORHOODS, 5],
  [SectionKind.EXPERIENCES, 5],
];

export const counts: Rule = {
  name: "few-listings",
  weight: 1,
  check: (guide) =>
    EXPECTED.flatMap(([kind, count]) => {
      const section = guide.sections.find((candidate) => candidate.kind === kind);
      return section !== undefined && section.listings.length < count
        ? [{ kind, message: `${section.listings.length} listings where ${count} are expected` }]
        : [];
    }),
};
