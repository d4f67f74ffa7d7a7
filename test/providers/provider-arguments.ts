import type { CommandLine } from "./command-line.ts";
import type { Fault } from "../support/provider-server.ts";
import { PROFILES, type Profile } from "./profiles.ts";
import { isProviderId, PROVIDER_IDS, testServerOf, type ProviderId } from "./servers.ts";
import type { TestProviders } from "./test-providers.ts";

/** How the test providers behave, as given on a command line. */
export interface ProviderBehaviour {
  readonly seed: number;
  readonly profile: Profile | undefined;
  /** For one provider, or for all when it names none; in the order given. */
  readonly latencies: readonly { readonly id: ProviderId | undefined; readonly latencyMs: number }[];
  readonly faults: readonly { readonly id: ProviderId; readonly fault: Fault }[];
}

/** The options that describe the behaviour. */
export const BEHAVIOUR_OPTIONS = {
  seed: { type: "string" },
  profile: { type: "string" },
  "latency-ms": { type: "string", multiple: true },
  fault: { type: "string", multiple: true },
} as const;

export const BEHAVIOUR_USAGE = `  --profile NAME              latencies of a profile: ${PROFILES.join(", ")} (default: none)
  --seed N                    seed of weather, generated places and profiles, 0 to 4294967295 (default: 1)
  --latency-ms [PROVIDER=]N   wait N milliseconds, 0 to 60000, before each answer; may be given again
  --fault PROVIDER=KIND       answer with a fault; may be given again. KIND is one of
                              hang, cut, drip, html, truncated, wrong-schema, empty, reset, remark,
                              slow:MILLISECONDS, rate-limit[:SECONDS], status:CODE
  PROVIDER is one of ${PROVIDER_IDS.join(", ")}.
`;

const MAX_SEED = 2 ** 32 - 1;
const MAX_LATENCY_MS = 60_000;
/** Providers that have a way to say inside a 200 that they failed. */
const REMARKING: ReadonlySet<ProviderId> = new Set(
  PROVIDER_IDS.filter((id) => testServerOf(id).faultReplies.remark !== undefined),
);

/** Reads the behaviour from the options; what is wrong with it is added to `problems`, all of it. */
export function readBehaviour({ texts }: Pick<CommandLine, "texts">, problems: string[]): ProviderBehaviour {
  const [seedText = "1"] = texts.get("seed") ?? [];
  const seed = whole(seedText, 0, MAX_SEED);
  if (seed === undefined) problems.push(`--seed must be a whole number from 0 to ${MAX_SEED}`);
  const [profileText] = texts.get("profile") ?? [];
  const profile = PROFILES.find((name) => name === profileText);
  if (profileText !== undefined && profile === undefined)
    problems.push(`--profile must be one of ${PROFILES.join(", ")}`);
  const latencies = (texts.get("latency-ms") ?? []).flatMap((text) => {
    const [first = "", second] = text.split("=");
    const latencyMs = whole(second ?? first, 0, MAX_LATENCY_MS);
    const id = second === undefined ? undefined : first;
    if (latencyMs === undefined || (id !== undefined && !isProviderId(id))) {
      problems.push(
        `--latency-ms ${text} must be [PROVIDER=]N with N from 0 to ${MAX_LATENCY_MS} and PROVIDER one of ${PROVIDER_IDS.join(", ")}`,
      );
      return [];
    }
    return [{ id, latencyMs }];
  });
  const faults = (texts.get("fault") ?? []).flatMap((text) => {
    const [id = "", kind = ""] = text.split("=");
    if (!isProviderId(id)) {
      problems.push(`--fault ${text} must name one of ${PROVIDER_IDS.join(", ")}`);
      return [];
    }
    const fault = parseFault(kind);
    if (fault === undefined) {
      problems.push(`--fault ${text} has no known kind`);
      return [];
    }
    if (fault.kind === "remark" && !REMARKING.has(id)) {
      problems.push(`--fault ${text}: only ${[...REMARKING].join(" and ")} can fail inside a 200`);
      return [];
    }
    return [{ id, fault }];
  });
  return { seed: seed ?? 1, profile, latencies, faults };
}

function whole(text: string, min: number, max: number): number | undefined {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function parseFault(text: string): Fault | undefined {
  const [kind = "", value] = text.split(":");
  switch (kind) {
    case "hang":
    case "cut":
    case "drip":
    case "html":
    case "truncated":
    case "wrong-schema":
    case "empty":
    case "reset":
    case "remark":
      return value === undefined ? { kind } : undefined;
    case "slow": {
      const latencyMs = whole(value ?? "", 0, MAX_LATENCY_MS);
      return latencyMs === undefined ? undefined : { kind, latencyMs };
    }
    case "rate-limit": {
      if (value === undefined) return { kind };
      const retryAfterSeconds = whole(value, 0, 86_400);
      return retryAfterSeconds === undefined ? undefined : { kind, retryAfterSeconds };
    }
    case "status": {
      const status = whole(value ?? "", 200, 599);
      return status === undefined ? undefined : { kind, status };
    }
    default:
      return undefined;
  }
}

/** Makes running providers behave so. */
export function applyBehaviour(providers: TestProviders, behaviour: ProviderBehaviour): void {
  if (behaviour.profile !== undefined) providers.setProfile(behaviour.profile);
  for (const { id, latencyMs } of behaviour.latencies) providers.setLatencyMs(latencyMs, id);
  for (const { id, fault } of behaviour.faults) providers.setFault(id, fault);
}
