import { GuideService } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Log } from "../../shared/log.ts";
import { startServer, type RunningServer } from "../../shared/server.ts";
import { createTelemetryInterceptor } from "../../shared/telemetry/interceptors.ts";
import { inSpan } from "../../shared/telemetry/spans.ts";
import type { Telemetry } from "../../shared/telemetry/telemetry.ts";
import { createCache } from "./cache/cache.ts";
import { parseRedisUrl } from "./cache/redis-url.ts";
import { createCatalog } from "./catalog.ts";
import type { ComposerSettings } from "./config.ts";
import { createSpendGuard } from "./cost/spend-guard.ts";
import { createDecisionCounter } from "./decision-counter.ts";
import { loadGazetteer } from "./destination/gazetteer.ts";
import { createContentClient } from "./fetch/content-client.ts";
import { createMemo } from "./memo.ts";
import { createDestinationResolver } from "./resolve-destination.ts";
import { createGuideService } from "./rpc.ts";
import { createSearch } from "./search/search.ts";

/** How long expired entries are kept for callers that accept them: the largest `max_stale`. */
const MAX_STALE_MS = 7 * 86_400_000;
/** What is remembered for calls that settle together: that of a few guides, which are large when decoded. */
const MEMO_COUNTS = { contents: 200, sections: 80, guides: 10 } as const;
const LIST_PROVIDERS_TIMEOUT_MS = 2_000;

export interface ComposerOptions {
  readonly settings: Pick<
    ComposerSettings,
    | "COMPOSER_LISTEN"
    | "FETCHER_TARGET"
    | "MEMORY_CACHE_MIB"
    | "REDIS_URL"
    | "SPEND_GUARD_CALLS_PER_MINUTE"
    | "SHUTDOWN_DELAY_MS"
  >;
  readonly log: Log;
  readonly telemetry: Pick<Telemetry, "serveMetrics">;
  readonly now: () => number;
  readonly monotonicNow: () => number;
  readonly random: () => number;
}

export interface RunningComposer {
  /** `host:port`. */
  readonly address: string;
  /** Lets calls in flight finish for so long, then ends loads, channel and sockets. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Starts guide-composer; it is serving when the promise resolves. */
export async function startComposer(options: ComposerOptions): Promise<RunningComposer> {
  const { log, now, monotonicNow } = options;
  const reportDefect = (error: unknown): void => log.error({ err: error }, "defect");
  const gazetteer = loadGazetteer();
  const cache = await createCache({
    memoryBytes: options.settings.MEMORY_CACHE_MIB * 2 ** 20,
    redis: options.settings.REDIS_URL && parseRedisUrl(options.settings.REDIS_URL.reveal()),
    maxStaleMs: MAX_STALE_MS,
    now,
    monotonicNow,
    random: options.random,
    mayRefresh: () => true,
    onTierError: (tier, error) => log.debug({ err: error, tier }, "cache tier did not answer"),
    onRedisStateChanged: (node, cause) => {
      if (cause === undefined) log.info({ node }, "redis is back");
      else log.warn({ err: cause, node }, "redis is suspended; calls go on without it");
    },
  });
  const { lookup } = cache;
  const guard = createSpendGuard(
    options.settings.SPEND_GUARD_CALLS_PER_MINUTE,
    cache.redisLost,
    monotonicNow,
  );
  const client = createContentClient(
    options.settings.FETCHER_TARGET,
    [createTelemetryInterceptor("client", monotonicNow)],
    now,
  );
  const catalog = createCatalog(
    (signal) => client.listProviders(LIST_PROVIDERS_TIMEOUT_MS, signal),
    now,
    (error) => log.warn({ err: error }, "the list of providers could not be renewed"),
  );
  const resolver = createDestinationResolver(gazetteer, client, lookup, now);
  let server: RunningServer;
  try {
    server = await startServer({
      listen: options.settings.COMPOSER_LISTEN,
      services: [GuideService],
      routes: (router) =>
        router.service(
          GuideService,
          createGuideService(
            {
              resolver,
              catalog,
              lookup,
              client,
              guard,
              memos: {
                contents: createMemo(MEMO_COUNTS.contents, monotonicNow),
                sections: createMemo(MEMO_COUNTS.sections, monotonicNow),
                guides: createMemo(MEMO_COUNTS.guides, monotonicNow),
              },
              now,
              inSpan,
              countDecisions: createDecisionCounter(),
            },
            createSearch(gazetteer),
            monotonicNow,
          ),
        ),
      interceptors: [createTelemetryInterceptor("server", monotonicNow)],
      extraRoutes: options.telemetry.serveMetrics,
      drainDelayMs: options.settings.SHUTDOWN_DELAY_MS,
      reportDefect,
      now: monotonicNow,
      random: options.random,
    });
  } catch (error) {
    client.close();
    await cache.close();
    throw error;
  }
  return {
    address: server.address,
    close: async (graceMs) => {
      await server.drain(graceMs);
      await cache.close();
      client.close();
    },
  };
}
