import type { Clock } from "./clock.ts";

/** Retries per call that a provider gets at most, over time. */
const SHARE = 0.1;
/** What a provider may be asked again before its first calls have earned anything. */
const START_COUNT = 2;
/** Earned retries are kept up to this, so that a quiet hour does not pay for a storm. */
const MAX_COUNT = 10;
/** A provider that is called seldom earns too little: it gets one retry when none was spent for so long. */
const FLOOR_AFTER_MS = 10_000;

/** Bounds the retries towards one provider: however it fails, it gets hardly more than 1.1 attempts per call. */
export interface RetryBudget {
  /** Counts a call. */
  readonly earn: () => void;
  /** Takes one retry; false when none is left. */
  readonly spend: () => boolean;
}

export function createRetryBudget(clock: Clock): RetryBudget {
  let balance = START_COUNT;
  let spentMs = clock.now();
  return {
    earn: () => {
      balance = Math.min(MAX_COUNT, balance + SHARE);
    },
    spend: () => {
      const nowMs = clock.now();
      if (nowMs - spentMs >= FLOOR_AFTER_MS) balance = Math.max(1, balance);
      if (balance < 1) return false;
      balance -= 1;
      spentMs = nowMs;
      return true;
    },
  };
}
