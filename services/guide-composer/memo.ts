import { createNote } from "../../shared/note.ts";

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
  /**
   * Oldest first. An array, because the table of a `Map` that has grown old is made anew in the old generation each time
   * it fills up, and the one before keeps what it held until a full collection: 400 KB of each guide.
   */
  const made: { readonly key: string; readonly value: V; readonly atMs: number }[] = [];
  const isPast = (atMs: number): boolean => monotonicNow() - atMs >= MAX_AGE_MS;

  function forget(): void {
    for (let [oldest] = made; oldest !== undefined && isPast(oldest.atMs); [oldest] = made) made.shift();
    const [oldest] = made;
    if (oldest !== undefined) startTimer(Math.max(0, oldest.atMs + MAX_AGE_MS - monotonicNow()), forget);
  }

  return {
    of: (label, things, make) => {
      const key = `${label} ${things.map(identityOf).join(" ")}`;
      const known = made.findLast((entry) => entry.key === key);
      if (known !== undefined && !isPast(known.atMs)) return known.value;
      const value = make();
      if (made.length === 0) startTimer(MAX_AGE_MS, forget);
      made.push({ key, value, atMs: monotonicNow() });
      if (made.length > maxCount) made.shift();
      return value;
    },
  };
}

const identities = createNote<object, number>("identity");
let nextIdentity = 0;

function identityOf(thing: object): number {
  const known = identities.of(thing);
  if (known !== undefined) return known;
  nextIdentity += 1;
  identities.write(thing, nextIdentity);
  return nextIdentity;
}
