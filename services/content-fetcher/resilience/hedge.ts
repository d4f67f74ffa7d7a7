import type { Clock } from "./clock.ts";
import type { CallScope, Policy } from "./policy.ts";
import type { RetryBudget } from "./retry-budget.ts";

export interface HedgeOptions {
  readonly clock: Clock;
  /** After how long a second copy is sent, milliseconds; undefined for not at all. */
  readonly delayMs: () => number | undefined;
  /** Pays for second copies as for retries. */
  readonly budget: RetryBudget;
  /** As in `RetryOptions`. */
  readonly takeQuota: (delayMs: number) => boolean;
}

/**
 * Sends a second copy of an attempt that takes longer than usual, and takes the first answer; the other copy is
 * cancelled. For free reads that need no key and nothing else.
 */
export function createHedge(options: HedgeOptions): Policy {
  const { clock, budget, takeQuota } = options;
  return {
    execute: async <T>(call: (scope: CallScope) => Promise<T>, scope: CallScope): Promise<T> => {
      const delayMs = scope.repeatable ? options.delayMs() : undefined;
      if (delayMs === undefined || clock.now() + delayMs >= scope.endMs) return await call(scope);
      scope.signal.throwIfAborted();
      const losers = new AbortController();
      const onAbort = (): void => losers.abort(scope.signal.reason);
      scope.signal.addEventListener("abort", onAbort, { once: true });
      const copyScope = { ...scope, signal: losers.signal };
      let stopTimer = (): void => {};
      try {
        return await new Promise<T>((resolve, reject) => {
          let runningCount = 0;
          const start = (): void => {
            runningCount += 1;
            call(copyScope).then(resolve, (error: unknown) => {
              runningCount -= 1;
              if (runningCount === 0) reject(error);
            });
          };
          start();
          stopTimer = clock.startTimer(delayMs, () => {
            if (runningCount > 0 && budget.spend() && takeQuota(0)) start();
          });
        });
      } finally {
        stopTimer();
        scope.signal.removeEventListener("abort", onAbort);
        losers.abort();
      }
    },
  };
}
