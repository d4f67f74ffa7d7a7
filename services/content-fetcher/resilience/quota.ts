import { ServiceError } from "../../../shared/errors.ts";
import type { Clock } from "./clock.ts";
import type { CallScope, Policy } from "./policy.ts";
import { createWaitingRoom } from "./waiting-room.ts";

const MINUTE_MS = 60_000;
/** What follows a 429 that names no time: Overpass keeps refusing clients that come back within 30 s. */
const DEFAULT_PAUSE_MS = 30_000;
/** A call waits no longer than this for its turn: it would hold up a whole guide. */
const MAX_WAIT_MS = 5_000;
const MAX_WAITING_COUNT = 100;

export interface QuotaOptions {
  readonly clock: Clock;
  /** Calls a minute that the provider's rules allow; undefined when it publishes none. */
  readonly maxCallsPerMinute: number | undefined;
  /** Calls at once after a rest; at least 1. */
  readonly maxBurstCount: number;
}

/** What a provider's answer says of our share. */
export interface QuotaSeen {
  readonly remainingCount: number;
  /** Until the share is renewed, milliseconds. */
  readonly resetMs: number;
}

/**
 * Keeps to a provider's quota: its declared calls a minute by a token bucket, and what it says itself, by refusing or
 * in the headers of its answers. A call whose turn comes soon waits for it, the others fail at once with
 * PROVIDER_RATE_LIMITED and the time to come back.
 */
export interface Quota extends Policy {
  /** Takes the share of one call out of turn, to be made after the delay; false when there is none by then. */
  readonly take: (delayMs: number) => boolean;
  /** The provider refused a call for its rate. */
  readonly pause: (delayMs: number | undefined) => void;
  readonly observe: (seen: QuotaSeen) => void;
  /** Calls that may be made now; undefined when the provider has no known quota and has not refused. */
  readonly headroomCount: () => number | undefined;
  readonly queuedCount: () => number;
}

export function createQuota(options: QuotaOptions): Quota {
  const { clock, maxCallsPerMinute, maxBurstCount } = options;
  let tokens = maxBurstCount;
  let filledMs = clock.now();
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** The provider's own count, until it is renewed; goes down with each call. */
  let seen: { remainingCount: number; readonly untilMs: number } | undefined;
  let stopTimer: (() => void) | undefined;
  const refusal = (delayMs: number): ServiceError =>
    new ServiceError("PROVIDER_RATE_LIMITED", "the provider's quota is used up", { retryDelayMs: delayMs });
  const room = createWaitingRoom<true>({
    maxCount: MAX_WAITING_COUNT,
    maxWaitMs: undefined,
    clock,
    refusal: () =>
      new ServiceError("OVERLOADED", "too many calls wait for the provider's quota", {
        retryDelayMs: MAX_WAIT_MS,
      }),
  });

  /** Milliseconds until so many calls may have been made; 0 for now. */
  function delayFor(callCount: number): number {
    const nowMs = clock.now();
    let delayMs = pausedUntilMs - nowMs;
    if (maxCallsPerMinute !== undefined) {
      tokens = Math.min(maxBurstCount, tokens + ((nowMs - filledMs) / MINUTE_MS) * maxCallsPerMinute);
      filledMs = nowMs;
      delayMs = Math.max(delayMs, ((callCount - tokens) / maxCallsPerMinute) * MINUTE_MS);
    }
    if (seen !== undefined && seen.untilMs <= nowMs) seen = undefined;
    if (seen !== undefined && seen.remainingCount < callCount)
      delayMs = Math.max(delayMs, seen.untilMs - nowMs);
    return Math.max(0, delayMs);
  }

  function take(afterMs: number): boolean {
    if (delayFor(1) > afterMs) return false;
    tokens -= 1;
    if (seen !== undefined) seen.remainingCount -= 1;
    return true;
  }

  /** Lets in who waits as their turns come; one timer for all of them. */
  function schedule(): void {
    stopTimer?.();
    stopTimer = undefined;
    while (room.count() > 0) {
      if (!take(0)) {
        // Whole milliseconds, as timers have them: the rounding of a share must not make it fire for nothing, again and again.
        stopTimer = clock.startTimer(Math.max(1, Math.ceil(delayFor(1))), schedule);
        return;
      }
      room.admit(() => true);
    }
  }

  function afterPause(): void {
    const delayMs = delayFor(1);
    if (delayMs > MAX_WAIT_MS) room.clear(refusal(delayMs));
    schedule();
  }

  async function waitForTurn(scope: CallScope): Promise<void> {
    const delayMs = delayFor(room.countAhead(scope.priority) + 1);
    const soon = delayMs <= MAX_WAIT_MS && clock.now() + delayMs < scope.endMs;
    if (!soon) throw refusal(delayMs);
    const turn = room.wait(true, scope);
    schedule();
    try {
      await turn;
    } finally {
      if (room.count() === 0) schedule();
    }
  }

  return {
    take,
    pause: (delayMs) => {
      pausedUntilMs = Math.max(pausedUntilMs, clock.now() + (delayMs ?? DEFAULT_PAUSE_MS));
      afterPause();
    },
    observe: ({ remainingCount, resetMs }) => {
      seen = { remainingCount, untilMs: clock.now() + resetMs };
      if (remainingCount === 0) afterPause();
    },
    headroomCount: () => {
      if (delayFor(1) > 0) return 0;
      const known = [
        ...(maxCallsPerMinute === undefined ? [] : [tokens]),
        ...(seen === undefined ? [] : [seen.remainingCount]),
      ];
      return known.length === 0 ? undefined : Math.floor(Math.min(...known));
    },
    queuedCount: room.count,
    execute: async (call, scope) => {
      if (room.count() > 0 || !take(0)) await waitForTurn(scope);
      return await call(scope);
    },
  };
}
