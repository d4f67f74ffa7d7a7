import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Fault } from "../support/provider-server.ts";
import { PROFILES, type Profile } from "./profiles.ts";
import { PROVIDER_IDS, type ProviderId } from "./servers.ts";

const provider = z.enum(PROVIDER_IDS);
const faultSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("status"),
    status: z.number(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string().optional(),
  }),
  z.object({ kind: z.literal("slow"), latencyMs: z.number() }),
  z.object({
    kind: z.literal("rate-limit"),
    retryAfterSeconds: z.number().optional(),
    retryAtMs: z.number().optional(),
  }),
  z.object({
    kind: z.enum(["hang", "cut", "drip", "html", "truncated", "wrong-schema", "empty", "reset", "remark"]),
  }),
]);

/** What a parent may ask of the process. */
export const commandSchema = z.discriminatedUnion("name", [
  z.object({
    id: z.number(),
    name: z.literal("setProfile"),
    profile: z.enum(PROFILES),
    seed: z.number().optional(),
  }),
  z.object({
    id: z.number(),
    name: z.literal("setLatencyMs"),
    latencyMs: z.number(),
    provider: provider.optional(),
  }),
  z.object({
    id: z.number(),
    name: z.literal("setFault"),
    provider,
    fault: faultSchema.optional(),
    requestCount: z.number().optional(),
  }),
  z.object({ id: z.number(), name: z.literal("reset") }),
  z.object({ id: z.number(), name: z.literal("requestCounts") }),
]);
export type Command = z.infer<typeof commandSchema>;

export interface Answer {
  readonly id: number;
  readonly requestCounts: Readonly<Record<ProviderId, number>> | undefined;
}

const answerSchema = z.object({
  id: z.number(),
  requestCounts: z.record(provider, z.number()).optional(),
});
const readySchema = z.object({ settings: z.record(z.string(), z.string()) });

/** The test providers in a process of their own, so that their work is not on the measured event loop. */
export interface SpawnedProviders {
  /** Base URL of every origin, by the name of its setting. */
  readonly settings: Readonly<Record<string, string>>;
  readonly requestCounts: () => Promise<Readonly<Record<ProviderId, number>>>;
  readonly setProfile: (profile: Profile, seed?: number) => Promise<void>;
  readonly setLatencyMs: (latencyMs: number, id?: ProviderId) => Promise<void>;
  readonly setFault: (id: ProviderId, fault: Fault | undefined, requestCount?: number) => Promise<void>;
  readonly reset: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** @throws when the process ends before it is ready */
export async function spawnTestProviders(options: {
  readonly seed: number;
  readonly compressed?: boolean;
}): Promise<SpawnedProviders> {
  const entry = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      entry,
      `--seed=${options.seed}`,
      ...(options.compressed === true ? ["--compressed"] : []),
    ],
    { stdio: ["ignore", "pipe", "inherit", "ipc"] },
  );
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  const ready = Promise.withResolvers<string>();
  child.once("exit", (code) => {
    const error = new Error(`the test providers ended with ${code}`);
    ready.reject(error);
    for (const { reject } of waiting.values()) reject(error);
  });
  if (child.stdout === null) throw new Error("the process has no output");
  createInterface({ input: child.stdout }).once("line", (line) => ready.resolve(line));
  child.on("message", (message) => {
    const { id, requestCounts } = answerSchema.parse(message);
    waiting.get(id)?.resolve({ id, requestCounts });
    waiting.delete(id);
  });
  let lastId = 0;
  async function ask(command: (id: number) => Command): Promise<Answer> {
    lastId += 1;
    const answer = Promise.withResolvers<Answer>();
    waiting.set(lastId, answer);
    child.send(command(lastId));
    return await answer.promise;
  }
  const { settings } = readySchema.parse(JSON.parse(await ready.promise));
  return {
    settings,
    requestCounts: async () => {
      const { requestCounts } = await ask((id) => ({ id, name: "requestCounts" }));
      if (requestCounts === undefined) throw new Error("the process did not count");
      return requestCounts;
    },
    setProfile: async (profile, seed) =>
      void (await ask((id) => ({ id, name: "setProfile", profile, seed }))),
    setLatencyMs: async (latencyMs, only) =>
      void (await ask((id) => ({ id, name: "setLatencyMs", latencyMs, provider: only }))),
    setFault: async (to, fault, requestCount) =>
      void (await ask((id) => ({ id, name: "setFault", provider: to, fault, requestCount }))),
    reset: async () => void (await ask((id) => ({ id, name: "reset" }))),
    close: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}
