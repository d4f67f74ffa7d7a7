import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { ORIGIN_SETTINGS } from "../../services/content-fetcher/config.ts";
import { startPair, type RunningPair } from "../../services/pair.ts";
import { startProviderServer, type ProviderServer } from "./provider-server.ts";

/** Both services in this process, with nothing that calls providers by itself. */
export interface QuietPair extends RunningPair {
  /** Every provider: it is down, and knows who asked. */
  readonly provider: ProviderServer;
  readonly stop: () => Promise<void>;
}

export async function startQuietPair(): Promise<QuietPair> {
  const provider = await startProviderServer(() => ({ status: 503, body: "" }));
  const origins = Object.keys(ORIGIN_SETTINGS);
  const pair = await startPair(
    { ...Object.fromEntries(origins.map((name) => [name, provider.baseUrl])), WARMING_CALLS_PER_MINUTE: "0" },
    createLog("test", "silent"),
    readSettings,
  );
  return {
    ...pair,
    provider,
    stop: async () => {
      await pair.close(1_000);
      await provider.close();
    },
  };
}
