import type { readSettings as ReadSettings } from "../shared/config.ts";
import type { Log } from "../shared/log.ts";
import { startTelemetry } from "../shared/telemetry/telemetry.ts";
import {
  contradictionsOf,
  FETCHER_SETTINGS,
  PROVIDER_SETTINGS,
  readOriginUrls,
  readProviderSettings,
} from "./content-fetcher/config.ts";
import { PROVIDERS } from "./content-fetcher/providers.ts";
import { startFetcher } from "./content-fetcher/service.ts";
import { COMPOSER_SETTINGS } from "./guide-composer/config.ts";
import { startComposer } from "./guide-composer/service.ts";

export interface RunningPair {
  /** `host:port` of each. */
  readonly composer: string;
  readonly admin: string;
  readonly fetcher: string;
  readonly close: (graceMs: number) => Promise<void>;
}

/** Both services in this process on free loopback ports, whatever the listen settings say. */
export async function startPair(
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
  readSettings: typeof ReadSettings,
): Promise<RunningPair> {
  const free = { host: "127.0.0.1", port: 0 };
  // One table, so that one message names the problems of both.
  const settings = readSettings(
    { ...FETCHER_SETTINGS, ...PROVIDER_SETTINGS, ...COMPOSER_SETTINGS },
    environment,
    contradictionsOf,
  );
  const originUrls = readOriginUrls(environment);
  const telemetry = await startTelemetry("wayfarer", environment, log);
  const clocks = { now: Date.now, monotonicNow: () => performance.now(), random: Math.random };
  const running: { readonly close: (graceMs: number) => Promise<void> }[] = [
    { close: async () => await telemetry.shutdown() },
  ];
  // Callers before those whom they call, so that each drain finds what it needs.
  const close = async (graceMs: number): Promise<void> => {
    for (const one of running.toReversed()) await one.close(graceMs);
  };
  try {
    const fetcher = await startFetcher({
      settings: { ...settings, FETCHER_LISTEN: free },
      originUrls,
      providerSettings: readProviderSettings(environment),
      providers: PROVIDERS,
      log,
      telemetry,
      ...clocks,
    });
    running.push(fetcher);
    const composer = await startComposer({
      settings: { ...settings, COMPOSER_LISTEN: free, ADMIN_LISTEN: free, FETCHER_TARGET: fetcher.address },
      log,
      telemetry,
      ...clocks,
    });
    running.push(composer);
    return { composer: composer.address, admin: composer.adminAddress, fetcher: fetcher.address, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}
