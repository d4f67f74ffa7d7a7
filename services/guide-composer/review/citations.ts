import type { Rule } from "./rule.ts";

/** Everything in a guide comes from somewhere, and says from where. So heavy that no guide passes without. */
export const citations: Rule = {
  name: "citation-missing",
  weight: 20,
  check: (guide) => {
    const items = guide.sections.flatMap(
      ({ kind, narratives, facts, listings, forecasts, contradictedListings }) =>
        [...narratives, ...facts, ...listings, ...forecasts, ...contradictedListings].map((item) => ({
          kind,
          cited: item.citations.length > 0,
        })),
    );
    if (items.length === 0) return undefined;
    const uncited = items.filter(({ cited }) => !cited);
    return [...new Set(uncited.map(({ kind }) => kind))].map((kind) => ({
      kind,
      message: `without a citation: ${uncited.filter((item) => item.kind === kind).length}`,
    }));
  },
};
