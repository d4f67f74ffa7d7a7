/** How one load of a key ended. Only storable values are written to the tiers. */
export interface Loaded {
  readonly bytes: Uint8Array;
  readonly storedMs: number;
  readonly expireMs: number;
  /** Whether the value may outlive the calls that wait for it. */
  readonly storable: boolean;
}

/** Loads several keys at once and hands each over as it lands; throws when it cannot load any more. */
export type LoadBatch = (
  keys: readonly string[],
  signal: AbortSignal,
) => AsyncIterable<readonly [key: string, loaded: Loaded]>;

interface Load {
  readonly promise: Promise<Loaded>;
  readonly resolve: (loaded: Loaded) => void;
  readonly reject: (error: unknown) => void;
  readonly batch: Batch;
  waiterCount: number;
}

interface Batch {
  readonly abort: AbortController;
  /** Waiters of all its loads together: the batch is one request, so it goes on while anybody waits for any of it. */
  waiterCount: number;
}

export interface Joined {
  readonly key: string;
  /** Whether another call had started this load. */
  readonly coalesced: boolean;
  /** Settles with the load, or rejects with the signal's reason when this waiter leaves first. */
  readonly loaded: Promise<Loaded>;
}

/**
 * One load per key in this process. Waiters are counted; each leaves with its own signal, and when the last waiter
 * of a batch has left, the batch is aborted, down to the socket of whoever is loading.
 */
export interface Loads {
  /** Joins the running loads of `keys` and starts one batch for the others. */
  readonly join: (keys: readonly string[], load: LoadBatch, signal: AbortSignal) => readonly Joined[];
  readonly activeCount: () => number;
  /** Aborts what is running and waits for it to end. */
  readonly close: () => Promise<void>;
}

/** @param onLoaded called once per load that settled with a value, before its waiters see it */
export function createLoads(onLoaded: (key: string, loaded: Loaded) => Promise<void>): Loads {
  const loads = new Map<string, Load>();
  const batches = new Map<Batch, Promise<void>>();

  function start(keys: readonly string[], load: LoadBatch): void {
    const batch: Batch = { abort: new AbortController(), waiterCount: 0 };
    const own = new Map<string, Load>();
    for (const key of keys) {
      const { promise, resolve, reject } = Promise.withResolvers<Loaded>();
      // Waiters see the rejection through their own promise; a load whose waiters have all left has nobody to tell.
      promise.catch(() => {});
      const entry: Load = { promise, resolve, reject, batch, waiterCount: 0 };
      own.set(key, entry);
      loads.set(key, entry);
    }
    const forget = (key: string): void => {
      if (loads.get(key) === own.get(key)) loads.delete(key);
      own.delete(key);
    };
    const run = async (): Promise<void> => {
      try {
        for await (const [key, loaded] of load(keys, batch.abort.signal)) {
          const settled = own.get(key);
          if (settled === undefined)
            throw new Error("a load settled a key that it was not asked for, or settled it twice");
          await onLoaded(key, loaded);
          forget(key);
          settled.resolve(loaded);
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
    load.waiterCount += 1;
    load.batch.waiterCount += 1;
    const loaded = new Promise<Loaded>((resolve, reject) => {
      let waiting = true;
      const stop = (): boolean => {
        if (!waiting) return false;
        waiting = false;
        signal.removeEventListener("abort", leave);
        load.waiterCount -= 1;
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
    return { key, coalesced, loaded };
  }

  return {
    join: (keys, load, signal) => {
      const running = new Set(keys.filter((key) => loads.has(key)));
      const missing = keys.filter((key) => !running.has(key));
      if (missing.length > 0) start(missing, load);
      return keys.map((key) => {
        const entry = loads.get(key);
        // `start` registers every missing key before it runs anything.
        if (entry === undefined) throw new Error("a load vanished before it was joined");
        return join(key, entry, running.has(key), signal);
      });
    },
    activeCount: () => loads.size,
    close: async () => {
      const running = [...batches];
      for (const [batch] of running) batch.abort.abort(new Error("the cache is closing"));
      await Promise.all(running.map(([, ended]) => ended));
    },
  };
}
