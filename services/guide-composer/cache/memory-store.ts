import { LRUCache } from "lru-cache";
import type { Entry, Store } from "./store.ts";

/** Bookkeeping of one entry besides its key and bytes: two numbers and the map's own slots. */
const ENTRY_OVERHEAD_BYTES = 200;

export interface MemoryStore extends Store {
  readonly tier: "memory";
  readonly entryCount: () => number;
  readonly sizeBytes: () => number;
}

/**
 * Keeps entries in this process, least recently used first out.
 *
 * @param maxSizeBytes keys, bytes and bookkeeping of all entries together; at least 1
 * @param maxStaleMs how long past its expiry an entry is kept for callers that accept stale answers
 * @param now wall clock, milliseconds since the epoch
 */
export function createMemoryStore(maxSizeBytes: number, maxStaleMs: number, now: () => number): MemoryStore {
  const entries = new LRUCache<string, Entry>({
    maxSize: maxSizeBytes,
    sizeCalculation: (entry, key) => key.length * 2 + entry.bytes.byteLength + ENTRY_OVERHEAD_BYTES,
  });

  function read(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expireMs + maxStaleMs > now()) return entry;
    entries.delete(key);
    return undefined;
  }

  return {
    tier: "memory",
    getMany: (keys) => Promise.resolve(keys.map(read)),
    set: (key, entry) => {
      entries.set(key, entry);
      return Promise.resolve();
    },
    delete: (key) => {
      entries.delete(key);
      return Promise.resolve();
    },
    close: () => {
      entries.clear();
      return Promise.resolve();
    },
    entryCount: () => entries.size,
    sizeBytes: () => entries.calculatedSize,
  };
}
