import { LRUCache } from "lru-cache";
import type { LoadBatch, Loaded } from "./loads.ts";
import type { Entry } from "./store.ts";

/** Part of its life after which an entry is refreshed, and how far the moment is spread beyond it. */
const REFRESH_FROM = 0.8;
const REFRESH_SPREAD = 0.15;
const SWEEP_EVERY_MS = 1_000;
/** Entries that are kept an eye on; the least recently asked for are forgotten first. */
const MAX_TRACKED_COUNT = 20_000;
/** Refreshes under way at once: they have time, callers do not. */
const MAX_RUNNING_COUNT = 4;
const REFRESH_DEADLINE_MS = 30_000;
/** After a failure, as a part of the life. */
const RETRY_AFTER = 0.05;

/** Whether a refresh is due: between 80 and 95 % of a life, so that a popular set is not refreshed at once. */
export const refreshIsDue = (ageMs: number, lifeMs: number, spread: number): boolean =>
  ageMs >= lifeMs * (REFRESH_FROM + REFRESH_SPREAD * spread);

/** Refreshes keys whose entries are of these stored-ats, with one load. */
export type Refresh = (
  stale: ReadonlyMap<string, number>,
  load: LoadBatch,
  signal: AbortSignal,
) => Promise<void>;

/** Reloads what was asked for since its last load shortly before it expires, so that callers rarely wait. */
export interface RefreshAhead {
  readonly start: (refresh: Refresh) => void;
  /** Notes a caller; whether the entry is about to be, or being, refreshed. */
  readonly asked: (key: string, entry: Entry, load: LoadBatch) => boolean;
  /** Notes a caller who was served without the entry itself. */
  readonly touch: (keys: readonly string[]) => void;
  /** Notes how a key that is being loaded for a caller can be refreshed. */
  readonly expect: (key: string, load: LoadBatch) => void;
  readonly loaded: (key: string, loaded: Loaded) => void;
  readonly close: () => Promise<void>;
}

interface Tracked {
  readonly load: LoadBatch;
  readonly storedMs: number;
  readonly expireMs: number;
  readonly spread: number;
  /** Not before this instant, because the last try failed. */
  notBeforeMs: number;
  asked: boolean;
  refreshing: boolean;
}

/**
 * @param now wall clock, milliseconds since the epoch
 * @param random in [0, 1)
 * @param mayStart whether there is room for background work now
 */
export function createRefreshAhead(
  now: () => number,
  random: () => number,
  mayStart: () => boolean,
  sweepEveryMs: number = SWEEP_EVERY_MS,
): RefreshAhead {
  const tracked = new LRUCache<string, Tracked>({ max: MAX_TRACKED_COUNT });
  const loaders = new LRUCache<string, LoadBatch>({ max: MAX_TRACKED_COUNT });
  const running = new Set<Promise<void>>();
  const closing = new AbortController();
  let refresh: Refresh | undefined;
  let timer: NodeJS.Timeout | undefined;

  const isDue = ({ storedMs, expireMs, spread, notBeforeMs }: Tracked): boolean =>
    now() >= notBeforeMs && refreshIsDue(now() - storedMs, expireMs - storedMs, spread);

  function track(key: string, entry: Entry, load: LoadBatch, asked: boolean): Tracked {
    const known = tracked.get(key);
    if (known !== undefined && known.storedMs >= entry.storedMs) return known;
    const { storedMs, expireMs } = entry;
    const fresh: Tracked = {
      load,
      storedMs,
      expireMs,
      spread: random(),
      notBeforeMs: 0,
      asked,
      refreshing: false,
    };
    tracked.set(key, fresh);
    return fresh;
  }

  function sweep(): void {
    const due = new Map<LoadBatch, Map<string, number>>();
    for (const [key, entry] of tracked.entries()) {
      if (entry.refreshing) continue;
      if (entry.expireMs <= now()) tracked.delete(key);
      else if (entry.asked && isDue(entry)) {
        const batch = due.get(entry.load) ?? new Map<string, number>();
        due.set(entry.load, batch.set(key, entry.storedMs));
      }
    }
    for (const [load, keys] of due) {
      if (running.size >= MAX_RUNNING_COUNT || !mayStart()) return;
      run(load, keys);
    }
  }

  function run(load: LoadBatch, stale: ReadonlyMap<string, number>): void {
    if (refresh === undefined) return;
    for (const key of stale.keys()) {
      const entry = tracked.peek(key);
      if (entry !== undefined) entry.refreshing = true;
    }
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(REFRESH_DEADLINE_MS)]);
    const ended: Promise<void> = refresh(stale, load, signal).finally(() => {
      running.delete(ended);
      for (const [key, storedMs] of stale) {
        const entry = tracked.peek(key);
        // What came of it is tracked anew; what did not change is tried again later.
        if (entry === undefined || entry.storedMs !== storedMs) continue;
        entry.refreshing = false;
        entry.notBeforeMs = now() + RETRY_AFTER * (entry.expireMs - entry.storedMs);
      }
    });
    running.add(ended);
  }

  return {
    start: (run_) => {
      refresh = run_;
      timer = setInterval(sweep, sweepEveryMs).unref();
    },
    asked: (key, entry, load) => {
      const known = track(key, entry, load, true);
      known.asked = true;
      return known.refreshing || isDue(known);
    },
    touch: (keys) => {
      for (const key of keys) {
        const known = tracked.get(key);
        if (known !== undefined) known.asked = true;
      }
    },
    expect: (key, load) => void loaders.set(key, load),
    loaded: (key, loaded) => {
      const load = loaders.get(key) ?? tracked.peek(key)?.load;
      loaders.delete(key);
      if (load !== undefined && loaded.storable && loaded.expireMs > now()) track(key, loaded, load, false);
    },
    close: async () => {
      clearInterval(timer);
      closing.abort(new Error("the cache is closing"));
      await Promise.all(running);
    },
  };
}
