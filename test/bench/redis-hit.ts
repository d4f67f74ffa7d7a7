import { create, toBinary } from "@bufbuild/protobuf";
import {
  CacheDecision,
  ComposeGuideRequestSchema,
  ComposeGuideResponseSchema,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startRedisServer } from "../support/redis/server.ts";
import { startCallTimer } from "./call-timer.ts";
import { destinationNames } from "./cold.ts";
import { createRounds, median, percentile, type Group } from "./metric.ts";
import { startBenchPair, type BenchPair } from "./pair.ts";

const ROUND_COUNT = 5;
/** Several times what a megabyte of memory holds: asked for in turn, each has left it when its turn comes again. */
const GUIDE_COUNT = 240;
/** Few, because the machine of a bench refuses what it is late with. */
const FILL_COUNT = 3;
const KIB = 1024;
const KINDS = [SectionKind.OVERVIEW, SectionKind.WEATHER, SectionKind.RESTAURANTS, SectionKind.PRACTICAL];
const COMPOSE_PATH = "/wayfarer.guide.v1.GuideService/ComposeGuide";

/** Guides that the composer has to take from Redis. */
export const redisHit: Group = {
  names: ["redis_hit.p50_ms", "redis_hit.p99_ms"],
  method:
    `${ROUND_COUNT} rounds of ${GUIDE_COUNT} ComposeGuide calls over gRPC one after the other, each for another guide ` +
    "(sizes told as baseline.redis_hit.payload_kib) that is in a Redis on the same machine and not in the composer's " +
    "memory of 1 MiB; composer, content-fetcher and providers in processes of their own, by a node:http2 client that " +
    "does not decode. Beside them the same calls when memory has the guide",
  run: async () => {
    const rounds = createRounds({
      "redis_hit.p50_ms": "ms",
      "redis_hit.p99_ms": "ms",
      "baseline.memory_hit.p50_ms": "ms",
      "baseline.redis_hit.payload_kib": "KiB",
    });
    const redis = await startRedisServer();
    if (redis === undefined) throw new Error("there is no redis-server");
    const pair = await startBenchPair({ REDIS_URL: redis.url, MEMORY_CACHE_MIB: "1" });
    try {
      await pair.setLatencyMs(0);
      const requests = destinationNames(GUIDE_COUNT).map((name) =>
        create(ComposeGuideRequestSchema, {
          spec: { destination: { case: "destinationName", value: name }, sectionKinds: KINDS },
        }),
      );
      const sizesBytes = await fill(pair, requests);
      rounds.add("baseline.redis_hit.payload_kib", median(sizesBytes) / KIB);
      const messages = requests.map((request) => toBinary(ComposeGuideRequestSchema, request));
      const timer = startCallTimer(pair.address, COMPOSE_PATH);
      for (let round = 0; round <= ROUND_COUNT; round += 1) {
        const fromRedis: number[] = [];
        const fromMemory: number[] = [];
        for (const message of messages) {
          fromRedis.push(await timer.timeMs(message));
          fromMemory.push(await timer.timeMs(message));
        }
        // The first round does not count: the composer is still being compiled.
        if (round === 0) continue;
        rounds.add("redis_hit.p50_ms", percentile(fromRedis, 0.5));
        rounds.add("redis_hit.p99_ms", percentile(fromRedis, 0.99));
        rounds.add("baseline.memory_hit.p50_ms", percentile(fromMemory, 0.5));
      }
      timer.close();
      const last = requests[0];
      const decisions = last && (await pair.client.composeGuide(last)).report?.guideDecisions;
      if (decisions?.includes(CacheDecision.HIT_REDIS) !== true)
        throw new Error("the guides did not come from Redis");
    } finally {
      await pair.close();
      await redis.close();
    }
    return rounds.metrics();
  },
};

/** Composes each guide once, a few at a time; says how large their answers are. */
async function fill(
  pair: BenchPair,
  requests: readonly ReturnType<typeof create<typeof ComposeGuideRequestSchema>>[],
): Promise<number[]> {
  const sizesBytes: number[] = [];
  const left = [...requests];
  await Promise.all(
    Array.from({ length: FILL_COUNT }, async () => {
      for (let request = left.pop(); request !== undefined; request = left.pop())
        sizesBytes.push(toBinary(ComposeGuideResponseSchema, await pair.client.composeGuide(request)).length);
    }),
  );
  return sizesBytes;
}
