import { linkAbort } from "../../../shared/linked-abort.ts";
import { encodeMessage } from "./bus.ts";
import {
  createWaiter,
  fromCluster,
  isGood,
  type MinStoredMs,
  type Waiter,
  type WaiterOptions,
} from "./lease-waiter.ts";
import { RENEW_EVERY_MS, type Acquired } from "./leases.ts";
import type { LoadBatch, Settled } from "./loads.ts";
import type { Entry } from "./store.ts";

/** What ends with a failure or cut off is shared with the waiters of other processes up to this size. */
const MAX_SHARED_BYTES = 256 << 10;
/** Rounds in which a value that Redis says is there cannot be read; then it is loaded without asking. */
const MAX_ROUND_COUNT = 3;

export interface ClusterLoadOptions extends WaiterOptions {
  /** Name of this process on the bus. */
  readonly self: string;
  /** A token that nobody else has. */
  readonly createToken: () => string;
  /** How long Redis keeps an entry, milliseconds. */
  readonly physicalLifeMs: (entry: Entry) => number;
}

/** Makes loads happen once in the cluster. */
export interface ClusterLoad {
  /**
   * Wraps a load of this process in leases. The holder of a key's lease loads it, writes the value only while it still
   * holds the lease, and tells the others; they read it, and one of them takes over when the holder has died or has
   * given up. Without Redis it is the plain load. The keys of a batch lie in one slot.
   */
  readonly wrap: (load: LoadBatch, minStoredMs: MinStoredMs) => LoadBatch;
  /** Waits until what has been loaded is in Redis, and what has been given up is known there. */
  readonly close: () => Promise<void>;
}

export function createClusterLoad(options: ClusterLoadOptions): ClusterLoad {
  const handingOver = new Set<Promise<void>>();
  const handOver: HandOver = (key, lease, settled) => {
    const done: Promise<void> = keepOrRelease(options, key, lease.token, settled)
      .catch(options.onRedisError)
      .finally(() => handingOver.delete(done));
    handingOver.add(done);
  };
  return {
    wrap: (load, minStoredMs) => (keys, signal) =>
      runBatch({ ...options, load, minStoredMs, handOver }, keys, signal),
    close: async () => {
      await Promise.all(handingOver);
    },
  };
}

/** Behind the waiters of this process, who have what they want: Redis and the other processes get theirs. */
type HandOver = (key: string, lease: Lease, settled: Settled) => void;

interface Lease {
  readonly token: string;
  /** Whether it is ours for certain: Redis may have given it to us without our hearing of it. */
  readonly held: boolean;
}

interface Round extends ClusterLoadOptions {
  readonly load: LoadBatch;
  readonly minStoredMs: MinStoredMs;
  readonly handOver: HandOver;
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
  round: Round,
  keys: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly [string, Settled]> {
  const settlements = new Settlements();
  // Ends the batch's own waiting when the consumer stops.
  const waiting = linkAbort(signal);
  const run = (asked: readonly string[], roundCount: number): void => {
    settle(round, asked, roundCount, waiting.signal, settlements, run).catch((error: unknown) => {
      for (const key of asked) settlements.push(key, { state: "failed", error });
    });
  };
  run(keys, 1);
  try {
    const unsettled = new Set(keys);
    while (unsettled.size > 0) {
      const [key, settled] = await settlements.next();
      if (unsettled.delete(key)) yield [key, settled];
    }
  } finally {
    waiting.end(new Error("nobody waits any more"));
  }
}

/** One round for keys that nobody in this process loads: ask for the leases, then load, read, or wait. */
async function settle(
  round: Round,
  keys: readonly string[],
  roundCount: number,
  signal: AbortSignal,
  settlements: Settlements,
  again: (keys: readonly string[], roundCount: number) => void,
): Promise<void> {
  const { leases, now, onRedisError, minStoredMs } = round;
  const token = round.createToken();
  // Listened to before the lease is asked for: a publication between the two must not be missed.
  const waiters = new Map(keys.map((key) => [key, createWaiter(round, key, minStoredMs, signal)]));
  const close = (key: string): void => waiters.get(key)?.close();
  let acquired: ReadonlyMap<string, Acquired>;
  try {
    acquired = await leases.acquire(keys, token, now(), minStoredMs);
  } catch (error) {
    onRedisError(error);
    for (const key of keys) close(key);
    await loadHere(round, keys, { token, held: false }, signal, settlements);
    return;
  }
  const of = (state: Acquired): string[] => keys.filter((key) => acquired.get(key) === state);
  const held = of("held");
  const ready = of("ready");
  const loading: Promise<void>[] = [];
  const loadNow = (asked: readonly string[], lease: Lease): void => {
    if (asked.length > 0) loading.push(loadHere(round, asked, lease, signal, settlements));
  };
  loadNow(held, { token, held: true });
  for (const key of [...held, ...ready]) close(key);
  const missed = await readReady(round, ready, signal, settlements);
  // Gone between two looks, evicted say: asked for once more. What can never be read is loaded in the end.
  if (missed.length > 0 && roundCount < MAX_ROUND_COUNT) again(missed, roundCount + 1);
  else loadNow(missed, { token, held: false });
  follow(of("taken"), waiters, settlements, (keysLeft) => again(keysLeft, roundCount));
  await Promise.all(loading);
}

/** Settles what Redis has by now; says which of it could not be read. */
async function readReady(
  { store, minStoredMs, now, onRedisError }: Round,
  keys: readonly string[],
  signal: AbortSignal,
  settlements: Settlements,
): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const reads = await store.getMany(keys, signal).catch((error: unknown) => {
    onRedisError(error);
    return [];
  });
  return keys.filter((key, index) => {
    const read = reads[index];
    if (read?.state !== "entry" || !isGood(read.entry, minStoredMs(key), now())) return true;
    settlements.push(key, { state: "loaded", loaded: fromCluster(read.entry) });
    return false;
  });
}

/**
 * Settles with what the holders of leases come to. When one has to be taken over, all that are left are asked for again:
 * a dead holder's leases end together, and what it would have loaded in one call stays one call of one process.
 */
function follow(
  keys: readonly string[],
  waiters: ReadonlyMap<string, Waiter>,
  settlements: Settlements,
  takeOver: (keysLeft: readonly string[]) => void,
): void {
  const left = new Set(keys);
  const settleOne = (key: string, settled: Settled | undefined): void => {
    if (!left.has(key)) return;
    if (settled !== undefined) {
      left.delete(key);
      settlements.push(key, settled);
      return;
    }
    const keysLeft = [...left];
    left.clear();
    for (const one of keysLeft) waiters.get(one)?.close();
    takeOver(keysLeft);
  };
  for (const key of keys) {
    const waiter = waiters.get(key);
    waiter?.settled
      .then((settled) => settleOne(key, settled))
      .catch((error: unknown) => settleOne(key, { state: "failed", error }))
      .finally(waiter.close);
  }
}

/** Loads in this process, under leases that are renewed until their keys have settled. */
async function loadHere(
  round: Round,
  keys: readonly string[],
  lease: Lease,
  signal: AbortSignal,
  settlements: Settlements,
): Promise<void> {
  const unsettled = new Set(keys);
  const renew = (): void => void round.leases.renew([...unsettled], lease.token).catch(round.onRedisError);
  const timer = setInterval(renew, RENEW_EVERY_MS);
  try {
    for await (const [key, settled] of round.load(keys, signal)) {
      unsettled.delete(key);
      round.handOver(key, lease, settled);
      settlements.push(
        key,
        settled.state === "loaded"
          ? { ...settled, loaded: { ...settled.loaded, inRedis: lease.held } }
          : settled,
      );
    }
    if (unsettled.size > 0) throw new Error("a load ended before all of its keys had settled");
  } catch (error) {
    for (const key of unsettled) {
      round.handOver(key, lease, { state: "failed", error });
      settlements.push(key, { state: "failed", error });
    }
  } finally {
    clearInterval(timer);
  }
}

async function keepOrRelease(
  { leases, self, now, physicalLifeMs }: ClusterLoadOptions,
  key: string,
  token: string,
  settled: Settled,
): Promise<void> {
  const loaded = settled.state === "loaded" ? settled.loaded : undefined;
  if (loaded?.storable === true && loaded.expireMs > now()) {
    const message = encodeMessage({ type: "stored", key, from: self, storedMs: loaded.storedMs });
    await leases.commit(key, token, loaded, physicalLifeMs(loaded), message);
  } else if (
    settled.cutShort !== true &&
    loaded?.forbidden === false &&
    loaded.bytes.byteLength <= MAX_SHARED_BYTES
  ) {
    const bytes = Buffer.from(loaded.bytes).toString("base64");
    const { storedMs } = loaded;
    await leases.release(key, token, encodeMessage({ type: "shared", key, from: self, bytes, storedMs }));
  } else {
    await leases.release(key, token, encodeMessage({ type: "released", key, from: self }));
  }
}
