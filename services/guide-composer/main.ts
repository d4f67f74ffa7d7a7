import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { checkConfigOnly, closeOnSignals, failOnConfigError } from "../../shared/process.ts";
import { startTelemetry } from "../../shared/telemetry/telemetry.ts";
import { COMPOSER_SETTINGS } from "./config.ts";
import { startComposer } from "./service.ts";

const settings = failOnConfigError(() => readSettings(COMPOSER_SETTINGS, process.env));
if (checkConfigOnly(process.argv)) process.exit(0);
const log = createLog("guide-composer", settings.LOG_LEVEL);
const telemetry = startTelemetry("guide-composer", process.env, log);
const composer = await startComposer({
  settings,
  log,
  telemetry,
  now: Date.now,
  monotonicNow: performance.now.bind(performance),
  random: Math.random,
});
log.info({ address: composer.address }, "guide-composer is serving");
closeOnSignals(log, async () => {
  await composer.close(settings.SHUTDOWN_GRACE_MS);
  await telemetry.shutdown();
});
