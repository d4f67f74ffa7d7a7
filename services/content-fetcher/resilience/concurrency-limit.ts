import { ServiceError } from "../../../shared/errors.ts";
import type { Clock } from "./clock.ts";
import type { Policy } from "./policy.ts";
import type { Verdict } from "./verdict.ts";
import { createWaitingRoom } from "./waiting-room.ts";

const MAX_WAITING_COUNT = 100;
/** A limit that nobody has published is felt for from here on. */
const START_COUNT = 8;
/** Weights of the newest latency in the averages over a few and over many attempts. */
const FEW_WEIGHT = 0.2;
const MANY_WEIGHT = 0.02;
/** How much slower than usual a provider may get before fewer attempts run at the same time. */
const TOLERANCE = 1.5;
/** How much of each new estimate of the limit is taken over. */
const SMOOTHING = 0.2;
/** What a failed or refused attempt leaves of the limit. */
const BACKOFF = 0.8;

export interface ConcurrencyLimit extends Policy {
  /** Tells how an attempt went. */
  readonly observe: (latencyMs: number, end: Verdict | "refused") => void;
  readonly limitCount: () => number;
  readonly activeCount: () => number;
  readonly queuedCount: () => number;
}

/**
 * Lets as many calls run at the same time as the provider takes without getting slower, and makes the others wait by
 * priority. The limit follows the gradient of the latency: it shrinks in proportion when the last few attempts were
 * slower than the many before them, and grows by its square root while they were not and it is used.
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
  let averages: { readonly fewMs: number; readonly manyMs: number } | undefined;
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
      if (end === "none") return;
      if (end !== "answered") {
        limit = Math.max(1, limit * BACKOFF);
        return;
      }
      const before = averages ?? { fewMs: latencyMs, manyMs: latencyMs };
      const fewMs = before.fewMs + FEW_WEIGHT * (latencyMs - before.fewMs);
      const manyMs = before.manyMs + MANY_WEIGHT * (latencyMs - before.manyMs);
      averages = { fewMs, manyMs };
      // Latency says nothing of a limit that nobody reaches.
      if (activeCount * 2 < limitCount()) return;
      const gradient = fewMs === 0 ? 1 : Math.min(1, Math.max(0.5, (TOLERANCE * manyMs) / fewMs));
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
