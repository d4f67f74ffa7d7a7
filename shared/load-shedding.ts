import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often the limit is looked at. */
const TICK_MS = 50;
/** Resolution of Node's own measurement: what it reports is the time between two looks, this one included. */
const RESOLUTION_MS = 5;
/**
 * Mean delay of the event loop from which on a server has more to do than it can. Every step of a call waits for its
 * turn in the loop, so this is what the server itself adds to a call, again and again; how long providers take, which
 * is most of a call's latency, does not show in it. A lower target leaves the loop without work between two bursts:
 * with cached guides at twice the capacity 10 ms answered 6 % less than 25 ms, and 40 ms no more.
 */
const TARGET_DELAY_MS = 25;
/**
 * How long the loop must have been late without a break: a garbage collection, a large guide, or a thousand callers of
 * one guide who come at once are no overload, because what they bring is done soon.
 */
const PATIENCE_MS = 1_000;
/** The same while overload is not long past, and how long it is not: what comes again so soon is the same overload. */
const SHORT_PATIENCE_MS = 100;
const MEMORY_MS = 10_000;
/** Additive increase, multiplicative decrease, as TCP finds its share (Chiu and Jain 1989). */
const INCREASE = 0.05;
/** By as much as the loop is beyond the target, within these: from hundreds of calls to ten in a second, not in three. */
const DECREASE = { most: 0.5, least: 0.8 } as const;
/**
 * So many calls are let in whatever the loop says: a server that refuses all would never find out that it could, and one
 * that works on few at a time waits for the next one in between.
 */
const MIN_LIMIT = 8;
/** When to come back, at the least: the time in which the limit can have moved. */
const RETRY_DELAY_MS = 500;

/** Lets in as many calls at a time as a server can work on, and refuses the others before anything is done for them. */
export interface LoadShedder {
  /** Lets a call in, or says when to come back, milliseconds. A call that was let in must be released once. */
  readonly admit: () => number | undefined;
  readonly release: () => void;
  readonly activeCount: () => number;
  readonly limit: () => number;
  readonly refusedCount: () => number;
  readonly close: () => void;
}

export interface LimitOptions {
  /** Calls at a time, however well the loop does; at least 1. */
  readonly maxConcurrentCount: number;
}

/** The limit alone, turned by whoever looks at the loop. */
export interface AdaptiveLimit extends Omit<LoadShedder, "close"> {
  /**
   * @param delayMs mean delay of the event loop since the last look
   * @param elapsedMs since the last look
   */
  readonly look: (delayMs: number, elapsedMs: number) => void;
}

export function createAdaptiveLimit({ maxConcurrentCount }: LimitOptions): AdaptiveLimit {
  const floor = Math.min(MIN_LIMIT, maxConcurrentCount);
  let limit = maxConcurrentCount;
  let active = 0;
  /** Most calls at a time since the last look: what the loop's delay came of. */
  let peak = 0;
  let lateMs = 0;
  let sinceDecreaseMs = Infinity;
  let refused = 0;
  return {
    admit: () => {
      if (active >= Math.floor(limit)) {
        refused += 1;
        return RETRY_DELAY_MS;
      }
      active += 1;
      peak = Math.max(peak, active);
      return undefined;
    },
    release: () => {
      active -= 1;
    },
    look: (delayMs, elapsedMs) => {
      lateMs = delayMs > TARGET_DELAY_MS ? lateMs + elapsedMs : 0;
      sinceDecreaseMs += elapsedMs;
      if (lateMs >= (sinceDecreaseMs < MEMORY_MS ? SHORT_PATIENCE_MS : PATIENCE_MS)) {
        const factor = Math.min(DECREASE.least, Math.max(DECREASE.most, TARGET_DELAY_MS / delayMs));
        limit = Math.max(floor, Math.min(limit, peak) * factor);
        sinceDecreaseMs = 0;
      }
      if (lateMs > 0) {
        peak = active;
        return;
      }
      if (peak >= Math.floor(limit))
        limit = Math.min(maxConcurrentCount, limit + Math.max(1, limit * INCREASE));
      // Nobody was refused for it: a limit that is not reached need not be learnt again.
      else if (peak < limit / 2) limit = Math.min(maxConcurrentCount, limit * 2);
      peak = active;
    },
    activeCount: () => active,
    limit: () => Math.floor(limit),
    refusedCount: () => refused,
  };
}

/**
 * Starts to watch the event loop of this process.
 *
 * @param monotonicNow milliseconds
 */
export function startLoadShedder(options: LimitOptions, monotonicNow: () => number): LoadShedder {
  const adaptive = createAdaptiveLimit(options);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let lookedMs = monotonicNow();
  const timer = setInterval(() => {
    const nowMs = monotonicNow();
    const elapsedMs = nowMs - lookedMs;
    // Without a single look in the time the loop stood still for all of it.
    const meanMs = delay.count === 0 ? elapsedMs : delay.mean / 1e6 - RESOLUTION_MS;
    delay.reset();
    adaptive.look(meanMs, elapsedMs);
    lookedMs = nowMs;
  }, TICK_MS).unref();
  return {
    ...adaptive,
    close: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
}
