import { Code, ConnectError } from "@connectrpc/connect";
import { ServiceError } from "./errors.ts";

/** Kept from a caller's deadline, so that a late answer can still be reported in time. As boulder does. */
export const REPORTING_RESERVE_MS = 20;
/** Less than this is not worth starting work for. */
export const MIN_USEFUL_MS = 100;
/** The longest time that a timer of Node can wait; a longer one fires at once. 24.8 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The instant at which a call must have ended, and what tells everybody that it has. */
export interface Deadline {
  /**
   * Fires with a `ServiceError`: DEADLINE_EXPIRED at the deadline, CALLER_GONE when the caller left before,
   * SHUTTING_DOWN when the server could not wait for the call.
   */
  readonly signal: AbortSignal;
  /** Milliseconds that are left for work; 0 when it has passed. */
  readonly remainingMs: () => number;
  /** Ends the timer and the listener. */
  readonly close: () => void;
}

export interface DeadlineOptions {
  /** What the caller gave; undefined when it sets no deadline. */
  readonly timeoutMs: number | undefined;
  /** What a call without a deadline gets. */
  readonly defaultMs: number;
  readonly reserveMs: number;
  /** Fires when the caller leaves. Connect fires it on normal completion too, when nobody listens any more. */
  readonly callerSignal: AbortSignal;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

/**
 * Starts the deadline of a call.
 *
 * @throws ServiceError DEADLINE_TOO_SHORT when less than 100 ms are left for work
 */
export function startDeadline(options: DeadlineOptions): Deadline {
  const totalMs = Math.min((options.timeoutMs ?? options.defaultMs) - options.reserveMs, MAX_TIMER_MS);
  if (totalMs < MIN_USEFUL_MS) {
    throw new ServiceError("DEADLINE_TOO_SHORT", "Too little of the deadline is left for useful work", {
      metadata: { remaining_ms: String(Math.max(0, Math.floor(totalMs))), needed_ms: String(MIN_USEFUL_MS) },
    });
  }
  const endMs = options.now() + totalMs;
  const abort = new AbortController();
  const onGone = (): void => abort.abort(endOfCall(options.callerSignal.reason));
  const timer = setTimeout(() => abort.abort(deadlineExpired()), totalMs);
  options.callerSignal.addEventListener("abort", onGone, { once: true });
  if (options.callerSignal.aborted) onGone();
  return {
    signal: abort.signal,
    remainingMs: () => Math.max(0, endMs - options.now()),
    close: () => {
      clearTimeout(timer);
      options.callerSignal.removeEventListener("abort", onGone);
    },
  };
}

const deadlineExpired = (): ServiceError =>
  new ServiceError("DEADLINE_EXPIRED", "The caller's deadline has passed", { metadata: { step: "work" } });

/**
 * Why a call ended before its work did, from what its signal was aborted with: an error of ours, Connect's own timer
 * for the caller's deadline, or anything else, which is how the connection ended.
 */
export function endOfCall(reason: unknown): ServiceError {
  if (reason instanceof ServiceError) return reason;
  if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) return deadlineExpired();
  return new ServiceError("CALLER_GONE", "The caller has gone", { cause: reason });
}
