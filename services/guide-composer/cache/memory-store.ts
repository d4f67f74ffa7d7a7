import { LRUCache } from "lru-cache";
import { isInScope } from "./keys.ts";
import { isNewer, isSame, type Entry, type Read, type Store } from "./store.ts";

/** Bookkeeping of one entry besides its key and bytes: a few numbers and the map's own slots. */
const ENTRY_OVERHEAD_BYTES = 200;

const NONE: Read = { state: "none" };

export interface MemoryStore extends Store {
  readonly tier: "memory";
  readonly entryCount: () => number;
  readonly sizeBytes: () => number;
  /** Entries that have had to make room for others so far. */
  readonly crowdedOutCount: () => number;
  /** A list of its own, which stays as it is while entries are dropped. */
  readonly keys: () => readonly string[];
  readonly dropIf: (keys: readonly string[], fits: (entry: Entry) => boolean) => void;
}

/**
 * Keeps entries in this process, least recently used first out.
 *
 * @param maxSizeBytes keys, bytes and bookkeeping of all entries together; at least 1
 * @param maxStaleMs how long past its expiry an entry is kept for callers that accept stale answers
 * @param now wall clock, milliseconds since the epoch
 */
export function createMemoryStore(maxSizeBytes: number, maxStaleMs: number, now: () => number): MemoryStore {
  let crowdedOutCount = 0;
  const entries = new LRUCache<string, Entry>({
    dispose: (_entry, _key, reason) => {
      if (reason === "evict") crowdedOutCount += 1;
    },
    maxSize: maxSizeBytes,
    sizeCalculation: (entry, key) => key.length * 2 + entry.bytes.byteLength + ENTRY_OVERHEAD_BYTES,
  });

  function read(key: string): Read {
    const entry = entries.get(key);
    if (entry === undefined) return NONE;
    if (entry.expireMs + maxStaleMs > now()) return { state: "entry", entry };
    entries.delete(key);
    return NONE;
  }

  const listKeys = (): readonly string[] => Array.from(entries.keys());

  return {
    tier: "memory",
    getMany: (keys) => Promise.resolve(keys.map(read)),
    set: (key, entry) => {
      const there = entries.peek(key);
      if (there === undefined || !isNewer(there, entry, now())) entries.set(key, entry);
      return Promise.resolve();
    },
    replace: (key, there, coming) => {
      const found = entries.peek(key);
      const same = found !== undefined && isSame(found, there);
      if (same) entries.set(key, coming);
      return Promise.resolve(same);
    },
    delete: (key) => {
      entries.delete(key);
      return Promise.resolve();
    },
    evict: (scope) => {
      let count = 0;
      for (const key of listKeys()) if (isInScope(key, scope) && entries.delete(key)) count += 1;
      return Promise.resolve(count);
    },
    close: () => {
      entries.clear();
      return Promise.resolve();
    },
    keys: listKeys,
    dropIf: (keys, fits) => {
      for (const key of keys) {
        const entry = entries.peek(key);
        if (entry !== undefined && fits(entry)) entries.delete(key);
      }
    },
    entryCount: () => entries.size,
    sizeBytes: () => entries.calculatedSize,
    crowdedOutCount: () => crowdedOutCount,
  };
}
