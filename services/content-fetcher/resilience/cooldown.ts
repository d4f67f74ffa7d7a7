import { ServiceError } from "../../../shared/errors.ts";
import type { Policy } from "./policy.ts";

/** What follows a 429 that names no time: Overpass keeps refusing clients that come back within 30 s. */
const DEFAULT_PAUSE_MS = 30_000;

/**
 * Leaves a provider alone after it has refused a call for its rate: until its `Retry-After` has passed, calls fail at
 * once and say when to come back.
 *
 * @param now monotonic clock, milliseconds
 */
export function createCooldown(now: () => number): Policy {
  let untilMs = 0;
  return {
    execute: async (call, signal) => {
      const leftMs = untilMs - now();
      if (leftMs > 0) {
        throw new ServiceError("PROVIDER_RATE_LIMITED", "the provider asked for a pause", {
          retryDelayMs: leftMs,
        });
      }
      try {
        return await call(signal);
      } catch (error) {
        if (error instanceof ServiceError && error.reason === "PROVIDER_RATE_LIMITED") {
          untilMs = now() + (error.retryDelayMs ?? DEFAULT_PAUSE_MS);
        }
        throw error;
      }
    },
  };
}
