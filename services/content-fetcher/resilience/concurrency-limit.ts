import { ServiceError } from "../../../shared/errors.ts";
import type { Clock } from "./clock.ts";
import type { Policy } from "./policy.ts";
import { createWaitingRoom } from "./waiting-room.ts";

const MAX_WAITING_COUNT = 100;
/** A limit that nobody has published is felt for from here on. */
const START_COUNT = 8;
/** Weight of the newest latency in the average of the last few attempts. */
const FEW_WEIGHT = 0.2;
/**
 * What of a slower average the usual latency takes over with each attempt. Little, because a provider that we overload
 * looks just as one that has become slower: the limit must shrink before the queue counts as usual.
 */
const DRIFT = 0.0005;
/** How much slower than usual a provider may get before fewer attempts run at the same time. */
const TOLERANCE = 1.5;
/** How much of each new estimate of the limit is taken over. */
const SMOOTHING = 0.2;
/** What a failed attempt leaves of the limit. */
const BACKOFF = 0.8;

export interface ConcurrencyLimit extends Policy {
  /** Tells how an attempt went: answered, or failed or refused by the provider; not what ended for reasons of ours. */
  readonly observe: (latencyMs: number, end: "answered" | "failed") => void;
  readonly limitCount: () => number;
  readonly activeCount: () => number;
  readonly queuedCount: () => number;
}

/**
 * Lets as many calls run at the same time as the provider takes without getting slower, and makes the others wait by
 * priority. The limit follows the gradient of the latency: it shrinks in proportion when the last few attempts were
 * slower than is usual, and grows by its square root while they were not and it is used.
 *
 * @param maxActiveCount what the provider allows; undefined when it publishes nothing
 * @param ceilingCount sockets that there are for a provider; bounds both
 */
export function createConcurrencyLimit(
  clock: Clock,
  maxActiveCount: number | undefined,
  ceilingCount: number,
): ConcurrencyLimit {
  const highest = Math.min(ceilingCount, Math.max(1, maxActiveCount ?? ceilingCount));
  let limit = Math.min(highest, maxActiveCount ?? START_COUNT);
  let activeCount = 0;
  let averages: { readonly fewMs: number; readonly usualMs: number } | undefined;
  const limitCount = (): number => Math.max(1, Math.floor(limit));
  const room = createWaitingRoom<true>({
    maxCount: MAX_WAITING_COUNT,
    maxWaitMs: undefined,
    clock,
    refusal: () =>
      new ServiceError("OVERLOADED", "too many calls wait for the provider", {
        // What those who wait will take, as attempts have gone of late.
        retryDelayMs: Math.ceil((MAX_WAITING_COUNT / limitCount()) * (averages?.fewMs ?? 100)),
      }),
  });

  function admitWaiting(): void {
    while (activeCount < limitCount() && room.admit(() => true) !== undefined) activeCount += 1;
  }

  return {
    limitCount,
    activeCount: () => activeCount,
    queuedCount: room.count,
    observe: (latencyMs, end) => {
      if (end === "failed") {
        limit = Math.max(1, limit * BACKOFF);
        return;
      }
      const before = averages ?? { fewMs: latencyMs, usualMs: latencyMs };
      const fewMs = before.fewMs + FEW_WEIGHT * (latencyMs - before.fewMs);
      const usualMs = Math.min(fewMs, before.usualMs + DRIFT * (fewMs - before.usualMs));
      averages = { fewMs, usualMs };
      // Latency says nothing of a limit that nobody reaches.
      if (activeCount * 2 < limitCount()) return;
      const gradient = fewMs === 0 ? 1 : Math.min(1, Math.max(0.5, (TOLERANCE * usualMs) / fewMs));
      const estimate = limit * gradient + Math.sqrt(limit);
      limit = Math.min(highest, Math.max(1, limit + SMOOTHING * (estimate - limit)));
      admitWaiting();
    },
    execute: async (call, scope) => {
      if (activeCount < limitCount() && room.count() === 0) activeCount += 1;
      else await room.wait(true, scope);
      try {
        return await call(scope);
      } finally {
        activeCount -= 1;
        admitWaiting();
      }
    },
  };
}
