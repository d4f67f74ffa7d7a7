import { ServiceError } from "../../../shared/errors.ts";
import type { Policy } from "./policy.ts";

/** @param timeoutMs from asking for a socket to the last byte of the body */
export function createAttemptTimeout(timeoutMs: number): Policy {
  return {
    execute: async (call, signal) => {
      const abort = new AbortController();
      const timer = setTimeout(() => {
        abort.abort(new ServiceError("PROVIDER_TIMEOUT", `no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      try {
        return await call(AbortSignal.any([signal, abort.signal]));
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
