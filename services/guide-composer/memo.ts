/** What was made longer ago is made anew: nothing here may outlive a promise. */
const MAX_AGE_MS = 2_000;

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
 */
export function createMemo<V>(maxCount: number, monotonicNow: () => number): Memo<V> {
  const made = new Map<string, { readonly value: V; readonly atMs: number }>();
  return {
    of: (label, things, make) => {
      const key = `${label} ${things.map(identityOf).join(" ")}`;
      const known = made.get(key);
      const nowMs = monotonicNow();
      if (known !== undefined && nowMs - known.atMs < MAX_AGE_MS) return known.value;
      const value = make();
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
