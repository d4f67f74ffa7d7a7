import { RedisUnavailableError } from "./redis-unavailable.ts";

/** Parts that a wait is made of: while this process is busy, the parts that it misses do not count. */
const PART_COUNT = 4;
/** Parts that pass at most, missed ones included: a process that is always busy must give up too. */
const MAX_PART_COUNT = 40;

/**
 * Waits for an answer at most so long, not counting the time during which this process itself was too busy to read it:
 * a composer under load must not take Redis for dead.
 *
 * @param monotonicNow milliseconds
 * @throws RedisUnavailableError when the time is up; what `answer` rejects with
 */
export function within<T>(answer: Promise<T>, timeoutMs: number, monotonicNow: () => number): Promise<T> {
  const partMs = timeoutMs / PART_COUNT;
  return new Promise<T>((resolve, reject) => {
    let left = PART_COUNT;
    let passed = 0;
    let partStartMs = monotonicNow();
    const onPart = (): void => {
      // A part that ends late is one in which the loop stood still: what came meanwhile is read after this turn.
      if (monotonicNow() - partStartMs < 2 * partMs) left -= 1;
      passed += 1;
      partStartMs = monotonicNow();
      // The last look is behind the reading of sockets, which comes between timers and immediates.
      if (left > 0 && passed < MAX_PART_COUNT) timer = setTimeout(onPart, partMs);
      else
        setImmediate(() => reject(new RedisUnavailableError(`Redis did not answer within ${timeoutMs} ms`)));
    };
    let timer = setTimeout(onPart, partMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
