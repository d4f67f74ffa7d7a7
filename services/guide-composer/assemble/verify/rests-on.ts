import type { SettledContent } from "../../plan.ts";

/** Whether a language model named places in it. */
export const namesPlaces = ({ planned, content }: SettledContent): boolean =>
  planned.languageModel && content !== undefined && content.listings.length > 0;

/** Whether others' places are checked against it: a language model would bear itself out. */
export const bearsWitness = ({ planned, content }: SettledContent): boolean =>
  !planned.languageModel &&
  content !== undefined &&
  content.listings.length + content.closedListings.length > 0;

/**
 * The contents of a guide that the verdicts of a section rest on, whatever they say: that none of them knows a place is
 * a finding too. None when there is nothing to check.
 */
export const verdictsRestOn = (
  own: readonly SettledContent[],
  all: readonly SettledContent[],
): readonly SettledContent[] => (own.some(namesPlaces) ? all.filter(bearsWitness) : []);
