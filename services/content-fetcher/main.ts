import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { checkConfigOnly, closeOnSignals, failOnConfigError } from "../../shared/process.ts";
import { startTelemetry } from "../../shared/telemetry/telemetry.ts";
import { FETCHER_SETTINGS, ORIGIN_SETTINGS, readKeySettings, readOriginUrls } from "./config.ts";
import { PROVIDERS } from "./providers.ts";
import { startFetcher } from "./service.ts";

const settings = failOnConfigError(() =>
  readSettings({ ...FETCHER_SETTINGS, ...ORIGIN_SETTINGS }, process.env),
);
if (checkConfigOnly(process.argv)) process.exit(0);
const log = createLog("content-fetcher", settings.LOG_LEVEL);
const telemetry = startTelemetry("content-fetcher", process.env, log);
const fetcher = await startFetcher({
  settings,
  originUrls: readOriginUrls(process.env),
  keySettings: readKeySettings(process.env),
  providers: PROVIDERS,
  log,
  telemetry,
  now: Date.now,
  monotonicNow: performance.now.bind(performance),
  random: Math.random,
});
log.info({ address: fetcher.address }, "content-fetcher is serving");
closeOnSignals(log, async () => {
  await fetcher.close(settings.SHUTDOWN_GRACE_MS);
  await telemetry.shutdown();
});
