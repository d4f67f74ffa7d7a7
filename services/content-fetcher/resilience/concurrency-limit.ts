import PQueue from "p-queue";
import { ServiceError } from "../../../shared/errors.ts";
import type { Policy } from "./policy.ts";

export interface ConcurrencyLimit extends Policy {
  readonly activeCount: () => number;
  readonly queuedCount: () => number;
}

/**
 * Lets a number of calls run and makes the others wait in order.
 *
 * @param maxActiveCount calls at the same time; at least 1
 * @param maxQueuedCount calls that may wait; further ones are refused at once with PROVIDER_RATE_LIMITED
 */
export function createConcurrencyLimit(maxActiveCount: number, maxQueuedCount: number): ConcurrencyLimit {
  const queue = new PQueue({ concurrency: maxActiveCount });
  return {
    activeCount: () => queue.pending,
    queuedCount: () => queue.size,
    execute: async (call, signal) => {
      if (queue.size >= maxQueuedCount) {
        throw new ServiceError("PROVIDER_RATE_LIMITED", "too many calls wait for the provider", {
          retryDelayMs: 1_000,
        });
      }
      signal.throwIfAborted();
      // A waiting call leaves the queue with its signal; its place is given up when its turn comes.
      const { promise: gone, reject } = Promise.withResolvers<never>();
      const leave = (): void => reject(signal.reason);
      signal.addEventListener("abort", leave, { once: true });
      try {
        const turn = queue.add(async () => {
          signal.throwIfAborted();
          return await call(signal);
        });
        turn.catch(() => {});
        return await Promise.race([turn, gone]);
      } finally {
        signal.removeEventListener("abort", leave);
      }
    },
  };
}
