import type { Section } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Finding, Rule } from "./rule.ts";

/**
 * Phrases that were once shown to travellers as if they said something about a place. As a title or a value each of
 * them is filler; the longer ones are so in any text.
 */
export const FILLER_PHRASES = [
  "local restaurant",
  "hotel restaurant",
  "unknown destination",
  "explore the city",
  "explore neighborhoods and local culture",
  "contact hotel concierge",
  "research local tipping customs",
  "perfect weather for exploring",
  "no real events found",
] as const;

/** From so many words on a phrase does not come about by chance. */
const MIN_TELLING_WORDS = 3;
const ANYWHERE = new RegExp(
  FILLER_PHRASES.filter(
    (phrase) => phrase.split(" ").length >= MIN_TELLING_WORDS && phrase !== "explore the city",
  ).join("|"),
  "i",
);

/** Nothing in a guide is there to fill space. */
export const filler: Rule = {
  name: "filler",
  weight: 3,
  check: ({ sections, destination }) => {
    if (sections.length === 0) return undefined;
    const place = destination?.displayName.toLowerCase() ?? "";
    const titles = new Set<string>([...FILLER_PHRASES, `explore ${place}`]);
    return sections.flatMap((section) => findIn(section, titles));
  },
};

function findIn(
  { kind, listings, narratives, facts }: Section,
  titles: ReadonlySet<string>,
): readonly Finding[] {
  const short = [...listings.map(({ title }) => title), ...facts.map(({ value }) => value)];
  const long = [...short, ...listings.map(({ summary }) => summary), ...narratives.map(({ text }) => text)];
  return [
    ...short
      .filter((text) => titles.has(text.trim().toLowerCase()))
      .map((text) => ({ kind, message: `says nothing: ${text.trim().toLowerCase()}` })),
    ...long.flatMap((text) => {
      const phrase = ANYWHERE.exec(text)?.[0];
      return phrase !== undefined && !titles.has(text.trim().toLowerCase())
        ? [{ kind, message: `a text holds filler: ${phrase.toLowerCase()}` }]
        : [];
    }),
  ];
}
