import type { Bus, BusMessage } from "./bus.ts";
import { encodeMessage } from "./bus.ts";
import { RENEW_EVERY_MS, type Leases } from "./leases.ts";
import type { LoadBatch, Loaded, Settled } from "./loads.ts";
import type { Entry, Store } from "./store.ts";

/** How often a waiter looks for itself, because a publication can get lost. */
const POLL_EVERY_MS = 500;
/** What ends with a failure or cut off is shared with the waiters of other processes up to this size. */
const MAX_SHARED_BYTES = 256 << 10;

export interface ClusterLoadOptions {
  readonly store: Store;
  readonly leases: Leases;
  readonly bus: Bus;
  /** Name of this process on the bus. */
  readonly self: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** A token that nobody else has. */
  readonly createToken: () => string;
  /** How long Redis keeps an entry, milliseconds. */
  readonly physicalLifeMs: (entry: Entry) => number;
  /** Told of what Redis could not do; the load goes on without it. */
  readonly onRedisError: (error: unknown) => void;
}

/** The oldest stored-at of a key with which the load is not needed any more, milliseconds since the epoch. */
export type MinStoredMs = (key: string) => number;

/** Makes a load happen once in the cluster. */
export type ClusterLoad = (load: LoadBatch, minStoredMs: MinStoredMs) => LoadBatch;

/**
 * Wraps a load of this process in leases. The holder of a key's lease loads it, writes the value only while it still
 * holds the lease, and tells the others; they read it, and one of them takes over when the holder has died or has
 * given up. Without Redis it is the plain load. The keys of a batch lie in one slot.
 */
export function createClusterLoad(options: ClusterLoadOptions): ClusterLoad {
  return (load, minStoredMs) => (keys, signal) => runBatch(options, load, minStoredMs, keys, signal);
}

/** Hands over what several producers settle, in the order in which it comes. */
class Settlements {
  readonly #ready: (readonly [string, Settled])[] = [];
  #wake: () => void = () => {};

  push(key: string, settled: Settled): void {
    this.#ready.push([key, settled]);
    this.#wake();
  }

  async next(): Promise<readonly [string, Settled]> {
    for (;;) {
      const first = this.#ready.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

async function* runBatch(
  options: ClusterLoadOptions,
  load: LoadBatch,
  minStoredMs: MinStoredMs,
  keys: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly [string, Settled]> {
  const settlements = new Settlements();
  // Ends the batch's own waiting when the consumer stops.
  const ended = new AbortController();
  const all = AbortSignal.any([signal, ended.signal]);
  const run = (asked: readonly string[]): void => {
    settle(options, load, minStoredMs, asked, all, settlements, run).catch((error: unknown) => {
      for (const key of asked) settlements.push(key, { state: "failed", error });
    });
  };
  run(keys);
  try {
    const unsettled = new Set(keys);
    while (unsettled.size > 0) {
      const [key, settled] = await settlements.next();
      if (unsettled.delete(key)) yield [key, settled];
    }
  } finally {
    ended.abort();
  }
}

/** One round for keys that nobody in this process loads: ask for the leases, then load, read, or wait. */
async function settle(
  options: ClusterLoadOptions,
  load: LoadBatch,
  minStoredMs: MinStoredMs,
  keys: readonly string[],
  signal: AbortSignal,
  settlements: Settlements,
  again: (keys: readonly string[]) => void,
): Promise<void> {
  const { store, leases, now, onRedisError } = options;
  const token = options.createToken();
  // Listened to before the lease is asked for: a publication between the two must not be missed.
  const waiters = new Map(keys.map((key) => [key, createWaiter(options, key, minStoredMs, signal)]));
  const close = (key: string): void => waiters.get(key)?.close();
  let acquired: Awaited<ReturnType<typeof leases.acquire>>;
  try {
    acquired = await leases.acquire(keys, token, now(), minStoredMs);
  } catch (error) {
    onRedisError(error);
    for (const key of keys) close(key);
    await loadHere(options, load, keys, undefined, signal, settlements);
    return;
  }
  const of = (state: string): string[] => keys.filter((key) => acquired.get(key) === state);
  const held = of("held");
  const ready = of("ready");
  const loading =
    held.length === 0 ? Promise.resolve() : loadHere(options, load, held, token, signal, settlements);
  for (const key of [...held, ...ready]) close(key);
  const missed: string[] = [];
  if (ready.length > 0) {
    const reads = await store.getMany(ready, signal).catch((error: unknown) => {
      onRedisError(error);
      return [];
    });
    for (const [index, key] of ready.entries()) {
      const read = reads[index];
      if (read?.state === "entry" && isGood(read.entry, minStoredMs(key), now()))
        settlements.push(key, { state: "loaded", loaded: fromCluster(read.entry) });
      else missed.push(key);
    }
  }
  // Gone between two looks, evicted say: asked for once more.
  if (missed.length > 0) again(missed);
  for (const key of of("taken")) {
    const waiter = waiters.get(key);
    if (waiter === undefined) continue;
    waiter.settled
      .then((settled) => {
        if (settled === undefined) again([key]);
        else settlements.push(key, settled);
      })
      .catch((error: unknown) => settlements.push(key, { state: "failed", error }))
      .finally(waiter.close);
  }
  await loading;
}

const isGood = (entry: Entry, minStoredMs: number, nowMs: number): boolean =>
  entry.expireMs > nowMs && entry.storedMs >= minStoredMs;

const fromCluster = (entry: Entry): Loaded => ({
  ...entry,
  storable: true,
  forbidden: false,
  origin: "cluster",
  inRedis: true,
});

/** Loads in this process; with a token under leases, which are renewed until their keys have settled. */
async function loadHere(
  options: ClusterLoadOptions,
  load: LoadBatch,
  keys: readonly string[],
  token: string | undefined,
  signal: AbortSignal,
  settlements: Settlements,
): Promise<void> {
  const { leases, onRedisError } = options;
  const unsettled = new Set(keys);
  const timer =
    token === undefined
      ? undefined
      : setInterval(() => void leases.renew([...unsettled], token).catch(onRedisError), RENEW_EVERY_MS);
  try {
    for await (const [key, settled] of load(keys, signal)) {
      unsettled.delete(key);
      if (token !== undefined) keepOrRelease(options, key, token, settled);
      const inRedis = token !== undefined;
      settlements.push(
        key,
        settled.state === "loaded" ? { state: "loaded", loaded: { ...settled.loaded, inRedis } } : settled,
      );
    }
    if (unsettled.size > 0) throw new Error("a load ended before all of its keys had settled");
  } catch (error) {
    for (const key of unsettled) {
      if (token !== undefined) keepOrRelease(options, key, token, { state: "failed", error });
      settlements.push(key, { state: "failed", error });
    }
  } finally {
    clearInterval(timer);
  }
}

/** Behind the waiters of this process, who have what they want: Redis and the other processes get theirs. */
function keepOrRelease(options: ClusterLoadOptions, key: string, token: string, settled: Settled): void {
  const { leases, self, now, onRedisError } = options;
  const keep = async (): Promise<void> => {
    if (settled.state === "loaded" && settled.loaded.storable && settled.loaded.expireMs > now()) {
      const message = encodeMessage({ type: "stored", key, from: self });
      await leases.commit(key, token, settled.loaded, options.physicalLifeMs(settled.loaded), message);
    } else if (
      settled.state === "loaded" &&
      !settled.loaded.forbidden &&
      settled.loaded.bytes.byteLength <= MAX_SHARED_BYTES
    ) {
      const bytes = Buffer.from(settled.loaded.bytes).toString("base64");
      const { storedMs } = settled.loaded;
      await leases.release(key, token, encodeMessage({ type: "shared", key, from: self, bytes, storedMs }));
    } else {
      await leases.release(key, token, encodeMessage({ type: "released", key, from: self }));
    }
  };
  keep().catch(onRedisError);
}

interface Waiter {
  /** What the holder came to; undefined when somebody has to take over. Rejects with the signal's reason. */
  readonly settled: Promise<Settled | undefined>;
  readonly close: () => void;
}

/** Waits for the holder of a lease: for its publication, and by looking every half second. */
function createWaiter(
  options: ClusterLoadOptions,
  key: string,
  minStoredMs: MinStoredMs,
  signal: AbortSignal,
): Waiter {
  const { store, leases, bus, now, onRedisError } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Settled | undefined>();
  promise.catch(() => {});

  async function look(): Promise<void> {
    try {
      // The lease first: a holder writes the value before it gives the lease back.
      const held = await leases.isHeld(key);
      const [read] = await store.getMany([key], signal);
      if (read?.state === "entry" && isGood(read.entry, minStoredMs(key), now()))
        resolve({ state: "loaded", loaded: fromCluster(read.entry) });
      else if (!held) resolve(undefined);
    } catch (error) {
      // Without Redis there is nobody to wait for.
      onRedisError(error);
      resolve(undefined);
    }
  }

  function onMessage(message: BusMessage): void {
    switch (message.type) {
      case "stored":
        void look();
        return;
      case "shared":
        resolve({ state: "loaded", loaded: shared(Buffer.from(message.bytes, "base64"), message.storedMs) });
        return;
      case "released":
        resolve(undefined);
        return;
      case "evicted":
    }
  }

  const stopListening = bus.onKey(key, onMessage);
  const timer = setInterval(() => void look(), POLL_EVERY_MS);
  const leave = (): void => reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  return {
    settled: promise,
    close: () => {
      stopListening();
      clearInterval(timer);
      signal.removeEventListener("abort", leave);
    },
  };
}

const shared = (bytes: Uint8Array, storedMs: number): Loaded => ({
  bytes,
  storedMs,
  expireMs: storedMs,
  negative: false,
  storable: false,
  forbidden: false,
  origin: "cluster",
  inRedis: false,
});
