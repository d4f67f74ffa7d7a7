import { readSettings, secret } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { runService } from "../../shared/process.ts";
import { FETCHER_SETTINGS } from "../../services/content-fetcher/config.ts";
import { usdAmount } from "../../services/content-fetcher/cost/usd.ts";
import { startFetcher } from "../../services/content-fetcher/service.ts";
import { chargingProvider } from "./charging-provider.ts";
import { plainOrigin } from "./plain-provider.ts";

const NOON_MS = Date.parse("2026-11-24T12:00:00Z");

/** content-fetcher as it is run, with one provider, which charges. */
const ORIGIN = plainOrigin("charging");
const settings = readSettings(
  {
    ...FETCHER_SETTINGS,
    CHARGING_API_KEY: { type: secret, default: "none", description: "" },
    CHARGING_DAILY_BUDGET_USD: { type: usdAmount, default: "0", description: "" },
  },
  process.env,
);
const log = createLog("content-fetcher", settings.LOG_LEVEL);
await runService(log, "content-fetcher", async () => {
  const fetcher = await startFetcher({
    settings,
    originUrls: { [ORIGIN]: process.env[ORIGIN] ?? "" },
    providerSettings: {
      keys: new Map([["CHARGING_API_KEY", settings.CHARGING_API_KEY]]),
      switchedOn: new Set(),
      dailyBudgetsUsdMicros: new Map([["CHARGING_DAILY_BUDGET_USD", settings.CHARGING_DAILY_BUDGET_USD]]),
    },
    providers: [chargingProvider],
    log,
    telemetry: { serveMetrics: () => false },
    // From noon on, so that no day ends meanwhile.
    now: () => NOON_MS + performance.now(),
    monotonicNow: () => performance.now(),
    random: Math.random,
  });
  return { address: fetcher.address, close: () => fetcher.close(settings.SHUTDOWN_GRACE_MS) };
});
