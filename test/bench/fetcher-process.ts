import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { runService } from "../../shared/process.ts";
import { startTelemetry } from "../../shared/telemetry/telemetry.ts";
import {
  FETCHER_SETTINGS,
  readOriginUrls,
  readProviderSettings,
} from "../../services/content-fetcher/config.ts";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { startFetcher } from "../../services/content-fetcher/service.ts";

/**
 * content-fetcher with every adapter as it is, except for what is etiquette towards a public provider: how many calls
 * it allows at once and in a minute. With these, guides one after the other would wait for the next minute.
 */
const unhurried = (provider: Provider): Provider => ({
  ...provider,
  limits: {
    attemptTimeoutMs: provider.limits.attemptTimeoutMs,
    maxConcurrentCount: provider.limits.maxConcurrentCount === 0 ? 0 : 1_000,
    maxCallsPerMinute: undefined,
  },
});

const log = createLog("content-fetcher", "warn");
await runService(log, "content-fetcher", async () => {
  const telemetry = await startTelemetry("content-fetcher", process.env, log);
  const fetcher = await startFetcher({
    settings: readSettings(FETCHER_SETTINGS, process.env),
    originUrls: readOriginUrls(process.env),
    // How many calls a key allows at once is etiquette too.
    providerSettings: { ...readProviderSettings(process.env), concurrentCounts: new Map() },
    providers: PROVIDERS.map(unhurried),
    log,
    telemetry,
    now: Date.now,
    monotonicNow: () => performance.now(),
    random: Math.random,
  });
  return {
    address: fetcher.address,
    close: async () => {
      await fetcher.close(100);
      await telemetry.shutdown();
    },
  };
});
