import type { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Reason } from "../../shared/errors.ts";
import { createProviderLink, type LinkOptions, type ProviderLink } from "./http/provider-link.ts";
import type { Provider, ProviderSettings } from "./provider.ts";
import { createLatencyWindow, type LatencyWindow } from "./resilience/latency-window.ts";

/** A median that people plan by needs no more samples than these. */
const CALL_WINDOW = { reachMs: 600_000, maxSampleCount: 500 };

/** A provider of this server with what its calls have left behind. */
export interface ProviderEntry {
  /** Resource name, `providers/{provider}`. */
  readonly name: string;
  readonly provider: Provider;
  readonly link: ProviderLink;
  /** Name of the setting without which it cannot be called; undefined when nothing is missing. */
  readonly missingSetting: string | undefined;
  /** Those of its switches that are on. */
  readonly switchedOn: ReadonlySet<string>;
  /** Its text settings that have a value. */
  readonly texts: ReadonlyMap<string, string>;
  /** Latencies of its answered calls, by section. */
  readonly latencies: ReadonlyMap<SectionKind, LatencyWindow>;
  /** Why and when (milliseconds since the epoch) its last failed call failed. */
  lastFailure: { readonly reason: Reason; readonly atMs: number } | undefined;
}

export const createProviderEntry = (
  provider: Provider,
  settings: ProviderSettings,
  options: LinkOptions,
): ProviderEntry => {
  const { keySetting } = provider;
  const key = keySetting === undefined ? undefined : settings.keys.get(keySetting);
  return {
    name: `providers/${provider.id}`,
    provider,
    link: createProviderLink(withConcurrency(provider, settings), key, options),
    missingSetting: missingSettingOf(provider, settings),
    switchedOn: new Set(
      (provider.switches ?? [])
        .map(({ setting }) => setting)
        .filter((setting) => settings.switchedOn.has(setting)),
    ),
    texts: textsOf(provider, settings),
    latencies: new Map(
      provider.offerings.map(({ kind }) => [kind, createLatencyWindow(options.clock.now, CALL_WINDOW)]),
    ),
    lastFailure: undefined,
  };
};

const textsOf = ({ textSettings = [] }: Provider, { texts }: ProviderSettings): ReadonlyMap<string, string> =>
  new Map(
    textSettings.flatMap(({ setting, defaultText }) => {
      const text = texts?.get(setting) ?? defaultText;
      return text === undefined ? [] : [[setting, text] as const];
    }),
  );

/** The first that is not set of those without which it cannot be called. */
function missingSettingOf(provider: Provider, settings: ProviderSettings): string | undefined {
  const { keySetting, textSettings = [] } = provider;
  if (keySetting !== undefined && !settings.keys.has(keySetting)) return keySetting;
  const texts = textsOf(provider, settings);
  return textSettings.find(({ setting }) => !texts.has(setting))?.setting;
}

/** The provider with as many calls at the same time as the operator's key allows. */
function withConcurrency(provider: Provider, { concurrentCounts }: ProviderSettings): Provider {
  const { limits } = provider;
  const count = concurrentCounts?.get(limits.concurrencySetting ?? "");
  return count === undefined ? provider : { ...provider, limits: { ...limits, maxConcurrentCount: count } };
}
