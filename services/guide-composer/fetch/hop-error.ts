import { fromWire } from "../../../shared/error-wire.ts";
import { ServiceError, type Reason } from "../../../shared/errors.ts";

/** When content-fetcher names no time to wait: a replica is back, or another one found, within about that. */
const RETRY_DELAY_MS = 1_000;

/**
 * What content-fetcher's own refusals mean here. A request that it does not take is a defect of the composer's, which
 * made the request; to its caller that request means nothing. All other reasons mean the same to both.
 */
const MEANING: Readonly<Partial<Record<Reason, Reason>>> = {
  SHUTTING_DOWN: "CONTENT_SERVICE_UNAVAILABLE",
  REQUEST_INVALID: "INTERNAL",
  REQUEST_UNSUPPORTED: "INTERNAL",
  REQUEST_TOO_LARGE: "INTERNAL",
  RESOURCE_NOT_FOUND: "INTERNAL",
};

/**
 * Why a call to content-fetcher failed, as the composer's own error. When the call was ended from this side, that is
 * what it was ended with.
 *
 * @param signal of the call
 * @param timeLimit whose time the call had: when it was the composer's own, its end says nothing of the caller's deadline
 */
export function toHopError(error: unknown, signal: AbortSignal, timeLimit: "caller" | "own"): ServiceError {
  if (signal.aborted && signal.reason instanceof ServiceError) return signal.reason;
  const known = fromWire(error);
  const timedOut = known.reason === "DEADLINE_EXPIRED" && timeLimit === "own";
  const reason = timedOut ? "CONTENT_SERVICE_UNAVAILABLE" : (MEANING[known.reason] ?? known.reason);
  const unavailable = reason === "CONTENT_SERVICE_UNAVAILABLE";
  const retryDelayMs = known.retryDelayMs ?? (unavailable ? RETRY_DELAY_MS : undefined);
  const { trace_id: _, ...metadata } = known.metadata;
  return new ServiceError(reason, unavailable ? "The content service cannot be reached" : known.message, {
    cause: error,
    metadata: reason === "DEADLINE_EXPIRED" ? { step: "fetch" } : metadata,
    ...(retryDelayMs !== undefined && { retryDelayMs }),
  });
}
