/**
 * Yields the values of promises in the order in which they settle. Rejects with the first rejection; the others are
 * then no longer waited for.
 */
export async function* asTheyLand<T>(promises: readonly Promise<T>[]): AsyncGenerator<T> {
  const pending = new Map(
    promises.map((promise, index) => [index, promise.then((value) => ({ index, value }))] as const),
  );
  // A rejection that comes after the consumer has left is nobody's.
  for (const promise of pending.values()) promise.catch(() => {});
  while (pending.size > 0) {
    const { index, value } = await Promise.race(pending.values());
    pending.delete(index);
    yield value;
  }
}
