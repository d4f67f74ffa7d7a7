import { GuideService } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Destination } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../shared/errors.ts";
import { startLoadShedder } from "../../shared/load-shedding.ts";
import type { Log } from "../../shared/log.ts";
import { startServer, type RunningServer } from "../../shared/server.ts";
import { createTelemetryInterceptor } from "../../shared/telemetry/interceptors.ts";
import { observeLoad } from "../../shared/telemetry/observe-load.ts";
import { inRedisSpan } from "../../shared/telemetry/redis.ts";
import { inSpan } from "../../shared/telemetry/spans.ts";
import type { Telemetry } from "../../shared/telemetry/telemetry.ts";
import { startAdmin } from "./admin/start-admin.ts";
import { createCache, type Cache } from "./cache/cache.ts";
import { parseRedisUrl } from "./cache/redis-url.ts";
import { createCatalog } from "./catalog.ts";
import type { ComposeDependencies } from "./composition.ts";
import type { ComposerSettings } from "./config.ts";
import { createSpendGuard } from "./cost/spend-guard.ts";
import { loadGazetteer } from "./destination/gazetteer.ts";
import { createContentClient } from "./fetch/content-client.ts";
import { createMemo } from "./memo.ts";
import { createModelReviewer } from "./model-review/model-reviewer.ts";
import { createDestinationResolver, type DestinationResolver } from "./resolve-destination.ts";
import { createGuideService } from "./rpc.ts";
import { createSearch } from "./search/search.ts";
import { createCacheStats } from "./stats/cache-stats.ts";
import { createLastSeen } from "./stats/last-seen.ts";
import { createLookupMeter } from "./stats/lookup-meter.ts";
import { observeCache } from "./stats/observe-cache.ts";
import { createTierErrorCounter } from "./stats/tier-errors.ts";
import { resolveConfigured } from "./warming/configured.ts";
import { defaultSpec } from "./warming/default-guide.ts";
import { createWarm } from "./warming/warm.ts";
import { startWarmer } from "./warming/warmer.ts";

/** How long expired entries are kept for callers that accept them: the largest `max_stale`. */
const MAX_STALE_MS = 7 * 86_400_000;
/**
 * What is remembered for calls that settle together: that of a few guides. They are large when decoded, and what is
 * kept past the call that made it is copied to the old generation and collected there: with five times as many the
 * collector took 6.8 ms of a cold guide instead of 2.7.
 */
const MEMO_COUNTS = { contents: 40, sections: 16, guides: 4 } as const;
const LIST_PROVIDERS_TIMEOUT_MS = 2_000;
/** For what is only tidied up: nobody waits for it. */
const startTimer = (delayMs: number, onDue: () => void): void => void setTimeout(onDue, delayMs).unref();
/** Loads of callers from which on nothing is done in the background: a guide and a half. */
const BUSY_LOAD_COUNT = 20;

/** How long a call may wait for its turn in an overload: it adds that to what a cached guide takes. */
const MAX_WAIT_MS = 16;

export interface ComposerOptions {
  readonly settings: Omit<ComposerSettings, "LOG_LEVEL" | "SHUTDOWN_GRACE_MS">;
  readonly log: Log;
  readonly telemetry: Pick<Telemetry, "serveMetrics">;
  readonly now: () => number;
  readonly monotonicNow: () => number;
  readonly random: () => number;
  /** How often is looked for what is to be warmed, milliseconds. Default: 15,000. */
  readonly warmEveryMs?: number;
}

export interface RunningComposer {
  /** `host:port`. */
  readonly address: string;
  /** `host:port` of GuideAdminService. */
  readonly adminAddress: string;
  /** Lets calls in flight finish for so long, then ends loads, channel and sockets. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Starts guide-composer; it is serving when the promise resolves. */
export async function startComposer(options: ComposerOptions): Promise<RunningComposer> {
  const { settings, log, now, monotonicNow, random } = options;
  const startMs = now();
  const reportDefect = (error: unknown): void => log.error({ err: error }, "defect");
  const gazetteer = loadGazetteer();
  const configured = resolveConfigured(gazetteer, settings.WARM_DESTINATIONS ?? []);
  const cache = await startCache(options);
  const { lookup } = cache;
  const stats = createCacheStats((counter, count) => cache.tally?.add(counter, count), createLastSeen());
  const guard = createSpendGuard(settings.SPEND_GUARD_CALLS_PER_MINUTE, cache.redisLost, monotonicNow);
  const client = createContentClient(
    settings.FETCHER_TARGET,
    [createTelemetryInterceptor("client", monotonicNow)],
    now,
  );
  const catalog = createCatalog(
    (signal) => client.listProviders(LIST_PROVIDERS_TIMEOUT_MS, signal),
    now,
    (error) => log.warn({ err: error }, "the list of providers could not be renewed"),
  );
  const resolver = createDestinationResolver(gazetteer, client, lookup, now);
  const reviewer = createModelReviewer({
    provider: settings.REVIEWER,
    lookup,
    client,
    guard,
    inSpan,
    now,
    monotonicNow,
    onError: (error) => log.warn({ err: error }, "a guide could not be reviewed"),
  });
  const dependencies: ComposeDependencies = {
    resolver,
    catalog,
    lookup,
    client,
    guard,
    memos: {
      contents: createMemo(MEMO_COUNTS.contents, monotonicNow, startTimer),
      sections: createMemo(MEMO_COUNTS.sections, monotonicNow, startTimer),
      guides: createMemo(MEMO_COUNTS.guides, monotonicNow, startTimer),
    },
    now,
    inSpan,
    reviewer,
    meter: createLookupMeter(stats),
    countDestination: cache.popularity.count,
    contentLoaded: stats.loaded,
  };
  const destinationOf = createDestinationOf(resolver);
  const warm = createWarm(dependencies, monotonicNow);
  const warmer = startWarmer({
    warm,
    popularity: cache.popularity,
    catalog,
    lookup,
    destinationOf,
    configured,
    maxCallsPerMinute: settings.WARMING_CALLS_PER_MINUTE,
    mayRun: () => cache.leadership.isLeader() && !cache.redisLost() && !isBusy(cache),
    now,
    monotonicNow,
    onError: (error) => log.warn({ err: error }, "a round of warming failed"),
    ...(options.warmEveryMs !== undefined && { roundEveryMs: options.warmEveryMs }),
  });
  const serverOptions = {
    interceptors: [createTelemetryInterceptor("server", monotonicNow)],
    reportDefect,
    now: monotonicNow,
    random,
  };
  const shedder = startLoadShedder(
    { maxConcurrentCount: settings.MAX_CONCURRENT_CALLS, maxWaitMs: MAX_WAIT_MS },
    monotonicNow,
  );
  const stopObserving = [
    observeLoad(shedder, GuideService.typeName),
    observeCache(cache, () => stats.snapshot().evictedCount),
  ];
  const servers: RunningServer[] = [];
  async function close(graceMs: number): Promise<void> {
    await warmer.close();
    await Promise.all(servers.map((server) => server.drain(graceMs)));
    for (const stop of stopObserving) stop();
    shedder.close();
    await reviewer.close();
    await cache.close();
    client.close();
  }
  try {
    const admin = await startAdmin(
      settings.ADMIN_LISTEN,
      {
        cache,
        catalog,
        stats,
        guard,
        warm,
        destinationOf,
        startMs,
        isWarming: () => settings.WARMING_CALLS_PER_MINUTE > 0 && cache.leadership.isLeader(),
        now,
      },
      serverOptions,
    );
    servers.push(admin);
    // Last: whoever reaches it finds everything else at work.
    const server = await startServer({
      ...serverOptions,
      shedder,
      listen: settings.COMPOSER_LISTEN,
      services: [GuideService],
      addServices: (add) =>
        add(GuideService, createGuideService(dependencies, createSearch(gazetteer), monotonicNow)),
      extraRoutes: options.telemetry.serveMetrics,
      drainDelayMs: settings.SHUTDOWN_DELAY_MS,
    });
    servers.push(server);
    return { address: server.address, adminAddress: admin.address, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

const isBusy = (cache: Cache): boolean => cache.lookup.activeLoadCount() > BUSY_LOAD_COUNT;

async function startCache({ settings, log, now, monotonicNow, random }: ComposerOptions): Promise<Cache> {
  const countTierError = createTierErrorCounter();
  const cache: Cache = await createCache({
    memoryBytes: settings.MEMORY_CACHE_MIB * 2 ** 20,
    redis: settings.REDIS_URL && parseRedisUrl(settings.REDIS_URL.reveal()),
    maxStaleMs: MAX_STALE_MS,
    now,
    monotonicNow,
    random,
    mayRefresh: () => !isBusy(cache),
    onTierError: (tier, error) => {
      countTierError(tier, error);
      log.debug({ err: error, tier }, "cache tier did not answer");
    },
    inRedisSpan,
    onRedisStateChanged: (node, cause) => {
      if (cause === undefined) log.info({ node }, "redis is back");
      else log.warn({ err: cause, node }, "redis is suspended; calls go on without it");
    },
  });
  return cache;
}

/** The destination of a name, for the background; undefined when it is not known any more. */
const createDestinationOf =
  (resolver: DestinationResolver) =>
  async (name: string, signal: AbortSignal): Promise<Destination | undefined> => {
    try {
      return await resolver.resolve(defaultSpec(name), signal);
    } catch (error) {
      if (error instanceof ServiceError && error.reason === "DESTINATION_NOT_FOUND") return undefined;
      throw error;
    }
  };
