import type { Rule } from "./rule.ts";

/** Less is a heading, not a text. */
const MIN_NARRATIVE_CHARACTERS = 50;
/** A narrative says something. */
export const narratives: Rule = {
  name: "text-too-short",
  weight: 1,
  check: ({ sections }) => {
    const judged = sections.filter((section) => section.narratives.length > 0);
    if (judged.length === 0) return undefined;
    return judged.flatMap(({ kind, narratives: texts }) => {
      const short = texts.filter(({ text }) => text.length < MIN_NARRATIVE_CHARACTERS);
      return short.length > 0
        ? [{ kind, message: `texts of fewer than ${MIN_NARRATIVE_CHARACTERS} characters: ${short.length}` }]
        : [];
    });
  },
};
