import { createHash } from "node:crypto";
import calculateSlot from "cluster-key-slot";
import type { Redis } from "ioredis";
import { encodeMessage } from "./bus.ts";
import { decodeEntry, encodeEntry } from "./entry-codec.ts";
import { BUS_CHANNEL, isInScope, scanPattern } from "./keys.ts";
import type { RedisLink } from "./redis-link.ts";
import { REPLACE, runScript, WRITE } from "./redis-scripts.ts";
import { isSame, type Entry, type EvictionScope, type Read, type Store } from "./store.ts";

const SCAN_COUNT = 1_000;
/** Spread of physical lives, so that what was written together does not vanish together. */
const LIFE_JITTER = 0.1;

const NONE: Read = { state: "none" };
const UNREADABLE: Read = { state: "unreadable" };

/**
 * How long Redis keeps an entry, milliseconds: its life and what `max_stale` may ask for, longer by up to a tenth.
 * Validity is the header's matter, never Redis's.
 */
export const physicalLifeMs = (
  entry: Entry,
  maxStaleMs: number,
  nowMs: number,
  random: () => number,
): number => Math.max(1, Math.ceil((entry.expireMs - nowMs + maxStaleMs) * (1 + LIFE_JITTER * random())));

/**
 * Keeps entries in Redis, for all composers.
 *
 * @param maxStaleMs how long past its expiry an entry is kept for callers that accept stale answers
 * @param self name of this process on the bus
 * @param now wall clock, milliseconds since the epoch
 */
export function createRedisStore(
  link: RedisLink,
  self: string,
  maxStaleMs: number,
  now: () => number,
  random: () => number,
): Store {
  async function readSlot(keys: readonly string[]): Promise<Read[]> {
    const [first] = keys;
    if (first === undefined) return [];
    const values = await link.run("MGET", first, (client) => client.mgetBuffer(...keys));
    return values.map((value, index) => {
      if (value === null) return NONE;
      const entry = decodeEntry(value);
      if (entry !== undefined) return { state: "entry", entry };
      const key = keys[index];
      // Whether or not it can be removed, it is not served; the next writer replaces it.
      if (key !== undefined) remove(key).catch(() => {});
      return UNREADABLE;
    });
  }

  async function remove(key: string): Promise<void> {
    await link.run("UNLINK", key, (client) => client.unlink(key));
  }

  return {
    tier: "redis",
    getMany: async (keys, signal) => {
      signal.throwIfAborted();
      const slots = Map.groupBy(keys, (key) => calculateSlot(key));
      const found = new Map<string, Read>();
      await Promise.all(
        [...slots.values()].map(async (own) => {
          for (const [index, read] of (await readSlot(own)).entries()) found.set(own[index] ?? "", read);
        }),
      );
      return keys.map((key) => found.get(key) ?? NONE);
    },
    set: async (key, entry) => {
      const lifeMs = physicalLifeMs(entry, maxStaleMs, now(), random);
      const { storedMs } = entry;
      const message = encodeMessage({ type: "stored", key, from: self, storedMs });
      await link.run("EVALSHA", key, (client) =>
        runScript(client, WRITE, [key], [encodeEntry(entry), lifeMs, storedMs, now(), BUS_CHANNEL, message]),
      );
    },
    replace: async (key, there, coming) => {
      const value = await link.run("GET", key, (client) => client.getBuffer(key));
      const found = value === null ? undefined : decodeEntry(value);
      if (value === null || found === undefined || !isSame(found, there)) return false;
      const lifeMs = physicalLifeMs(coming, maxStaleMs, now(), random);
      const message = encodeMessage({ type: "replaced", key, from: self });
      const digest = createHash("sha1").update(value).digest("hex");
      const replaced = await link.run("EVALSHA", key, (client) =>
        runScript(client, REPLACE, [key], [digest, encodeEntry(coming), lifeMs, BUS_CHANNEL, message]),
      );
      return replaced === 1;
    },
    delete: remove,
    evict: async (scope) => {
      const counts = await link.onEveryMaster((node) => evictFrom(node, scope));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    // The link belongs to whoever created it.
    close: () => Promise.resolve(),
  };
}

/** Removes what fits from one node; says how many entries that were. */
async function evictFrom(node: Redis, scope: EvictionScope): Promise<number> {
  let count = 0;
  let cursor = "0";
  do {
    const [next, keys] = await node.scan(cursor, "MATCH", scanPattern(scope), "COUNT", SCAN_COUNT);
    cursor = next;
    const wanted = keys.filter((key) => isInScope(key, scope));
    // One by one in a pipeline: the keys of a node lie in many slots.
    const pipeline = node.pipeline();
    for (const key of wanted) pipeline.unlink(key);
    const answers = wanted.length === 0 ? [] : ((await pipeline.exec()) ?? []);
    for (const [error] of answers) if (error) throw error;
    count += wanted.filter((key) => !key.endsWith("/lease")).length;
  } while (cursor !== "0");
  return count;
}
