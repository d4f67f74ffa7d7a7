/** For whom providers are called. */
export type Purpose = "caller" | "refresh" | "warming";

const MINUTE_MS = 60_000;
/** Calls are counted by the end of the tenth of a second that they fall into: never too early. */
const BUCKET_MS = 100;

/** Part of the limit that calls of a purpose may use up: what is left over is kept for the purposes before it. */
const SHARE = { caller: 1, refresh: 0.7, warming: 0.4 } as const satisfies Record<Purpose, number>;

/**
 * Bounds the calls to providers while the cache that composers share is lost: then each composer loads for itself, and
 * what was served from Redis comes from providers.
 */
export interface SpendGuard {
  /**
   * Counts calls that are about to be made.
   *
   * @returns undefined when they may be made; else how long to wait before trying again, milliseconds, and nothing is
   * counted
   */
  readonly take: (callCount: number, purpose: Purpose) => number | undefined;
  /** Calls of the last minute. */
  readonly callCount: () => number;
}

/**
 * @param maxCallsPerMinute in any 60 s, of this process; at least 1
 * @param isLost whether the shared cache is lost now: otherwise calls are counted and none is refused
 * @param monotonicNow milliseconds
 */
export function createSpendGuard(
  maxCallsPerMinute: number,
  isLost: () => boolean,
  monotonicNow: () => number,
): SpendGuard {
  /** Oldest first. */
  let taken: { readonly atMs: number; readonly count: number }[] = [];

  function forget(): number {
    const fromMs = monotonicNow() - MINUTE_MS;
    const firstKept = taken.findIndex(({ atMs }) => atMs > fromMs);
    taken = firstKept === -1 ? [] : taken.slice(firstKept);
    return taken.reduce((sum, { count }) => sum + count, 0);
  }

  /** When enough of the oldest calls are a minute old. */
  function waitMs(sum: number, callCount: number, limit: number): number {
    let left = sum;
    for (const { atMs, count } of taken) {
      left -= count;
      if (left + callCount <= limit) return Math.max(1, atMs + MINUTE_MS - monotonicNow());
    }
    return MINUTE_MS;
  }

  return {
    take: (callCount, purpose) => {
      const sum = forget();
      const limit = maxCallsPerMinute * SHARE[purpose];
      if (isLost() && sum + callCount > limit) return waitMs(sum, callCount, limit);
      const atMs = Math.ceil(monotonicNow() / BUCKET_MS) * BUCKET_MS;
      const last = taken.at(-1);
      if (last?.atMs === atMs) taken[taken.length - 1] = { atMs, count: last.count + callCount };
      else taken.push({ atMs, count: callCount });
      return undefined;
    },
    callCount: forget,
  };
}
