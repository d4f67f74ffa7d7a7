import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { Clock } from "../../services/content-fetcher/resilience/clock.ts";

/** A clock that stands still until it is turned. */
export interface ManualClock extends Clock {
  /** Timers that have not fired. */
  readonly timerCount: () => number;
  /** Turns on, and stops at each timer on the way so that what waited for it runs before the next one. */
  readonly advance: (ms: number) => Promise<void>;
}

export function createManualClock(): ManualClock {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();
  return {
    now: () => nowMs,
    startTimer: (delayMs, fire) => {
      const timer = { atMs: nowMs + delayMs, fire };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    timerCount: () => timers.size,
    advance: async (ms) => {
      const endMs = nowMs + ms;
      await turnOfTheLoop();
      for (;;) {
        const [next] = [...timers].sort((a, b) => a.atMs - b.atMs);
        if (next === undefined || next.atMs > endMs) break;
        nowMs = Math.max(nowMs, next.atMs);
        timers.delete(next);
        next.fire();
        await turnOfTheLoop();
      }
      nowMs = endMs;
      await turnOfTheLoop();
    },
  };
}
