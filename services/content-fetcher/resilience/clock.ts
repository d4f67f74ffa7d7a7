/** Time as the policies see it; tests turn one by hand. */
export interface Clock {
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  /** Calls `fire` once, after the delay, unless the function that is returned is called before. */
  readonly startTimer: (delayMs: number, fire: () => void) => () => void;
}

/** A clock that runs by itself. */
export const createClock = (monotonicNow: () => number): Clock => ({
  now: monotonicNow,
  startTimer: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
});

/**
 * Waits.
 *
 * @throws the signal's reason, as soon as it fires
 */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      stop();
      reject(signal.reason);
    };
    const stop = clock.startTimer(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
