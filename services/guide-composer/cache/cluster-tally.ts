import { CLUSTER_TALLY_KEY } from "./keys.ts";
import type { RedisLink } from "./redis-link.ts";

/** How often a process adds what it has counted to the cluster's counters. */
const FLUSH_EVERY_MS = 5_000;
/** Field that holds when the counters began. */
const START_FIELD = "start-ms";

/** Counters by name, of all processes that share a Redis. */
export interface ClusterTally {
  readonly add: (counter: string, count: number) => void;
  /** All counters and when they began; undefined when Redis does not answer. */
  readonly read: () => Promise<
    { readonly startMs: number; readonly counts: ReadonlyMap<string, number> } | undefined
  >;
  /** Adds what is left, if it can be added. */
  readonly close: () => Promise<void>;
}

/**
 * Counts go to Redis every five seconds. What could not be added is added later; what a killed process had not added
 * yet is lost.
 *
 * @param now wall clock, milliseconds since the epoch
 */
export function createClusterTally(
  link: RedisLink,
  now: () => number,
  onRedisError: (error: unknown) => void,
): ClusterTally {
  let pending = new Map<string, number>();

  async function flush(): Promise<void> {
    if (pending.size === 0 || !link.available(CLUSTER_TALLY_KEY)) return;
    const adding = pending;
    pending = new Map();
    try {
      await link.run("HINCRBY", CLUSTER_TALLY_KEY, async (client) => {
        const commands = client.pipeline().hsetnx(CLUSTER_TALLY_KEY, START_FIELD, Math.floor(now()));
        for (const [counter, count] of adding) commands.hincrby(CLUSTER_TALLY_KEY, counter, count);
        for (const [error] of (await commands.exec()) ?? []) if (error) throw error;
      });
    } catch (error) {
      onRedisError(error);
      // Some of it may have arrived: counters are for people, who can live with that, and not with a gap.
      for (const [counter, count] of adding) pending.set(counter, (pending.get(counter) ?? 0) + count);
    }
  }

  const timer = setInterval(() => void flush(), FLUSH_EVERY_MS).unref();
  return {
    add: (counter, count) => {
      if (count > 0) pending.set(counter, (pending.get(counter) ?? 0) + count);
    },
    read: async () => {
      await flush();
      let fields: Record<string, string>;
      try {
        fields = await link.run("HGETALL", CLUSTER_TALLY_KEY, (client) => client.hgetall(CLUSTER_TALLY_KEY));
      } catch (error) {
        onRedisError(error);
        return undefined;
      }
      const { [START_FIELD]: startMs, ...counts } = fields;
      if (startMs === undefined) return { startMs: Math.floor(now()), counts: new Map() };
      return {
        startMs: Number(startMs),
        counts: new Map(Object.entries(counts).map(([counter, count]) => [counter, Number(count)])),
      };
    },
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}
