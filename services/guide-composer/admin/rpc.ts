import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  EvictEntriesResponseSchema,
  GetStatsResponse_RedisState as RedisState,
  GetStatsResponseSchema,
  ListPopularDestinationsResponseSchema,
  WarmGuidesResponse_Outcome as Outcome,
  WarmGuidesResponseSchema,
  type GuideAdminService,
  type WarmGuidesResponse,
} from "../../../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toErrorReason } from "../../../shared/errors.ts";
import type { Cache } from "../cache/cache.ts";
import type { Catalog } from "../catalog.ts";
import type { SpendGuard } from "../cost/spend-guard.ts";
import { createPageToken } from "../page-token.ts";
import { kindNameOf } from "../sections.ts";
import { toSnapshot, type CacheStats } from "../stats/cache-stats.ts";
import { defaultSpec, readWarmth } from "../warming/default-guide.ts";
import { DUE_LIFE_SHARE } from "../warming/ranking.ts";
import type { Warm, Warmed } from "../warming/warm.ts";
import { toCacheStats } from "./stats-message.ts";
import { checkEvict, checkListPopular, checkWarm } from "./validation.ts";
import { settleInTurn } from "./settle-in-turn.ts";

const DEFAULT_CONCURRENT_COUNT = 2;
const MAX_CONCURRENT_COUNT = 16;
const DEFAULT_PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 100;

export interface AdminDependencies {
  readonly cache: Cache;
  readonly catalog: Catalog;
  readonly stats: CacheStats;
  readonly guard: SpendGuard;
  readonly warm: Warm;
  readonly destinationOf: (name: string, signal: AbortSignal) => Promise<Destination | undefined>;
  readonly startMs: number;
  readonly isWarming: () => boolean;
  readonly now: () => number;
}

const OUTCOME = {
  composed: Outcome.COMPOSED,
  skipped: Outcome.SKIPPED,
  incomplete: Outcome.INCOMPLETE,
  failed: Outcome.FAILED,
} as const satisfies Record<Warmed["outcome"], Outcome>;

/** GuideAdminService: check, delegate, answer. */
export function createGuideAdminService(
  dependencies: AdminDependencies,
): ServiceImpl<typeof GuideAdminService> {
  const { cache, catalog, stats, guard, warm, now } = dependencies;
  return {
    warmGuides: async function* (request, context): AsyncGenerator<WarmGuidesResponse> {
      checkWarm(request, now());
      const popular = await cache.popularity.top(0, request.popularCount);
      const specs = [...request.specs, ...popular.map(({ member }) => defaultSpec(member))];
      const asked = request.maxConcurrentCount === 0 ? DEFAULT_CONCURRENT_COUNT : request.maxConcurrentCount;
      let settledCount = 0;
      for await (const warmed of settleInTurn(
        specs,
        Math.min(asked, MAX_CONCURRENT_COUNT),
        warm,
        context.signal,
      )) {
        settledCount += 1;
        yield create(WarmGuidesResponseSchema, {
          outcome: OUTCOME[warmed.outcome],
          ...(warmed.outcome === "failed"
            ? { reason: toErrorReason(warmed.reason) }
            : {
                guide: warmed.guide,
                destination: warmed.destination,
                providerCallCount: warmed.providerCallCount,
              }),
          settledCount,
          totalCount: specs.length,
        });
      }
    },

    evictEntries: async (request) => {
      checkEvict(request);
      const { destination, sectionKind, provider } = request;
      const { count, complete } = await cache.evict({
        ...(destination !== "" && { destination }),
        ...(sectionKind !== 0 && { kind: kindNameOf(sectionKind) }),
        ...(provider !== "" && { provider }),
      });
      stats.evicted(count);
      return create(EvictEntriesResponseSchema, { evictedCount: count, complete });
    },

    getStats: async () => {
      const cluster = await cache.tally?.read();
      return create(GetStatsResponseSchema, {
        startTime: timestampFromMs(dependencies.startMs),
        process: toCacheStats(stats.snapshot()),
        ...(cluster && {
          cluster: toCacheStats(toSnapshot(cluster.counts)),
          clusterStartTime: timestampFromMs(cluster.startMs),
        }),
        memoryEntryCount: cache.memory.entryCount(),
        memorySizeBytes: BigInt(cache.memory.sizeBytes()),
        redisState:
          cache.redis === undefined
            ? RedisState.DISABLED
            : cache.redisLost()
              ? RedisState.SUSPENDED
              : RedisState.CONNECTED,
        activeLoadCount: cache.lookup.activeLoadCount(),
        providerCallsLastMinute: guard.callCount(),
        warming: dependencies.isWarming(),
      });
    },

    listPopularDestinations: async (request, context) => {
      const offset = checkListPopular(request);
      const pageSize = request.pageSize === 0 ? DEFAULT_PAGE_SIZE : Math.min(request.pageSize, MAX_PAGE_SIZE);
      // One more than the page tells whether there is another one.
      const found = await cache.popularity.top(offset, pageSize + 1);
      const offerings = await catalog.offerings(context.signal);
      const destinations = await Promise.all(
        found.slice(0, pageSize).map(async ({ member, score }) => {
          const destination = await dependencies.destinationOf(member, context.signal);
          if (destination === undefined) return undefined;
          const { validCount, nextExpireMs } = await readWarmth(
            destination,
            offerings,
            cache.lookup,
            now(),
            DUE_LIFE_SHARE,
            context.signal,
          );
          return {
            destination,
            popularity: score,
            validContentCount: validCount,
            ...(nextExpireMs !== undefined && { nextExpireTime: timestampFromMs(nextExpireMs) }),
          };
        }),
      );
      return create(ListPopularDestinationsResponseSchema, {
        destinations: destinations.filter((destination) => destination !== undefined),
        nextPageToken: found.length > pageSize ? createPageToken(offset + pageSize, []) : "",
      });
    },
  };
}
