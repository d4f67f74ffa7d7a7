import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import type { FetcherOptions } from "../../services/content-fetcher/service.ts";
import { COMPOSER_SETTINGS } from "../../services/guide-composer/config.ts";
import { startComposer, type ComposerOptions } from "../../services/guide-composer/service.ts";
import { GuideService } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { startFetcherFor, type FetcherUnderTest } from "./fetcher.ts";

/** Both services in this process with providers of the test's own, and a gRPC client of the composer. */
export interface PairUnderTest {
  readonly fetcher: FetcherUnderTest;
  readonly client: Client<typeof GuideService>;
  readonly composer: string;
  /** `host:port` of GuideAdminService. */
  readonly admin: string;
  readonly close: () => Promise<void>;
}

export async function startPairFor(
  providers: readonly Provider[],
  originUrls: Readonly<Record<string, string>>,
  change: {
    readonly fetcher?: Partial<FetcherOptions>;
    readonly composer?: Readonly<Record<string, string>>;
    readonly composerOptions?: Partial<ComposerOptions>;
  } = {},
): Promise<PairUnderTest> {
  const fetcher = await startFetcherFor(providers, originUrls, change.fetcher);
  const composer = await startComposer({
    settings: readSettings(COMPOSER_SETTINGS, {
      COMPOSER_LISTEN: "127.0.0.1:0",
      ADMIN_LISTEN: "127.0.0.1:0",
      FETCHER_TARGET: fetcher.address,
      ...change.composer,
    }),
    log: createLog("test", "silent"),
    telemetry: { serveMetrics: () => false },
    now: Date.now,
    monotonicNow: () => performance.now(),
    random: Math.random,
    ...change.composerOptions,
  });
  return {
    fetcher,
    composer: composer.address,
    admin: composer.adminAddress,
    client: createClient(GuideService, createGrpcTransport({ baseUrl: `http://${composer.address}` })),
    close: async () => {
      await composer.close(0);
      await fetcher.close();
    },
  };
}
