import type { Entry } from "./store.ts";
import { encodeEntry } from "./entry-codec.ts";
import { BUS_CHANNEL, leaseKey } from "./keys.ts";
import type { RedisLink } from "./redis-link.ts";
import { ACQUIRE, COMMIT, RELEASE, RENEW, runScript } from "./redis-scripts.ts";

/** How long a lease outlives its last renewal: after so long a dead holder is noticed. */
export const LEASE_LIFE_MS = 3_000;
export const RENEW_EVERY_MS = 1_000;

/** How asking for a lease ended: ours, somebody else's, or not needed because the value is there by now. */
export type Acquired = "held" | "taken" | "ready";

/** The cluster-wide right to load a key: at most one holder at a time, known by its token. */
export interface Leases {
  /** Asks for several at once; the keys lie in one slot. */
  readonly acquire: (
    keys: readonly string[],
    token: string,
    nowMs: number,
    minStoredMs: (key: string) => number,
  ) => Promise<ReadonlyMap<string, Acquired>>;
  readonly renew: (keys: readonly string[], token: string) => Promise<void>;
  /** Writes the value and gives the lease back, if the lease is still held; says whether it was. */
  readonly commit: (
    key: string,
    token: string,
    entry: Entry,
    lifeMs: number,
    message: Buffer,
  ) => Promise<boolean>;
  readonly release: (key: string, token: string, message: Buffer) => Promise<void>;
  /** Whether anybody holds the lease of a key. */
  readonly isHeld: (key: string) => Promise<boolean>;
}

const ACQUIRED: ReadonlyMap<unknown, Acquired> = new Map([
  [0, "taken"],
  [1, "held"],
  [2, "ready"],
] as const);

/** Lua reads no `-Infinity`; nothing of ours was stored before the epoch. */
const toLua = (ms: number): number => Math.max(0, ms);

export function createLeases(link: RedisLink): Leases {
  const slotOf = (keys: readonly string[]): string => keys[0] ?? "";
  return {
    acquire: async (keys, token, nowMs, minStoredMs) => {
      const answers = await link.run("EVALSHA", slotOf(keys), (client) =>
        runScript(
          client,
          ACQUIRE,
          keys.flatMap((key) => [leaseKey(key), key]),
          [token, LEASE_LIFE_MS, nowMs, ...keys.map((key) => toLua(minStoredMs(key)))],
        ),
      );
      return new Map(
        keys.map((key, index) => {
          const answer = Array.isArray(answers) ? ACQUIRED.get(answers[index]) : undefined;
          if (answer === undefined) throw new Error("the lease script gave no answer for a key");
          return [key, answer];
        }),
      );
    },
    renew: async (keys, token) => {
      await link.run("EVALSHA", slotOf(keys), (client) =>
        runScript(client, RENEW, keys.map(leaseKey), [token, LEASE_LIFE_MS]),
      );
    },
    commit: async (key, token, entry, lifeMs, message) => {
      const value = encodeEntry(entry);
      const written = await link.run("EVALSHA", key, (client) =>
        runScript(client, COMMIT, [leaseKey(key), key], [token, value, lifeMs, BUS_CHANNEL, message]),
      );
      return written === 1;
    },
    release: async (key, token, message) => {
      await link.run("EVALSHA", key, (client) =>
        runScript(client, RELEASE, [leaseKey(key)], [token, BUS_CHANNEL, message]),
      );
    },
    isHeld: async (key) => (await link.run("EXISTS", key, (client) => client.exists(leaseKey(key)))) === 1,
  };
}
