import type { Rule } from "./rule.ts";

/** An itinerary and a reader tell listings apart by their keys. */
export const keys: Rule = {
  name: "key-repeated",
  weight: 2,
  check: ({ sections }) => {
    if (sections.every(({ listings }) => listings.length === 0)) return undefined;
    return sections.flatMap(({ kind, listings }) => {
      const repeated = listings.length - new Set(listings.map(({ key }) => key)).size;
      return repeated > 0
        ? [{ kind, message: `listings that share a key with another one: ${repeated}` }]
        : [];
    });
  },
};
