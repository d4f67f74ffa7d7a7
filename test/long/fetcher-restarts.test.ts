import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  createContentClient,
  type ContentClient,
} from "../../services/guide-composer/fetch/content-client.ts";
import { fromWire } from "../../shared/error-wire.ts";
import { Priority } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { CacheMode, GuideService } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ProviderOutcome_Kind, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { lisbonQuery } from "../support/fetcher.ts";
import { PLAIN_ANSWER, plainOrigin } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { startService, type ServiceProcess } from "../support/service-process.ts";

const RESTART_COUNT = 20;
const CALLS_PER_SECOND = 100;
/** Between two restarts, as a rollout waits: three times what it takes on a machine that has nothing else to do. */
const PAUSE_MS = 3_000;
const CITIES = ["Lisbon", "Madrid", "Rome", "Paris", "Berlin", "Vienna", "Prague", "Oslo", "Boston", "Tokyo"];
/** Of each answer of the provider: a call is under way when its replica is told to end. */
const PROVIDER_LATENCY_MS = 50;
const FETCHER = fileURLToPath(new URL("../support/plain-fetcher-process.ts", import.meta.url));

const planned = (kind: SectionKind, provider: string) => ({ kind, provider, key: "", lifeMs: 0 });
/** One that is embedded, and one behind sockets. */
const PLANNED = [
  planned(SectionKind.PRACTICAL, "providers/almanac"),
  planned(SectionKind.OVERVIEW, "providers/plain"),
];
const KINDS = PLANNED.map(({ kind }) => kind);

/** A replica comes back where it was, so its port must be known before. */
async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
}

describe("R10: two replicas of content-fetcher", function () {
  this.timeout(300_000);
  let provider: ProviderServer;
  let composer: ServiceProcess;
  const replicas: { readonly port: number; process: ServiceProcess }[] = [];
  let client: ContentClient;
  let guides: Client<typeof GuideService>;
  /** Ends the load. */
  const ending = new AbortController();

  const startReplica = (port: number): Promise<ServiceProcess> =>
    startService(
      "content-fetcher",
      { [plainOrigin("plain")]: provider.baseUrl, FETCHER_LISTEN: `127.0.0.1:${port}` },
      FETCHER,
    );

  before(async () => {
    provider = await startProviderServer(() => PLAIN_ANSWER);
    provider.setLatencyMs(PROVIDER_LATENCY_MS);
    for (let replica = 0; replica < 2; replica += 1) {
      const port = await findFreePort();
      replicas.push({ port, process: await startReplica(port) });
    }
    const target = `ipv4:${replicas.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
    composer = await startService("guide-composer", { FETCHER_TARGET: target });
    client = createContentClient(target, [], Date.now);
    guides = createClient(GuideService, createGrpcTransport({ baseUrl: `http://${composer.address}` }));
  });
  after(async () => {
    ending.abort();
    client?.close();
    await composer?.stop();
    for (const replica of replicas) await replica.process.stop();
    await provider?.close();
  });

  it(`are restarted ${RESTART_COUNT} times under ${CALLS_PER_SECOND} calls a second, and no call fails`, async () => {
    const failures: string[] = [];
    let callCount = 0;
    const startMs = performance.now();
    const { signal } = ending;
    const { signal: forever } = new AbortController();
    const hop = async (): Promise<void> => {
      const call = `hop ${(callCount += 1)}`;
      try {
        const query = lisbonQuery();
        let completeCount = 0;
        for await (const { response } of client.stream(
          PLANNED,
          query,
          Priority.INTERACTIVE,
          10_000,
          forever,
        )) {
          const kind = response.outcome?.kind;
          if (kind === ProviderOutcome_Kind.CONTENT) completeCount += 1;
          else failures.push(`${call}: an outcome of kind ${kind}`);
        }
        if (completeCount !== PLANNED.length) failures.push(`${call}: ${completeCount} contents`);
      } catch (error) {
        failures.push(`${call}: ${fromWire(error).reason}`);
      }
    };
    // Past the cache, so that each guide takes the hop.
    const compose = async (index: number): Promise<void> => {
      const request = {
        spec: {
          destination: { case: "destinationQuery" as const, value: CITIES[index % CITIES.length] ?? "" },
          sectionKinds: KINDS,
        },
        cacheMode: CacheMode.REFRESH,
      };
      try {
        const { guide } = await guides.composeGuide(request);
        const kinds = new Set(guide?.sections.map(({ kind }) => kind));
        if (!KINDS.every((kind) => kinds.has(kind)) || guide?.omissions.length !== 0)
          failures.push(`guide ${index}: sections ${[...kinds].join()}`);
      } catch (error) {
        failures.push(`guide ${index}: ${fromWire(error).reason}`);
      }
    };
    const every = async (pauseMs: number, call: (index: number) => Promise<void>): Promise<void> => {
      const calls: Promise<void>[] = [];
      const startMs = performance.now();
      while (!signal.aborted) {
        // Whatever a timer is late by is made up for.
        while (startMs + calls.length * pauseMs <= performance.now()) calls.push(call(calls.length));
        await delay(1);
      }
      await Promise.all(calls);
    };
    const restarting = async (): Promise<(number | null)[]> => {
      const exitCodes: (number | null)[] = [];
      // The load is there first: a rollout meets processes at work.
      await delay(PAUSE_MS);
      for (let restart = 0; restart < RESTART_COUNT; restart += 1) {
        const replica = replicas[restart % replicas.length];
        assert.ok(replica);
        exitCodes.push(await replica.process.stop());
        replica.process = await startReplica(replica.port);
        // Channels find within their longest pause, a second, that it is back; only then may the other one go.
        await delay(PAUSE_MS);
      }
      return exitCodes;
    };
    const loads = [every(1_000 / CALLS_PER_SECOND, hop), every(200, compose)];
    const exitCodes = await restarting();
    ending.abort();
    const callsPerSecond = (callCount * 1_000) / (performance.now() - startMs);
    await Promise.all(loads);
    assert.deepEqual(failures.slice(0, 20), [], `${failures.length} failures in ${callCount} calls`);
    assert.ok(callsPerSecond > 0.98 * CALLS_PER_SECOND, `${callsPerSecond.toFixed(1)} calls a second`);
    assert.deepEqual(new Set(exitCodes), new Set([0]));
    assert.equal(await composer.stop(), 0);
  });
});
