/** What the cache keeps under a key. It knows nothing of what the bytes mean. */
export interface Entry {
  readonly bytes: Uint8Array;
  /** When the bytes left their provider, milliseconds since the epoch. */
  readonly storedMs: number;
  /** Valid before this instant, expired from it on, milliseconds since the epoch. */
  readonly expireMs: number;
  /** Whether the bytes say "nothing there". */
  readonly negative: boolean;
}

/** Which entries an eviction means: those that fit every field that is set; all of them when none is. */
export interface EvictionScope {
  /** `destinations/{destination}`. */
  readonly destination?: string | undefined;
  /** Name of a section kind, for example `WEATHER`. Whole guides go too, because they contain the section. */
  readonly kind?: string | undefined;
  /** `providers/{provider}`. Whole guides go too, because they contain its content. */
  readonly provider?: string | undefined;
}

/** Whether an entry keeps its place from one that was stored earlier; what claims to be of the future does not. */
export const isNewer = (there: Entry, coming: Entry, nowMs: number): boolean =>
  there.storedMs > coming.storedMs && there.storedMs <= nowMs && there.expireMs > nowMs;

/** Whether two entries say the same of the same moment. */
export const isSame = (a: Entry, b: Entry): boolean =>
  a.storedMs === b.storedMs &&
  a.expireMs === b.expireMs &&
  (a.bytes === b.bytes || Buffer.compare(a.bytes, b.bytes) === 0);

/** What a read found under one key. */
export type Read =
  | { readonly state: "entry"; readonly entry: Entry }
  | { readonly state: "none" }
  /** There was something that is no entry of this version: it has been counted and removed. */
  | { readonly state: "unreadable" };

/**
 * One tier of the cache. Every implementation passes the suite in `test/cache/store-contract.ts`.
 *
 * A store keeps an entry at least until it expires, unless it needs the room, and may keep it past that for callers
 * that accept stale answers: whether an entry is still valid is the reader's decision.
 */
export interface Store {
  /** Position of the tier, as decisions and metrics name it. */
  readonly tier: "memory" | "redis";
  /** What is under each key, in the order of `keys`. Throws when the store does not answer. */
  readonly getMany: (keys: readonly string[], signal: AbortSignal) => Promise<readonly Read[]>;
  /**
   * Replaces what is under `key`, unless that is valid and newer: what comes late must not undo a refresh. Throws when the
   * store does not answer.
   */
  readonly set: (key: string, entry: Entry) => Promise<void>;
  /**
   * Replaces what is under `key` if that is still `there`, to the byte; says whether it was. Throws when the store does
   * not answer.
   */
  readonly replace: (key: string, there: Entry, coming: Entry) => Promise<boolean>;
  /** Removes `key`; removing what is not there succeeds. Throws when the store does not answer. */
  readonly delete: (key: string) => Promise<void>;
  /** Removes every entry of the scope and says how many. Throws when the store does not answer. */
  readonly evict: (scope: EvictionScope) => Promise<number>;
  /** Releases what the store holds; it is not used afterwards. */
  readonly close: () => Promise<void>;
}
