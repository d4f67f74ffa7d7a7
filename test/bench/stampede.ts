import { CacheMode } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { startRedisServer } from "../support/redis/server.ts";
import { destinationNames } from "./cold.ts";
import { createRounds, type Group } from "./metric.ts";
import { startBenchPair } from "./pair.ts";

const ROUND_COUNT = 3;
const CALL_COUNT = 200;
const LATENCY_MS = 300;
const TIMEOUT_MS = 60_000;

/** Many identical calls for what nobody has asked for before. */
export const stampede: Group = {
  names: ["stampede.calls_per_content"],
  method:
    `${ROUND_COUNT} rounds of ${CALL_COUNT} identical ComposeGuide calls at once for a guide that nothing is cached of, ` +
    `providers at ${LATENCY_MS} ms, with a Redis: requests that the providers got, divided by those of one call that ` +
    "bypasses the cache for the same guide afterwards. Beside it the time until the last of the calls was answered",
  run: async () => {
    const rounds = createRounds({ "stampede.calls_per_content": "x", "baseline.stampede.last_ms": "ms" });
    const redis = await startRedisServer();
    if (redis === undefined) throw new Error("there is no redis-server");
    const pair = await startBenchPair({ REDIS_URL: redis.url });
    try {
      await pair.setLatencyMs(LATENCY_MS);
      for (const [round, value] of destinationNames(ROUND_COUNT + 1).entries()) {
        const spec = { destination: { case: "destinationName", value } } as const;
        await pair.takeAsked();
        const startMs = performance.now();
        await Promise.all(
          Array.from({ length: CALL_COUNT }, () =>
            pair.client.composeGuide({ spec }, { timeoutMs: TIMEOUT_MS }),
          ),
        );
        const lastMs = performance.now() - startMs;
        const { requestCount } = await pair.takeAsked();
        await pair.client.composeGuide({ spec, cacheMode: CacheMode.REFRESH }, { timeoutMs: TIMEOUT_MS });
        const { requestCount: onceCount } = await pair.takeAsked();
        // The first round does not count: everything is still being compiled.
        if (round === 0) continue;
        rounds.add("stampede.calls_per_content", requestCount / onceCount);
        rounds.add("baseline.stampede.last_ms", lastMs);
      }
    } finally {
      await pair.close();
      await redis.close();
    }
    return rounds.metrics();
  },
};
