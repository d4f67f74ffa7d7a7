import { z } from "zod";
import { startChild } from "../bench/child.ts";

/** What the load generator is told to do. */
export const openLoopRunSchema = z.object({
  address: z.string(),
  path: z.string(),
  /** Messages, base64; sent in turn. */
  messages: z.array(z.string()),
  sessionCount: z.number().int(),
  durationMs: z.number(),
  /** Calls that begin before that are made and not counted. */
  warmUpMs: z.number(),
  load: z.discriminatedUnion("kind", [
    /** As those of many callers come: whatever the server does. */
    z.object({ kind: z.literal("by the clock"), callsPerS: z.number() }),
    /** By so many callers who wait for each answer: as many as a server can answer. */
    z.object({ kind: z.literal("in turn"), callerCount: z.number().int() }),
  ]),
});
export type OpenLoopRun = z.infer<typeof openLoopRunSchema>;

const latenciesSchema = z.object({ count: z.number(), p50Ms: z.number(), p99Ms: z.number() });
export type Latencies = z.infer<typeof latenciesSchema>;

const doneSchema = z.object({
  /** Since a call was due, not since it was sent: a late generator must not flatter. */
  succeeded: latenciesSchema,
  /** RESOURCE_EXHAUSTED; since it was sent, because how soon a server refuses is not the generator's doing. */
  refused: latenciesSchema,
  failedCount: z.number(),
  countedMs: z.number(),
});
export type OpenLoopDone = z.infer<typeof doneSchema>;

export interface LoadGenerator {
  readonly run: (run: OpenLoopRun) => Promise<OpenLoopDone>;
  readonly close: () => Promise<void>;
}

/** A load generator in a process of its own, so that it takes nothing of the event loop that it loads. */
export async function startLoadGenerator(): Promise<LoadGenerator> {
  const child = startChild("../support/open-loop-process.ts");
  await child.receive();
  return {
    run: async (run) => {
      child.send(run);
      return doneSchema.parse(await child.receive());
    },
    close: child.close,
  };
}
