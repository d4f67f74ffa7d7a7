import { readFileSync } from "node:fs";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { z } from "zod";
import { parseServingMessage } from "../../shared/process.ts";
import { GuideAdminService } from "../../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import { GuideService } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Profile } from "../providers/profiles.ts";
import { PROVIDER_IDS, type ProviderId } from "../providers/servers.ts";
import { freePort } from "../support/redis/server.ts";
import { SERVICE_FLAGS } from "../support/service-flags.ts";
import { startChild, type Child } from "./child.ts";

/** Both services and the test providers, each a process of its own, and a gRPC client on one connection. */
export interface BenchPair {
  /** `host:port` of guide-composer. */
  readonly address: string;
  readonly client: Client<typeof GuideService>;
  /** Milliseconds before each answer of each provider. */
  readonly setLatencyMs: (latencyMs: number) => Promise<void>;
  /** Latencies of a profile, drawn anew, for one provider, and one for each answer of all the others. */
  readonly setProfile: (profile: Profile, provider: ProviderId, othersMs: number) => Promise<void>;
  /** What the providers saw since the last call of this or `takeAnswers`. */
  readonly takeAsked: () => Promise<Asked>;
  /** The same, with each request that was answered. */
  readonly takeAnswers: () => Promise<Asked & { readonly answers: readonly Answered[] }>;
  /** Empties the composer's cache. */
  readonly evictAll: () => Promise<void>;
  /** CPU time of both services so far, milliseconds; undefined where the system does not tell. */
  readonly cpuMs: () => number | undefined;
  readonly composerCpuMs: () => number | undefined;
  readonly composerPid: number;
  readonly close: () => Promise<void>;
}

export interface Asked {
  /** Longest time that one provider was busy answering, milliseconds. */
  readonly slowestMs: number;
  readonly requestCount: number;
}

/** Where the test providers are and what they want, by the names of the settings. */
export type Told = z.infer<typeof toldSchema>;

/** A request that a provider has answered. */
export interface Answered {
  readonly provider: ProviderId;
  /** As far as the provider can tell. */
  readonly destination: string;
  /** From the whole request to the whole answer, by the provider's clock, milliseconds. */
  readonly tookMs: number;
}

const textsSchema = z.record(z.string(), z.string());
const toldSchema = z.object({ settings: textsSchema, keys: textsSchema });
const askedSchema = z.object({
  slowestMs: z.number(),
  requestCount: z.number(),
  answers: z.array(z.object({ provider: z.enum(PROVIDER_IDS), destination: z.string(), tookMs: z.number() })),
});

/**
 * @param composerSettings besides, and before, those of every bench
 * @param fetcherSettings the same for content-fetcher, made from what the test providers tell; default: no provider
 *   with a key is asked
 */
export async function startBenchPair(
  composerSettings: Readonly<Record<string, string>> = {},
  fetcherSettings: (told: Told) => Readonly<Record<string, string>> = () => ({}),
): Promise<BenchPair> {
  const children: Child[] = [];
  const start = (file: string, environment: Readonly<Record<string, string>>): Child => {
    const child = startChild(file, { environment, execArgv: SERVICE_FLAGS });
    children.push(child);
    return child;
  };
  const close = async (): Promise<void> => {
    for (const child of children.toReversed()) await child.close();
  };
  try {
    const providers = start("providers-process.ts", {});
    const { settings, keys } = toldSchema.parse(await providers.receive());
    const fetcher = start("fetcher-process.ts", {
      ...settings,
      ...fetcherSettings({ settings, keys }),
      FETCHER_LISTEN: "127.0.0.1:0",
      OPERATOR_CONTACT: "bench@wayfarer.invalid",
    });
    const target = await addressOf(fetcher);
    const adminAddress = `127.0.0.1:${await freePort()}`;
    const composer = start("../../services/guide-composer/main.ts", {
      COMPOSER_LISTEN: "127.0.0.1:0",
      ADMIN_LISTEN: adminAddress,
      FETCHER_TARGET: target,
      MEMORY_CACHE_MIB: "1024",
      LOG_LEVEL: "warn",
      // Guides that nobody asked for are no part of the cost of those that are measured.
      WARMING_CALLS_PER_MINUTE: "0",
      ...composerSettings,
    });
    const address = await addressOf(composer);
    const client = createClient(GuideService, createGrpcTransport({ baseUrl: `http://${address}` }));
    const admin = createClient(GuideAdminService, createGrpcTransport({ baseUrl: `http://${adminAddress}` }));
    return {
      address,
      client,
      setLatencyMs: async (latencyMs) => {
        providers.send({ latencyMs });
        await providers.receive();
      },
      setProfile: async (profile, provider, othersMs) => {
        providers.send({ profile, provider, othersMs });
        await providers.receive();
      },
      takeAsked: async () => {
        providers.send({ take: "sum" });
        return askedSchema.parse(await providers.receive());
      },
      takeAnswers: async () => {
        providers.send({ take: "each" });
        return askedSchema.parse(await providers.receive());
      },
      evictAll: async () => {
        const { complete } = await admin.evictEntries({ all: true });
        if (!complete) throw new Error("the cache was not emptied");
      },
      cpuMs: () => {
        const times = [fetcher, composer].map(({ pid }) => processCpuMs(pid));
        return times.some((time) => time === undefined)
          ? undefined
          : times.reduce<number>((sum, time) => sum + (time ?? 0), 0);
      },
      composerCpuMs: () => processCpuMs(composer.pid),
      composerPid: composer.pid,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function addressOf(service: Child): Promise<string> {
  const message = parseServingMessage(await service.receive());
  if (message === undefined) throw new Error("the service said something else than that it serves");
  return message.address;
}

/** Linux counts in ticks of a hundredth of a second, whatever the kernel's own clock. */
const MS_PER_TICK = 10;

/** CPU time of a process and its threads, milliseconds; undefined where there is no /proc. */
export function processCpuMs(pid: number): number | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name before the closing bracket may contain spaces; user and system time are the 12th and 13th field after it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}
