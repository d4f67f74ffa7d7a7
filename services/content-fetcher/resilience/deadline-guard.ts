import { ServiceError } from "../../../shared/errors.ts";
import type { Clock } from "./clock.ts";
import type { Policy } from "./policy.ts";

/**
 * Refuses, unpaid, what cannot end by its deadline as the provider has been of late.
 *
 * @param expectedMs how long an attempt usually takes; undefined while that is not known
 */
export function createDeadlineGuard(clock: Clock, expectedMs: () => number | undefined): Policy {
  return {
    execute: async (call, scope) => {
      const remainingMs = Math.max(0, scope.endMs - clock.now());
      const neededMs = expectedMs() ?? 0;
      if (remainingMs < neededMs) {
        throw new ServiceError("DEADLINE_TOO_SHORT", "the provider usually takes longer than is left", {
          metadata: {
            remaining_ms: String(Math.floor(remainingMs)),
            needed_ms: String(Math.ceil(neededMs)),
          },
        });
      }
      return await call(scope);
    },
  };
}
