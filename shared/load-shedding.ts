import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often the delay of the event loop is looked at. */
const LOOK_EVERY_MS = 50;
/** What one look counts for at most: a process that was held up for seconds, by whatever it was, has no overload yet. */
const MAX_COUNTED_MS = 2 * LOOK_EVERY_MS;
/** Resolution of Node's own measurement: what it reports is the time between two looks, this one included. */
const RESOLUTION_MS = 5;
/** How long calls must have been late without a break until each is started in a turn of its own. */
const TURNS_AFTER_MS = 100;
/**
 * The same until calls are refused: a garbage collection, a large guide, or a thousand callers of one guide who come at
 * once are no overload, because what they bring is done soon.
 */
const PATIENCE_MS = 500;
/** Without a refusal for so long there is no overload any more: a server with more to do than it can has some in that time. */
const MEMORY_MS = 1_000;
/** So many calls may wait whatever the clock says: a server that starts is slow until its code has been compiled. */
const MIN_WAITING_COUNT = 8;
/** When to come back, at the least: by then what is waiting now has been worked off. */
const RETRY_DELAY_MS = 500;
/** Share of the latest turn in the mean of their lengths. */
const LATEST_SHARE = 1 / 16;

/**
 * Lets in as many calls as a server can work on, and refuses the others before anything is done for them. A server that
 * is late starts one call in a turn of the event loop: between two turns is read what peers send, so whoever is refused
 * waits for one call's work, not for that of all that were let in. Otherwise a turn would take as long as what came in the
 * one before it, and each would be longer than the last.
 */
export interface LoadShedder {
  /**
   * Lets a call in, and calls `start` in its turn, or says when to come back, milliseconds. A call that was let in must
   * be released once.
   *
   * @param start says whether there was still somebody to work for; must not throw
   */
  readonly admit: (start: () => boolean) => number | undefined;
  readonly release: () => void;
  /** Refuses a call that `admit` would refuse now, and says when to come back; undefined when it would let it in. */
  readonly refuse: () => number | undefined;
  readonly activeCount: () => number;
  /** Calls that it would work on at a time now. */
  readonly limit: () => number;
  readonly refusedCount: () => number;
  readonly close: () => void;
}

export interface LoadShedderOptions {
  /** Calls at a time, however well it does; at least 1. */
  readonly maxConcurrentCount: number;
  /**
   * Mean delay of the event loop from which on a server is late, and how long a call may wait for its turn while there
   * is overload, milliseconds.
   */
  readonly maxWaitMs: number;
}

/** The shedder alone, told of the loop by whoever looks at it. */
export interface TurningShedder extends Omit<LoadShedder, "close"> {
  /**
   * @param delayMs mean delay of the event loop since the last look
   * @param elapsedMs since the last look
   */
  readonly look: (delayMs: number, elapsedMs: number) => void;
}

interface WaitingCall {
  readonly start: () => boolean;
  readonly sinceMs: number;
}

/**
 * @param now monotonic clock, milliseconds
 * @param inNextTurn calls back once what peers have sent by then was read
 */
export function createTurningShedder(
  { maxConcurrentCount, maxWaitMs }: LoadShedderOptions,
  now: () => number,
  inNextTurn: (turn: () => void) => void,
): TurningShedder {
  const waiting: WaitingCall[] = [];
  let active = 0;
  let refused = 0;
  /** How long calls have been late, without a break. */
  let lateMs = 0;
  let overloadEndMs = -Infinity;
  /** Whether a turn comes. */
  let turning = false;
  /** Mean length of a turn; as long as none is known, one that lets few calls wait. */
  let turnMs = maxWaitMs / MIN_WAITING_COUNT;
  let turnStartMs = 0;

  /** Calls that may wait, of those that come now. */
  const maxWaitingCount = (nowMs: number): number =>
    nowMs < overloadEndMs ? Math.max(MIN_WAITING_COUNT, Math.floor(maxWaitMs / turnMs)) : Infinity;

  function turn(): void {
    const nowMs = now();
    let call = waiting.shift();
    // Who has left while waiting takes no turn, and tells nothing of how long one takes.
    while (call !== undefined && !call.start()) call = waiting.shift();
    if (call === undefined) {
      turning = false;
      return;
    }
    turnMs += (nowMs - turnStartMs - turnMs) * LATEST_SHARE;
    turnStartMs = nowMs;
    inNextTurn(turn);
  }

  function refuse(nowMs: number): number | undefined {
    const isCrowded = waiting.length >= maxWaitingCount(nowMs);
    if (isCrowded) overloadEndMs = nowMs + MEMORY_MS;
    if (!isCrowded && active < maxConcurrentCount) return undefined;
    refused += 1;
    return RETRY_DELAY_MS;
  }

  return {
    refuse: () => refuse(now()),
    admit: (start) => {
      const nowMs = now();
      const retryDelayMs = refuse(nowMs);
      if (retryDelayMs !== undefined) return retryDelayMs;
      active += 1;
      if (turning) waiting.push({ start, sinceMs: nowMs });
      else {
        if (lateMs >= TURNS_AFTER_MS || nowMs < overloadEndMs) {
          turning = true;
          turnStartMs = nowMs;
          inNextTurn(turn);
        }
        start();
      }
      return undefined;
    },
    release: () => {
      active -= 1;
    },
    look: (delayMs, elapsedMs) => {
      const nowMs = now();
      const [first] = waiting;
      const isLate = delayMs > maxWaitMs || (first !== undefined && nowMs - first.sinceMs > maxWaitMs);
      lateMs = isLate ? lateMs + Math.min(elapsedMs, MAX_COUNTED_MS) : 0;
      if (lateMs >= PATIENCE_MS) overloadEndMs = nowMs + MEMORY_MS;
    },
    activeCount: () => active,
    limit: () => Math.min(maxConcurrentCount, Math.max(0, active - waiting.length) + maxWaitingCount(now())),
    refusedCount: () => refused,
  };
}

/**
 * Starts to watch the event loop of this process.
 *
 * @param monotonicNow milliseconds
 */
export function startLoadShedder(options: LoadShedderOptions, monotonicNow: () => number): LoadShedder {
  const shedder = createTurningShedder(options, monotonicNow, setImmediate);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let lookedMs = monotonicNow();
  const timer = setInterval(() => {
    const nowMs = monotonicNow();
    const elapsedMs = nowMs - lookedMs;
    // Without a single look in the time the loop stood still for all of it.
    const meanMs = delay.count === 0 ? elapsedMs : delay.mean / 1e6 - RESOLUTION_MS;
    delay.reset();
    shedder.look(meanMs, elapsedMs);
    lookedMs = nowMs;
  }, LOOK_EVERY_MS).unref();
  return {
    ...shedder,
    close: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
}
