import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

/** Listings that a traveller can expect; fewer is said, never padded. */
const EXPECTED: ReadonlyMap<SectionKind, number> = new Map([
  [SectionKind.ATTRACTIONS, 8],
  [SectionKind.RESTAURANTS, 10],
  [SectionKind.NEIGHBORHOODS, 5],
  [SectionKind.EVENTS, 5],
  [SectionKind.EXPERIENCES, 5],
]);

/** There is enough to choose from. What could not be had at all is an omission and not counted again here. */
export const counts: Rule = {
  name: "few-listings",
  weight: 1,
  check: ({ sections }) => {
    const judged = sections.filter(({ kind }) => EXPECTED.has(kind));
    if (judged.length === 0) return undefined;
    return judged.flatMap(({ kind, listings }) => {
      const expected = EXPECTED.get(kind) ?? 0;
      return listings.length < expected
        ? [{ kind, message: `${listings.length} of ${expected} expected listings` }]
        : [];
    });
  },
};
