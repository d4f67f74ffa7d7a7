import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { readSettingsOrExit, runService } from "../../shared/process.ts";
import { startTelemetry } from "../../shared/telemetry/telemetry.ts";
import {
  contradictionsOf,
  FETCHER_SETTINGS,
  PROVIDER_SETTINGS,
  readOriginUrls,
  readProviderSettings,
} from "./config.ts";
import { PROVIDERS } from "./providers.ts";
import { startFetcher } from "./service.ts";

const settings = readSettingsOrExit(
  () => readSettings({ ...FETCHER_SETTINGS, ...PROVIDER_SETTINGS }, process.env, contradictionsOf),
  process.argv,
);
const log = createLog("content-fetcher", settings.LOG_LEVEL);

await runService(log, "content-fetcher", async () => {
  const telemetry = await startTelemetry("content-fetcher", process.env, log);
  const fetcher = await startFetcher({
    settings,
    originUrls: readOriginUrls(process.env),
    providerSettings: readProviderSettings(process.env),
    providers: PROVIDERS,
    log,
    telemetry,
    now: Date.now,
    monotonicNow: performance.now.bind(performance),
    random: Math.random,
  });
  return {
    address: fetcher.address,
    close: async () => {
      await fetcher.close(settings.SHUTDOWN_GRACE_MS);
      await telemetry.shutdown();
    },
  };
});
