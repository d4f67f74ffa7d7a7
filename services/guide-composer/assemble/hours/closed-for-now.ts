import type { Hours } from "./hours.ts";

/** A place that says this in place of its hours is closed, for nobody knows how long, whatever its hours were. */
export const isClosedForNow = (openingHours: string): boolean =>
  /^\s*(?:temporarily closed|closed temporarily)\b/i.test(openingHours);

export const CLOSED_FOR_NOW: Hours = [
  {
    dates: undefined,
    weekdays: new Set([0, 1, 2, 3, 4, 5, 6]),
    holidays: true,
    spans: [],
    additional: false,
  },
];
