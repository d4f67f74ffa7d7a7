import { ContentService } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { createErrorInterceptor } from "../../shared/error-wire.ts";
import type { Log } from "../../shared/log.ts";
import { startServer, type RunningServer } from "../../shared/server.ts";
import { createTelemetryInterceptor } from "../../shared/telemetry/interceptors.ts";
import { activeTraceId } from "../../shared/telemetry/spans.ts";
import type { Telemetry } from "../../shared/telemetry/telemetry.ts";
import type { FetcherSettings, OriginUrls } from "./config.ts";
import { createPool } from "./http/pool.ts";
import type { Provider } from "./provider.ts";
import { createRegistry } from "./registry.ts";
import { createContentService } from "./rpc.ts";

export interface FetcherOptions {
  readonly settings: Pick<FetcherSettings, "FETCHER_LISTEN" | "OPERATOR_CONTACT">;
  readonly originUrls: OriginUrls;
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
  const pool = createPool();
  const registry = createRegistry(
    options.providers,
    {
      pool,
      baseUrls: options.originUrls,
      operatorContact: options.settings.OPERATOR_CONTACT,
      now,
      monotonicNow,
    },
    reportDefect,
  );
  let server: RunningServer;
  try {
    server = await startServer({
      listen: options.settings.FETCHER_LISTEN,
      services: [ContentService],
      routes: (router) => router.service(ContentService, createContentService(registry, now, monotonicNow)),
      interceptors: [
        createTelemetryInterceptor("server", monotonicNow),
        createErrorInterceptor(activeTraceId, reportDefect),
      ],
      extraRoutes: options.telemetry.serveMetrics,
      random: options.random,
    });
  } catch (error) {
    await pool.close();
    throw error;
  }
  return {
    address: server.address,
    close: async (graceMs) => {
      await server.drain(graceMs);
      await pool.close();
    },
  };
}
