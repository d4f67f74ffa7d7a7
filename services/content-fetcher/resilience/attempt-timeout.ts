import { ServiceError } from "../../../shared/errors.ts";
import type { Clock } from "./clock.ts";
import type { Policy } from "./policy.ts";

/**
 * Ends an attempt with PROVIDER_TIMEOUT after its time. Where the call's deadline comes first, that ends it, by the
 * call's own signal.
 *
 * @param timeoutMs from asking for a socket to the last byte of the body
 */
export function createAttemptTimeout(timeoutMs: number, clock: Clock): Policy {
  return {
    execute: async (call, scope) => {
      scope.signal.throwIfAborted();
      const endMs = clock.now() + timeoutMs;
      if (endMs >= scope.endMs) return await call(scope);
      // One controller of its own: `AbortSignal.any` costs several times as much per attempt.
      const abort = new AbortController();
      const onAbort = (): void => abort.abort(scope.signal.reason);
      scope.signal.addEventListener("abort", onAbort, { once: true });
      const stop = clock.startTimer(timeoutMs, () =>
        abort.abort(new ServiceError("PROVIDER_TIMEOUT", `no answer within ${timeoutMs} ms`)),
      );
      try {
        return await call({ ...scope, signal: abort.signal, endMs });
      } finally {
        stop();
        scope.signal.removeEventListener("abort", onAbort);
      }
    },
  };
}
