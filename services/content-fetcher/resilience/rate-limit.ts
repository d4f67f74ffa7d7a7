import { ServiceError } from "../../../shared/errors.ts";
import type { Policy } from "./policy.ts";

const MINUTE_MS = 60_000;

/**
 * Keeps to a provider's calls a minute by a token bucket that holds one minute's worth. A call without a token fails
 * at once with PROVIDER_RATE_LIMITED and the time to the next one.
 *
 * @param now monotonic clock, milliseconds
 */
export function createRateLimit(maxCallsPerMinute: number, now: () => number): Policy {
  let tokens = maxCallsPerMinute;
  let filledMs = now();
  return {
    execute: (call, signal) => {
      const nowMs = now();
      tokens = Math.min(maxCallsPerMinute, tokens + ((nowMs - filledMs) / MINUTE_MS) * maxCallsPerMinute);
      filledMs = nowMs;
      if (tokens < 1) {
        const retryDelayMs = ((1 - tokens) / maxCallsPerMinute) * MINUTE_MS;
        return Promise.reject(
          new ServiceError("PROVIDER_RATE_LIMITED", "our share of the provider's rate is used up", {
            retryDelayMs,
          }),
        );
      }
      tokens -= 1;
      return call(signal);
    },
  };
}
