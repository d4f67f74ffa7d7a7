import { linkAbort } from "../../../shared/linked-abort.ts";

/**
 * Runs `run` on each item, so many at a time, and yields what comes of them in the order in which they settle. Ends
 * what is under way when the consumer leaves, or when the signal fires; the first rejection ends it too.
 */
export async function* settleInTurn<T, R>(
  items: readonly T[],
  maxConcurrentCount: number,
  run: (item: T, signal: AbortSignal) => Promise<R>,
  signal: AbortSignal,
): AsyncGenerator<R> {
  const all = linkAbort(signal);
  const running = new Map<number, Promise<readonly [number, R]>>();
  let next = 0;
  try {
    for (;;) {
      all.signal.throwIfAborted();
      for (; next < items.length && running.size < maxConcurrentCount; next += 1) {
        const index = next;
        const item = items[index];
        if (item === undefined) continue;
        const settled = run(item, all.signal).then((value) => [index, value] as const);
        // Whoever has left is not told how it ended.
        settled.catch(() => {});
        running.set(index, settled);
      }
      if (running.size === 0) return;
      const [index, value] = await Promise.race(running.values());
      running.delete(index);
      yield value;
    }
  } finally {
    all.end(new Error("nobody waits any more"));
  }
}
