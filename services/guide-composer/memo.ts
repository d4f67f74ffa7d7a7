/**
 * What was made longer ago is forgotten: nothing here may outlive a promise, or be kept that may not. Long enough for all
 * who waited for a load to have their turn, and short, because what lives on makes each collection of garbage dearer.
 */
const MAX_AGE_MS = 250;

/**
 * Remembers what was made of the same things a moment ago: when a load settles, every call that waited for it makes the
 * same sections and the same guide of it, and once is enough.
 *
 * Things are the same when they are the same objects. What is remembered is shared: nobody may change it.
 */
export interface Memo<V> {
  /** @param label tells apart what is made of the same things in different ways */
  readonly of: (label: string, things: readonly object[], make: () => V) => V;
}

/**
 * @param maxCount the oldest go first
 * @param monotonicNow milliseconds
 * @param startTimer calls back once after so many milliseconds, and holds no process up for it
 */
export function createMemo<V>(
  maxCount: number,
  monotonicNow: () => number,
  startTimer: (delayMs: number, onDue: () => void) => void,
): Memo<V> {
  /** Oldest first. */
  const made = new Map<string, { readonly value: V; readonly atMs: number }>();

  function forget(): void {
    const [oldest] = made.values();
    if (oldest === undefined) return;
    const leftMs = oldest.atMs + MAX_AGE_MS - monotonicNow();
    if (leftMs > 0) return startTimer(leftMs, forget);
    for (const [key, { atMs }] of made) {
      if (monotonicNow() - atMs < MAX_AGE_MS) break;
      made.delete(key);
    }
    forget();
  }

  return {
    of: (label, things, make) => {
      const key = `${label} ${things.map(identityOf).join(" ")}`;
      const known = made.get(key);
      const nowMs = monotonicNow();
      if (known !== undefined && nowMs - known.atMs < MAX_AGE_MS) return known.value;
      const value = make();
      if (made.size === 0) startTimer(MAX_AGE_MS, forget);
      made.delete(key);
      made.set(key, { value, atMs: nowMs });
      for (const oldest of made.keys()) {
        if (made.size <= maxCount) break;
        made.delete(oldest);
      }
      return value;
    },
  };
}

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

function identityOf(thing: object): number {
  const known = identities.get(thing);
  if (known !== undefined) return known;
  nextIdentity += 1;
  identities.set(thing, nextIdentity);
  return nextIdentity;
}
