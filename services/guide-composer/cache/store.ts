/** What the cache keeps under a key. It knows nothing of what the bytes mean. */
export interface Entry {
  readonly bytes: Uint8Array;
  /** When the bytes left their provider, milliseconds since the epoch. */
  readonly storedMs: number;
  /** Valid before this instant, expired from it on, milliseconds since the epoch. */
  readonly expireMs: number;
}

/**
 * One tier of the cache. Every implementation passes the suite in `test/cache-store.test.ts`.
 *
 * A store keeps an entry at least until it expires, unless it needs the room, and may keep it past that for callers
 * that accept stale answers: whether an entry is still valid is the reader's decision.
 */
export interface Store {
  /** Position of the tier, as decisions and metrics name it. */
  readonly tier: "memory" | "redis";
  /** Entries in the order of `keys`; undefined where there is none. Throws when the store does not answer. */
  readonly getMany: (keys: readonly string[], signal: AbortSignal) => Promise<readonly (Entry | undefined)[]>;
  /** Replaces what is under `key`. Throws when the store does not answer. */
  readonly set: (key: string, entry: Entry) => Promise<void>;
  /** Removes `key`; removing what is not there succeeds. Throws when the store does not answer. */
  readonly delete: (key: string) => Promise<void>;
  /** Releases what the store holds; it is not used afterwards. */
  readonly close: () => Promise<void>;
}
