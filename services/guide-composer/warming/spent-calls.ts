const MINUTE_MS = 60_000;

/** Calls to providers that warming has made in the last minute, against what it may make. */
export interface SpentCalls {
  /** Calls that may still be made now. */
  readonly leftCount: () => number;
  /**
   * Takes calls before they are made.
   *
   * @returns what is told how many were made
   */
  readonly take: (count: number) => (madeCount: number) => void;
}

/**
 * @param maxPerMinute in any 60 s
 * @param monotonicNow milliseconds
 */
export function createSpentCalls(maxPerMinute: number, monotonicNow: () => number): SpentCalls {
  let spent: { atMs: number; count: number }[] = [];
  return {
    leftCount: () => {
      spent = spent.filter(({ atMs }) => monotonicNow() - atMs < MINUTE_MS);
      return maxPerMinute - spent.reduce((sum, { count }) => sum + count, 0);
    },
    take: (count) => {
      const taken = { atMs: monotonicNow(), count };
      spent.push(taken);
      return (madeCount) => {
        // Calls are made until now: they leave the minute that begins here.
        taken.atMs = monotonicNow();
        taken.count = madeCount;
      };
    },
  };
}
