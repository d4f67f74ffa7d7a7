import { randomUUID } from "node:crypto";
import { createBus, type Bus } from "./bus.ts";
import { createClusterTally, type ClusterTally } from "./cluster-tally.ts";
import { createLeadership, type Leadership } from "./leadership.ts";
import { createPopularity, type Popularity } from "./popularity.ts";
import { createClusterLoad } from "./cluster-load.ts";
import { createCoherence, type Coherence } from "./coherence.ts";
import { createLeases } from "./leases.ts";
import { createLookup, type Lookup } from "./lookup.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";
import { createRedisLink, type InRedisSpan, type RedisLink } from "./redis-link.ts";
import { createRedisStore, physicalLifeMs } from "./redis-store.ts";
import type { RedisTarget } from "./redis-url.ts";
import { createRefreshAhead, refreshIsDue } from "./refresh-ahead.ts";
import type { EvictionScope, Store } from "./store.ts";

/** How long the start waits for the first answer of Redis: without it the first callers would do without. */
const FIRST_ANSWER_MS = 300;

export interface CacheOptions {
  readonly memoryBytes: number;
  /** Undefined: this process is alone, and what it knows ends with it. */
  readonly redis: RedisTarget | undefined;
  /** The largest `max_stale`: how long expired entries are kept, milliseconds. */
  readonly maxStaleMs: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  readonly monotonicNow: () => number;
  readonly random: () => number;
  /** Whether there is room for background work now. */
  readonly mayRefresh: () => boolean;
  /** How often is looked for what is to be refreshed, milliseconds. */
  readonly sweepEveryMs?: number;
  readonly onTierError: (tier: Store["tier"], error: unknown) => void;
  /** Told when a node of Redis is suspended, with the cause, and when it is back. */
  readonly onRedisStateChanged: (node: string, cause: unknown) => void;
  readonly inRedisSpan: InRedisSpan;
}

export interface Eviction {
  /** Entries removed from Redis, or from memory when there is no Redis. */
  readonly count: number;
  /** Whether every composer knows. When Redis cannot be reached, the others keep theirs until they expire. */
  readonly complete: boolean;
}

/** The cache of one composer: memory, then Redis when there is one, and what composers know together. */
export interface Cache {
  readonly lookup: Lookup;
  /** Removes what fits here and in every other composer. */
  readonly evict: (scope: EvictionScope) => Promise<Eviction>;
  readonly tally: ClusterTally | undefined;
  readonly popularity: Popularity;
  readonly leadership: Leadership;
  readonly memory: MemoryStore;
  /** Undefined without Redis. */
  readonly redis: RedisLink | undefined;
  /** Whether there is a Redis and it cannot be used now. */
  readonly redisLost: () => boolean;
  readonly close: () => Promise<void>;
}

export async function createCache(options: CacheOptions): Promise<Cache> {
  const { now, monotonicNow, random, maxStaleMs, onTierError } = options;
  const self = randomUUID();
  const onRedisError = (error: unknown): void => onTierError("redis", error);
  const memory = createMemoryStore(options.memoryBytes, maxStaleMs, now);
  const refreshAhead = createRefreshAhead(now, random, options.mayRefresh, options.sweepEveryMs);
  if (options.redis === undefined) {
    const lookup = createLookup({ tiers: [memory], clusterLoad: undefined, refreshAhead, now, onTierError });
    return {
      lookup,
      memory,
      redis: undefined,
      redisLost: () => false,
      evict: async (scope) => ({ count: await lookup.evictLocally(scope), complete: true }),
      tally: undefined,
      popularity: createPopularity(undefined, now, onRedisError),
      leadership: createLeadership(undefined, self, monotonicNow, onRedisError),
      close: lookup.close,
    };
  }
  const link = createRedisLink(options.redis, {
    monotonicNow,
    onStateChanged: options.onRedisStateChanged,
    inSpan: options.inRedisSpan,
  });
  const store = createRedisStore(link, self, maxStaleMs, now, random);
  const { bus, coherence } = createCluster(
    link,
    memory,
    (scope) => lookup.evictLocally(scope),
    self,
    now,
    onRedisError,
  );
  const lookup: Lookup = createLookup({
    tiers: [memory, store],
    clusterLoad: createClusterLoad({
      store,
      leases: createLeases(link),
      bus,
      self,
      now,
      createToken: randomUUID,
      physicalLifeMs: (entry) => physicalLifeMs(entry, maxStaleMs, now(), random),
      onRedisError,
    }),
    refreshAhead,
    now,
    onTierError,
  });
  await link.firstAnswer(FIRST_ANSWER_MS);
  await coherence.start();
  const tally = createClusterTally(link, now, onRedisError);
  const popularity = createPopularity(link, now, onRedisError);
  const leadership = createLeadership(link, self, monotonicNow, onRedisError);
  return {
    lookup,
    memory,
    redis: link,
    redisLost: () => !link.available(),
    evict: (scope) => evict(scope, lookup, store, coherence, onRedisError),
    tally,
    popularity,
    leadership,
    close: async () => {
      coherence.close();
      await lookup.close();
      await Promise.all([tally.close(), popularity.close(), leadership.close()]);
      link.close();
    },
  };
}

/**
 * Told before and after: before, so that nobody writes anew what is about to be removed; after, so that nobody keeps what
 * was read from Redis before it was removed.
 */
async function evict(
  scope: EvictionScope,
  lookup: Lookup,
  store: Store,
  coherence: Coherence,
  onRedisError: (error: unknown) => void,
): Promise<Eviction> {
  let complete = true;
  const onFailure = (error: unknown): undefined => {
    complete = false;
    onRedisError(error);
  };
  const inMemory = await lookup.evictLocally(scope);
  await coherence.announce(scope).catch(onFailure);
  const removed = await store.evict(scope).catch(onFailure);
  await coherence.announce(scope).catch(onFailure);
  await lookup.evictLocally(scope);
  return { count: removed ?? inMemory, complete };
}

/** The bus and what this composer's memory makes of its messages. */
function createCluster(
  link: RedisLink,
  memory: MemoryStore,
  evictLocally: (scope: EvictionScope) => Promise<unknown>,
  self: string,
  now: () => number,
  onRedisError: (error: unknown) => void,
): { readonly bus: Bus; readonly coherence: Coherence } {
  const settle = (done: Promise<unknown>): void => void done.catch(onRedisError);
  const coherence = createCoherence(
    link,
    self,
    {
      drop: (key, storedMs) => memory.dropIf([key], (entry) => entry.storedMs < storedMs),
      evict: (scope) => settle(evictLocally(scope)),
      dropAll: () => settle(evictLocally({})),
      dropRefreshable: () =>
        memory.dropIf(memory.keys(), ({ storedMs, expireMs }) =>
          refreshIsDue(now() - storedMs, expireMs - storedMs, 0),
        ),
    },
    onRedisError,
  );
  const bus = createBus(link, self, coherence.onMessage, coherence.onReconnected);
  return { bus, coherence };
}
