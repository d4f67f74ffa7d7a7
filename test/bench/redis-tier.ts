import { createCache, type Cache } from "../../services/guide-composer/cache/cache.ts";
import { contentKey, identifyGuide } from "../../services/guide-composer/cache/keys.ts";
import type { LoadBatch } from "../../services/guide-composer/cache/loads.ts";
import { NO_LIMITS } from "../../services/guide-composer/cache/lookup.ts";
import { parseRedisUrl } from "../../services/guide-composer/cache/redis-url.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { createRounds, percentile, type Group } from "./metric.ts";

const ROUND_COUNT = 5;
const CALL_COUNT = 300;
/** Contents of a guide. */
const CONTENT_COUNT = 12;
const CONTENT_BYTES = 4_096;
const LIFE_MS = 3_600_000;
/** Calls while Redis is frozen, besides the first one. */
const FROZEN_COUNT = 50;
/** Long enough for what a call leaves to be written. */
const WRITTEN_MS = 4;
const BACK_WITHIN_MS = 5_000;

/** What a Redis costs the calls that it has nothing for. */
export const redisTier: Group = {
  names: ["cache.redis_miss_added_ms.p50", "cache.frozen_first_added_ms", "cache.frozen_then_added_ms"],
  method:
    `${ROUND_COUNT} rounds. miss: ${CALL_COUNT} lookups of a guide and of its ${CONTENT_COUNT} contents, each of another ` +
    `destination, in this process, with a load that answers at once with ${CONTENT_BYTES} bytes a content; the median ` +
    "with a Redis on the same machine (guide, contents, leases: three round trips) less the median without, interleaved. " +
    "frozen: the same while Redis is stopped by SIGSTOP, the first call and the median of the later ones, less the " +
    "median without Redis",
  run: async () => {
    const rounds = createRounds({
      "cache.redis_miss_added_ms.p50": "ms",
      "cache.frozen_first_added_ms": "ms",
      "cache.frozen_then_added_ms": "ms",
      "baseline.cache.miss_without_redis_ms": "ms",
    });
    const redis = await startRedisServer();
    if (redis === undefined) throw new Error("there is no redis-server");
    const alone = await createBenchCache(undefined);
    const shared = await createBenchCache(redis);
    try {
      for (let round = 0; round <= ROUND_COUNT; round += 1) {
        const times = { alone: [] as number[], shared: [] as number[] };
        for (let call = 0; call < CALL_COUNT; call += 1) {
          times.alone.push(await missMs(alone));
          times.shared.push(await missMs(shared));
          // What is written behind the call is not a part of the next one.
          await new Promise<void>((resolve) => setTimeout(resolve, WRITTEN_MS));
        }
        const aloneMs = percentile(times.alone, 0.5);
        redis.freeze();
        const firstMs = await missMs(shared);
        const then: number[] = [];
        for (let call = 0; call < FROZEN_COUNT; call += 1) then.push(await missMs(shared));
        redis.thaw();
        const endMs = performance.now() + BACK_WITHIN_MS;
        while (shared.redisLost()) {
          if (performance.now() > endMs) throw new Error("Redis did not come back");
          await new Promise<void>((resolve) => setTimeout(resolve, 5));
        }
        // The first round does not count: everything is still being compiled.
        if (round === 0) continue;
        rounds.add("baseline.cache.miss_without_redis_ms", aloneMs);
        rounds.add("cache.redis_miss_added_ms.p50", percentile(times.shared, 0.5) - aloneMs);
        rounds.add("cache.frozen_first_added_ms", firstMs - aloneMs);
        rounds.add("cache.frozen_then_added_ms", percentile(then, 0.5) - aloneMs);
      }
    } finally {
      await alone.close();
      await shared.close();
      await redis.close();
    }
    return rounds.metrics();
  },
};

async function createBenchCache(redis: RedisServer | undefined): Promise<Cache> {
  return await createCache({
    memoryBytes: 64 << 20,
    redis: redis && parseRedisUrl(redis.url),
    maxStaleMs: 0,
    now: Date.now,
    monotonicNow: () => performance.now(),
    random: Math.random,
    mayRefresh: () => false,
    onTierError: () => {},
    onRedisStateChanged: () => {},
    inRedisSpan: (_operation, _node, command) => command(),
  });
}

let destinationCount = 0;
const signal = new AbortController().signal;

/** One call for a destination that nobody has asked for: the guide, then its contents, then their load. */
async function missMs({ lookup }: Cache): Promise<number> {
  destinationCount += 1;
  const destination = `destinations/${destinationCount}`;
  const keys = Array.from({ length: CONTENT_COUNT }, (_, index) =>
    contentKey(destination, "ATTRACTIONS", `providers/p${index}`, []),
  );
  const guide = identifyGuide(destination, []).key;
  const startMs = performance.now();
  await lookup.find(guide, NO_LIMITS, signal);
  const { results } = await lookup.lookUp({
    keys,
    mode: "prefer-cache",
    maxStaleMs: 0,
    ...NO_LIMITS,
    load,
    refreshLoad: load,
    signal,
  });
  for (const result of results.values()) {
    const found = await result;
    if (found.state !== "found") throw new Error("a load failed");
  }
  return performance.now() - startMs;
}

const load: LoadBatch = async function* (keys) {
  for (const key of keys) {
    const nowMs = Date.now();
    yield await Promise.resolve([
      key,
      {
        state: "loaded",
        loaded: {
          bytes: Buffer.alloc(CONTENT_BYTES, "an old town on a river "),
          storedMs: nowMs,
          expireMs: nowMs + LIFE_MS,
          negative: false,
          storable: true,
          forbidden: false,
          origin: "here",
          inRedis: false,
        },
      },
    ] as const);
  }
};
