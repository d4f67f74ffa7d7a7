import { ContentService } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { startLoadShedder } from "../../shared/load-shedding.ts";
import type { Log } from "../../shared/log.ts";
import { startServer, type RunningServer } from "../../shared/server.ts";
import { createTelemetryInterceptor } from "../../shared/telemetry/interceptors.ts";
import { observeLoad } from "../../shared/telemetry/observe-load.ts";
import type { Telemetry } from "../../shared/telemetry/telemetry.ts";
import { budgetSettingOf, type FetcherSettings, type OriginUrls } from "./config.ts";
import type { Budgets } from "./cost/budget-guard.ts";
import { openLedger } from "./cost/open-ledger.ts";
import { createPool } from "./http/pool.ts";
import type { Provider, ProviderSettings } from "./provider.ts";
import { createRegistry } from "./registry.ts";
import { createClock } from "./resilience/clock.ts";
import { createContentService } from "./rpc.ts";

/**
 * How long a call may wait for its turn in an overload: no more than providers take, and enough that a replica that has
 * just been started, or has to do the work of another one, need not refuse for that moment.
 */
const MAX_WAIT_MS = 1_000;

export interface FetcherOptions {
  readonly settings: Pick<
    FetcherSettings,
    "FETCHER_LISTEN" | "OPERATOR_CONTACT" | "HEDGING" | "MAX_CONCURRENT_CALLS" | "SHUTDOWN_DELAY_MS"
  > &
    Partial<Pick<FetcherSettings, "COST_LEDGER_FILE" | "DAILY_BUDGET_USD">>;
  readonly originUrls: OriginUrls;
  readonly providerSettings: ProviderSettings;
  readonly providers: readonly Provider[];
  readonly log: Log;
  readonly telemetry: Pick<Telemetry, "serveMetrics">;
  readonly now: () => number;
  readonly monotonicNow: () => number;
  readonly random: () => number;
}

export interface RunningFetcher {
  /** `host:port`. */
  readonly address: string;
  /** Lets calls in flight finish for so long, then ends sockets and pools. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Starts content-fetcher; it is serving when the promise resolves. */
export async function startFetcher(options: FetcherOptions): Promise<RunningFetcher> {
  const { log, now, monotonicNow } = options;
  const reportDefect = (error: unknown): void => log.error({ err: error }, "defect");
  const clock = createClock(monotonicNow);
  const ledger = await openLedger({
    file: options.settings.COST_LEDGER_FILE,
    budgets: budgetsOf(options),
    now,
    log,
  });
  const pool = createPool({
    clock,
    trustedOrigins: configuredOrigins(options.providers, options.originUrls),
  });
  const registry = createRegistry(
    options.providers,
    options.providerSettings,
    {
      pool,
      baseUrls: options.originUrls,
      operatorContact: options.settings.OPERATOR_CONTACT,
      hedging: options.settings.HEDGING === "free-reads",
      now,
      clock,
      random: options.random,
    },
    ledger,
    reportDefect,
  );
  const shedder = startLoadShedder(
    { maxConcurrentCount: options.settings.MAX_CONCURRENT_CALLS, maxWaitMs: MAX_WAIT_MS },
    monotonicNow,
  );
  const stopObserving = observeLoad(shedder, ContentService.typeName);
  const endShedding = (): void => {
    stopObserving();
    shedder.close();
  };
  let server: RunningServer;
  try {
    for (const { prepare } of options.providers) prepare?.();
    server = await startServer({
      listen: options.settings.FETCHER_LISTEN,
      services: [ContentService],
      addServices: (add) => add(ContentService, createContentService(registry, now, monotonicNow)),
      interceptors: [createTelemetryInterceptor("server", monotonicNow)],
      shedder,
      extraRoutes: options.telemetry.serveMetrics,
      drainDelayMs: options.settings.SHUTDOWN_DELAY_MS,
      reportDefect,
      now: monotonicNow,
      random: options.random,
    });
  } catch (error) {
    endShedding();
    registry.close();
    await pool.close();
    await ledger.close();
    throw error;
  }
  return {
    address: server.address,
    close: async (graceMs) => {
      await server.drain(graceMs);
      endShedding();
      registry.close();
      await pool.close();
      // Behind the last request that it counts.
      await ledger.close();
    },
  };
}

const budgetsOf = ({ settings, providers, providerSettings }: FetcherOptions): Budgets => ({
  totalUsdMicros: settings.DAILY_BUDGET_USD,
  ofProviders: new Map(
    providers.flatMap((provider) => {
      const setting = budgetSettingOf(provider);
      const usdMicros =
        setting === undefined ? undefined : providerSettings.dailyBudgetsUsdMicros?.get(setting);
      return usdMicros === undefined ? [] : [[`providers/${provider.id}`, usdMicros] as const];
    }),
  ),
});

/** Base URLs that somebody has set: these may lead into our own network, those that providers publish may not. */
const configuredOrigins = (providers: readonly Provider[], urls: OriginUrls): ReadonlySet<string> =>
  new Set(
    providers
      .flatMap(({ origins }) => origins)
      .flatMap(({ setting, defaultUrl }) => {
        const url = urls[setting];
        return url === undefined || url === new URL(defaultUrl).origin ? [] : [url];
      }),
  );
