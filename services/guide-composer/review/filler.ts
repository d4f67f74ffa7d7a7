import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Rule } from "./rule.ts";

/** Phrases that say nothing about a place; each was once shown to travellers as if it did. */
export const FILLER_PHRASES = [
  "local restaurant",
  "explore neighborhoods and local culture",
  "hotel restaurant",
  "contact hotel concierge",
  "research local tipping customs",
  "perfect weather for exploring",
] as const;

export const filler: Rule = {
  name: "filler",
  weight: 2,
  check: (guide) => {
    const explore = `explore ${guide.destination?.displayName.toLowerCase()}`;
    const titles = guide.sections.flatMap(({ kind, listings }) =>
      listings.map(({ title }) => ({ kind, title: title.toLowerCase().trim() })),
    );
    return titles
      .filter(({ title }) => title === explore || FILLER_PHRASES.some((phrase) => title === phrase))
      .map(({ kind, title }) => ({
        kind: kind ?? SectionKind.UNSPECIFIED,
        message: `a listing says nothing: ${title}`,
      }));
  },
};
