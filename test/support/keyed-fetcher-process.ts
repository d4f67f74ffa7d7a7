import { readSettings, secret } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { runService } from "../../shared/process.ts";
import { startTelemetry } from "../../shared/telemetry/telemetry.ts";
import { FETCHER_SETTINGS } from "../../services/content-fetcher/config.ts";
import { startFetcher } from "../../services/content-fetcher/service.ts";
import { plainOrigin, plainProvider } from "./plain-provider.ts";

/**
 * content-fetcher as it is run, with two providers that want a key: `in-query` and `in-header`, with the settings
 * IN_QUERY_API_KEY and IN_HEADER_API_KEY.
 */
const KEYS = {
  IN_QUERY_API_KEY: { type: secret, default: undefined, description: "" },
  IN_HEADER_API_KEY: { type: secret, default: undefined, description: "" },
} as const;
const LIMITS = { attemptTimeoutMs: 100 };
const settings = readSettings({ ...FETCHER_SETTINGS, ...KEYS }, process.env);
const origins = ["in-query", "in-header"].map(plainOrigin);
const log = createLog("content-fetcher", settings.LOG_LEVEL);
await runService(log, "content-fetcher", async () => {
  const telemetry = await startTelemetry("content-fetcher", process.env, log);
  const fetcher = await startFetcher({
    settings,
    originUrls: Object.fromEntries(origins.map((name) => [name, process.env[name] ?? ""])),
    providerSettings: {
      keys: new Map(
        (["IN_QUERY_API_KEY", "IN_HEADER_API_KEY"] as const).flatMap((name) => {
          const key = settings[name];
          return key === undefined ? [] : [[name, key] as const];
        }),
      ),
      switchedOn: new Set(),
    },
    providers: [
      plainProvider("in-query", LIMITS, { keySetting: "IN_QUERY_API_KEY" }, { in: "query", name: "appid" }),
      plainProvider(
        "in-header",
        LIMITS,
        { keySetting: "IN_HEADER_API_KEY" },
        { in: "header", name: "authorization", scheme: "Bearer" },
      ),
    ],
    log,
    telemetry,
    now: Date.now,
    monotonicNow: () => performance.now(),
    random: () => 0,
  });
  return {
    address: fetcher.address,
    close: async () => {
      await fetcher.close(settings.SHUTDOWN_GRACE_MS);
      await telemetry.shutdown();
    },
  };
});
