import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { readSettingsOrExit, runService } from "../../shared/process.ts";
import { startTelemetry } from "../../shared/telemetry/telemetry.ts";
import { COMPOSER_SETTINGS } from "./config.ts";
import { startComposer } from "./service.ts";

const settings = readSettingsOrExit(() => readSettings(COMPOSER_SETTINGS, process.env), process.argv);
const log = createLog("guide-composer", settings.LOG_LEVEL);

await runService(log, "guide-composer", async () => {
  const telemetry = await startTelemetry("guide-composer", process.env, log);
  const composer = await startComposer({
    settings,
    log,
    telemetry,
    now: Date.now,
    monotonicNow: performance.now.bind(performance),
    random: Math.random,
  });
  log.info({ adminAddress: composer.adminAddress }, "GuideAdminService is serving");
  return {
    address: composer.address,
    close: async () => {
      await composer.close(settings.SHUTDOWN_GRACE_MS);
      await telemetry.shutdown();
    },
  };
});
