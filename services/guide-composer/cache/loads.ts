import type { RecentEvictions } from "./recent-evictions.ts";
import type { Entry } from "./store.ts";

/** A value that a load ended with. */
export interface Loaded extends Entry {
  /** Whether the value may outlive the calls that wait for it. */
  readonly storable: boolean;
  /** Whether the provider's terms, rather than its quality, forbid to keep it. */
  readonly forbidden: boolean;
  /** Whether another process loaded it, or is about to keep it in Redis itself. */
  readonly origin: "here" | "cluster";
  /** Whether Redis has it already. */
  readonly inRedis: boolean;
}

/** How a load of one key ended. */
export type Settled = (
  | { readonly state: "loaded"; readonly loaded: Loaded }
  | { readonly state: "failed"; readonly error: unknown }
) & {
  /** Whether it ended so because the time of whoever began it was up: a waiter that has more may try again. */
  readonly cutShort?: boolean;
};

/** Loads several keys at once and hands each over as it settles; throws when it cannot load any more. */
export type LoadBatch = (
  keys: readonly string[],
  signal: AbortSignal,
) => AsyncIterable<readonly [key: string, settled: Settled]>;

interface Load {
  readonly promise: Promise<Loaded>;
  readonly resolve: (loaded: Loaded) => void;
  readonly reject: (error: unknown) => void;
  readonly batch: Batch;
  cutShort: boolean;
}

interface Batch {
  readonly abort: AbortController;
  /** Waiters of all its loads together: the batch is one request, so it goes on while anybody waits for any of it. */
  waiterCount: number;
  /** When it began: what is evicted later may predate whatever led to the eviction. */
  readonly startMark: number;
}

export interface Joined {
  readonly key: string;
  /** Whether another call had started this load. */
  readonly coalesced: boolean;
  /** Settles with the load, or rejects with the signal's reason when this waiter leaves first. */
  readonly loaded: Promise<Loaded>;
  /** Whether it has settled as it did because the time of whoever began it was up. */
  readonly wasCutShort: () => boolean;
}

/**
 * One load per key in this process. Waiters are counted; each leaves with its own signal, and when the last waiter
 * of a batch has left, the batch is aborted, down to the socket of whoever is loading.
 */
export interface Loads {
  /** Joins the running loads of `keys` and starts one batch for the others. */
  readonly join: (keys: readonly string[], load: LoadBatch, signal: AbortSignal) => readonly Joined[];
  readonly isRunning: (key: string) => boolean;
  readonly activeCount: () => number;
  /** Aborts what is running and waits for it to end. */
  readonly close: () => Promise<void>;
}

/**
 * @param onLoaded called once per load that settled with a value that may be kept, before its waiters see it; not for
 * what has been evicted since the load began
 */
export function createLoads(
  onLoaded: (key: string, loaded: Loaded) => void,
  evictions: RecentEvictions,
): Loads {
  const loads = new Map<string, Load>();
  const batches = new Map<Batch, Promise<void>>();

  function start(keys: readonly string[], load: LoadBatch): void {
    const batch: Batch = { abort: new AbortController(), waiterCount: 0, startMark: evictions.mark() };
    const own = new Map<string, Load>();
    for (const key of keys) {
      const { promise, resolve, reject } = Promise.withResolvers<Loaded>();
      // Waiters see the rejection through their own promise; a load whose waiters have all left has nobody to tell.
      promise.catch(() => {});
      const entry: Load = { promise, resolve, reject, batch, cutShort: false };
      own.set(key, entry);
      loads.set(key, entry);
    }
    const forget = (key: string): void => {
      if (loads.get(key) === own.get(key)) loads.delete(key);
      own.delete(key);
    };
    const run = async (): Promise<void> => {
      try {
        for await (const [key, settled] of load(keys, batch.abort.signal)) {
          const waiting = own.get(key);
          if (waiting === undefined)
            throw new Error("a load settled a key that it was not asked for, or settled it twice");
          if (settled.state === "loaded" && !evictions.isEvicted(key, batch.startMark))
            onLoaded(key, settled.loaded);
          forget(key);
          waiting.cutShort = settled.cutShort === true;
          if (settled.state === "loaded") waiting.resolve(settled.loaded);
          else waiting.reject(settled.error);
        }
        if (own.size > 0) throw new Error("a load ended before all of its keys had settled");
      } catch (error) {
        for (const [key, unsettled] of own) {
          forget(key);
          unsettled.reject(error);
        }
      } finally {
        batches.delete(batch);
      }
    };
    batches.set(batch, run());
  }

  function join(key: string, load: Load, coalesced: boolean, signal: AbortSignal): Joined {
    load.batch.waiterCount += 1;
    const loaded = new Promise<Loaded>((resolve, reject) => {
      let waiting = true;
      const stop = (): boolean => {
        if (!waiting) return false;
        waiting = false;
        signal.removeEventListener("abort", leave);
        load.batch.waiterCount -= 1;
        return true;
      };
      const leave = (): void => {
        if (!stop()) return;
        reject(signal.reason);
        if (load.batch.waiterCount === 0) {
          for (const [other, entry] of loads) if (entry.batch === load.batch) loads.delete(other);
          load.batch.abort.abort(signal.reason);
        }
      };
      signal.addEventListener("abort", leave, { once: true });
      load.promise.then(
        (value) => {
          if (stop()) resolve(value);
        },
        (error: unknown) => {
          if (stop()) reject(error);
        },
      );
      if (signal.aborted) leave();
    });
    // Whoever asked for several may have left by the time this one settles.
    loaded.catch(() => {});
    return { key, coalesced, loaded, wasCutShort: () => load.cutShort };
  }

  return {
    join: (keys, load, signal) => {
      const running = new Set(keys.filter((key) => loads.has(key)));
      const missing = keys.filter((key) => !running.has(key));
      if (missing.length > 0) start(missing, load);
      // All of them first: a signal that has fired already must not abort what the next key is about to join.
      const entries = keys.map((key) => {
        const entry = loads.get(key);
        // `start` registers every missing key before it runs anything.
        if (entry === undefined) throw new Error("a load vanished before it was joined");
        return { key, entry };
      });
      return entries.map(({ key, entry }) => join(key, entry, running.has(key), signal));
    },
    isRunning: (key) => loads.has(key),
    activeCount: () => loads.size,
    close: async () => {
      const running = [...batches];
      for (const [batch] of running) batch.abort.abort(new Error("the cache is closing"));
      await Promise.all(running.map(([, ended]) => ended));
    },
  };
}
