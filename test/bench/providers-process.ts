import { z } from "zod";
import { startTestProviders } from "../providers/test-providers.ts";

/** The test providers in a process of their own. It tells their settings, then obeys and answers messages. */
const requestSchema = z.union([
  z.object({ latencyMs: z.number() }),
  /** Ends a guide: what was asked for since the last one. */
  z.object({ take: z.literal(true) }),
]);

interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

const asked = new Map<string, Interval[]>();
const providers = await startTestProviders({
  seed: 1,
  now: Date.now,
  oneOverpassQueryAtATime: false,
  onAnswered: (id, { receivedMs }, answeredMs) =>
    void asked.set(id, [...(asked.get(id) ?? []), { fromMs: receivedMs, toMs: answeredMs }]),
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

process.on("message", (message) => {
  const request = requestSchema.parse(message);
  if ("latencyMs" in request) {
    providers.setLatencyMs(request.latencyMs);
    process.send?.({ latencyMs: request.latencyMs });
    return;
  }
  process.send?.({
    slowestMs: Math.max(0, ...[...asked.values()].map(busyMs)),
    requestCount: [...asked.values()].flat().length,
  });
  asked.clear();
});
process.once("SIGTERM", () => void providers.close().then(() => process.exit(0)));
process.send?.({ settings: providers.settings });
