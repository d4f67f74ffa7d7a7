import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { runService } from "../../shared/process.ts";
import { FETCHER_SETTINGS } from "../../services/content-fetcher/config.ts";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { startFetcher } from "../../services/content-fetcher/service.ts";
import { plainOrigin, plainProvider } from "./plain-provider.ts";

/**
 * content-fetcher as it is run, with two providers: the almanac, which is embedded, and a plain one behind sockets that
 * allows as many calls as a test makes, as no public provider does.
 */
const ORIGIN = plainOrigin("plain");
const settings = readSettings(FETCHER_SETTINGS, process.env);
const log = createLog("content-fetcher", settings.LOG_LEVEL);
await runService(log, "content-fetcher", async () => {
  const fetcher = await startFetcher({
    settings,
    originUrls: { [ORIGIN]: process.env[ORIGIN] ?? "" },
    providerSettings: { keys: new Map(), switchedOn: new Set() },
    providers: [
      plainProvider("plain", { maxConcurrentCount: 1_000 }),
      ...PROVIDERS.filter(({ id }) => id === "almanac"),
    ],
    log,
    telemetry: { serveMetrics: () => false },
    now: Date.now,
    monotonicNow: () => performance.now(),
    random: Math.random,
  });
  return { address: fetcher.address, close: () => fetcher.close(settings.SHUTDOWN_GRACE_MS) };
});
