import { ServiceError, type Reason } from "../../../shared/errors.ts";
import { sleep, type Clock } from "./clock.ts";
import type { CallScope, Policy } from "./policy.ts";
import type { RetryBudget } from "./retry-budget.ts";

export interface RetryOptions {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly budget: RetryBudget;
  /** How long an attempt usually takes, milliseconds; undefined while that is not known. */
  readonly expectedMs: () => number | undefined;
  /** Whether the provider's quota allows one attempt more after that delay; takes it when it does. */
  readonly takeQuota: (delayMs: number) => boolean;
}

const MAX_ATTEMPT_COUNT = 3;
/** Full jitter: a random pause between 0 and this, which doubles with each attempt. */
const BASE_DELAY_MS = 200;
/** A `Retry-After` above this ends the call instead of pausing it: it would hold up a whole guide. */
const MAX_RETRY_DELAY_MS = 5_000;

/** Reasons after which another attempt can help, and whether the request may have taken effect at the provider. */
const REPEATED: Readonly<Partial<Record<Reason, "was refused" | "may have taken effect">>> = {
  PROVIDER_RATE_LIMITED: "was refused",
  PROVIDER_UNAVAILABLE: "may have taken effect",
  PROVIDER_TIMEOUT: "may have taken effect",
};

/**
 * Tries again where that is safe, can help, ends in time and is within the budget; else the error stands, with the
 * provider's own delay when it named one.
 */
export function createRetry(options: RetryOptions): Policy {
  const { clock, random, budget, expectedMs } = options;

  /** Milliseconds to the next attempt; undefined for none. */
  function delayAfter(attempt: number, error: unknown, scope: CallScope): number | undefined {
    if (attempt >= MAX_ATTEMPT_COUNT || !(error instanceof ServiceError)) return undefined;
    const effect = REPEATED[error.reason];
    if (effect === undefined || (effect === "may have taken effect" && !scope.repeatable)) return undefined;
    // After a refusal that names no time an early attempt would be refused as well.
    if (effect === "was refused" && error.retryDelayMs === undefined) return undefined;
    const delayMs = error.retryDelayMs ?? random() * BASE_DELAY_MS * 2 ** (attempt - 1);
    if (delayMs > MAX_RETRY_DELAY_MS) return undefined;
    if (clock.now() + delayMs + (expectedMs() ?? 0) > scope.endMs) return undefined;
    return budget.spend() && options.takeQuota(delayMs) ? delayMs : undefined;
  }

  return {
    execute: async (call, scope) => {
      budget.earn();
      let earlier: unknown;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await call(scope);
        } catch (error) {
          // The circuit has opened meanwhile, by failures such as this call's own: that is what its caller is told.
          if (attempt > 1 && error instanceof ServiceError && error.reason === "PROVIDER_CIRCUIT_OPEN")
            throw earlier;
          earlier = error;
          const delayMs = delayAfter(attempt, error, scope);
          if (delayMs === undefined) throw error;
          await sleep(clock, delayMs, scope.signal);
        }
      }
    },
  };
}
