import type { ProviderBehaviour } from "../providers/provider-arguments.ts";

export interface SandboxAddresses {
  /** `host:port` of each service. */
  readonly composer: string;
  readonly fetcher: string;
  /** Base URL of every origin, and the made-up keys, by the names of the settings. */
  readonly settings: Readonly<Record<string, string>>;
}

const METHOD = "wayfarer.guide.v1.GuideService/ComposeGuide";

/** What the sandbox prints once it is up: what it is and is not, where everything is, and what to type. */
export function sandboxBanner(
  { composer, fetcher, settings }: SandboxAddresses,
  behaviour: ProviderBehaviour,
): string {
  const lines = Object.entries(settings).map(([name, url]) => `  ${name}=${url}`);
  return `Wayfarer sandbox

The providers are TEST SERVERS on this machine. What they say is no real provider's data: cities were written or
generated for tests, the weather is drawn from a seed. Try the API with it; plan no trip with it.

guide-composer   ${composer}
content-fetcher  ${fetcher}
providers        seed ${behaviour.seed}${describe(behaviour)}
${lines.join("\n")}

grpcurl -plaintext -d '{"spec":{"destination_query":"Lisbon"}}' ${composer} ${METHOD}

curl -X POST -H 'content-type: application/json' -d '{"spec":{"destinationQuery":"Lisbon"}}' http://${composer}/${METHOD}

npm run guide -- "Lisbon" --composer ${composer}

Written by hand: Lisbon, Boston, Tokyo, Munich. Any other destination is generated. Ctrl-C ends the sandbox.
`;
}

function describe({ profile, latencies, faults }: ProviderBehaviour): string {
  const parts = [
    ...(profile === undefined ? [] : [`profile ${profile}`]),
    ...latencies.map(({ id, latencyMs }) => `${id ?? "all"} ${latencyMs} ms`),
    ...faults.map(({ id, fault }) => `${id} ${fault.kind}`),
  ];
  return parts.length === 0 ? "" : `, ${parts.join(", ")}`;
}
