import { z } from "zod";
import { PROFILES } from "../providers/profiles.ts";
import { PROVIDER_IDS, testServerOf, type ProviderId } from "../providers/servers.ts";
import { startTestProviders } from "../providers/test-providers.ts";
import type { ReceivedRequest } from "../support/provider-server.ts";

/** The test providers in a process of their own. It tells their settings and keys, then obeys and answers messages. */
const requestSchema = z.union([
  z.object({ latencyMs: z.number() }),
  /** Latencies of a profile for one provider, and one for all the others. */
  z.object({ profile: z.enum(PROFILES), provider: z.enum(PROVIDER_IDS), othersMs: z.number() }),
  /** What was asked for since the last time, in all or each request too. */
  z.object({ take: z.enum(["sum", "each"]) }),
]);

interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

const asked = new Map<ProviderId, (Interval & { readonly request: ReceivedRequest })[]>();
const providers = await startTestProviders({
  seed: 1,
  now: Date.now,
  oneOverpassQueryAtATime: false,
  onAnswered: (id, request, answeredMs) =>
    void asked.set(id, [...(asked.get(id) ?? []), { fromMs: request.receivedMs, toMs: answeredMs, request }]),
});

/** Time during which at least one request of a provider was being answered, milliseconds. */
function busyMs(intervals: readonly Interval[]): number {
  let totalMs = 0;
  let endMs = -Infinity;
  for (const { fromMs, toMs } of [...intervals].sort((a, b) => a.fromMs - b.fromMs)) {
    totalMs += Math.max(0, toMs - Math.max(fromMs, endMs));
    endMs = Math.max(endMs, toMs);
  }
  return totalMs;
}

/** Those too that nobody waited for. */
const receivedCount = (): number =>
  Object.values(providers.requestCounts()).reduce((sum, count) => sum + count, 0);
let takenCount = 0;

const answersOf = () =>
  [...asked].flatMap(([provider, requests]) =>
    requests.map(({ fromMs, toMs, request }) => ({
      provider,
      destination: testServerOf(provider).subjectOf(request).destination,
      tookMs: toMs - fromMs,
    })),
  );

process.on("message", (message) => {
  const request = requestSchema.parse(message);
  if ("latencyMs" in request) {
    providers.setLatencyMs(request.latencyMs);
    process.send?.({ latencyMs: request.latencyMs });
    return;
  }
  if ("profile" in request) {
    providers.setProfile(request.profile);
    for (const id of PROVIDER_IDS) if (id !== request.provider) providers.setLatencyMs(request.othersMs, id);
    process.send?.({ profile: request.profile });
    return;
  }
  process.send?.({
    slowestMs: Math.max(0, ...[...asked.values()].map(busyMs)),
    requestCount: receivedCount() - takenCount,
    answers: request.take === "each" ? answersOf() : [],
  });
  takenCount = receivedCount();
  asked.clear();
});
process.once("SIGTERM", () => void providers.close().then(() => process.exit(0)));
process.send?.({ settings: providers.settings, keys: providers.keys });
