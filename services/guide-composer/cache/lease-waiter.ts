import type { Bus, BusMessage } from "./bus.ts";
import type { Leases } from "./leases.ts";
import type { Loaded, Settled } from "./loads.ts";
import type { Entry, Store } from "./store.ts";

/** How often a waiter looks for itself, because a publication can get lost. */
const POLL_EVERY_MS = 500;

/** The oldest stored-at of a key with which the load is not needed any more, milliseconds since the epoch. */
export type MinStoredMs = (key: string) => number;

export interface WaiterOptions {
  readonly store: Store;
  readonly leases: Leases;
  readonly bus: Bus;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of what Redis could not do; the load goes on without it. */
  readonly onRedisError: (error: unknown) => void;
}

export interface Waiter {
  /** What the holder came to; undefined when somebody has to take over. Rejects with the signal's reason. */
  readonly settled: Promise<Settled | undefined>;
  readonly close: () => void;
}

/** Waits for the holder of a lease: for its publication, and by looking every half second. */
export function createWaiter(
  options: WaiterOptions,
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
      case "replaced":
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

/** Whether an entry spares a load. */
export const isGood = (entry: Entry, minStoredMs: number, nowMs: number): boolean =>
  entry.expireMs > nowMs && entry.storedMs >= minStoredMs;

/** What another process has loaded and Redis has. */
export const fromCluster = (entry: Entry): Loaded => ({
  ...entry,
  storable: true,
  forbidden: false,
  origin: "cluster",
  inRedis: true,
});
