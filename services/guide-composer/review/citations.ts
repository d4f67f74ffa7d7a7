import type { Rule } from "./rule.ts";

export const citations: Rule = {
  name: "citation-missing",
  weight: 5,
  check: (guide) =>
    guide.sections.flatMap((section) =>
      [...section.narratives, ...section.facts, ...section.listings, ...section.forecasts].some(
        (item) => item.citations.length === 0,
      )
        ? [{ kind: section.kind, message: "an item has no citation" }]
        : [],
    ),
};
