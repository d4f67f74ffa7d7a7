import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  createContentClient,
  type ContentClient,
} from "../../services/guide-composer/fetch/content-client.ts";
import { fromWire } from "../../shared/error-wire.ts";
import { toReason, type Reason } from "../../shared/errors.ts";
import { Priority } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { CacheMode, GuideService } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { lisbonQuery } from "../support/fetcher.ts";
import { startService, type ServiceProcess } from "../support/service-process.ts";

const RESTART_COUNT = 20;
const CALLS_PER_SECOND = 100;
/** Between two restarts, as a rollout waits: three times what it takes on a machine that has nothing else to do. */
const PAUSE_MS = 3_000;
const CITIES = ["Lisbon", "Madrid", "Rome", "Paris", "Berlin", "Vienna", "Prague", "Oslo", "Boston", "Tokyo"];
/**
 * Reasons that a call has when content-fetcher could not be had. OVERLOADED is none: that is how a server refuses on a
 * machine with too little left for it, restart or not.
 */
const HOP_REASONS: ReadonlySet<Reason | undefined> = new Set<Reason>([
  "CONTENT_SERVICE_UNAVAILABLE",
  "SHUTTING_DOWN",
  "DEADLINE_EXPIRED",
  "CALLER_GONE",
  "INTERNAL",
]);

const PLANNED = { kind: SectionKind.PRACTICAL, provider: "providers/almanac", key: "", lifeMs: 0 };

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
  let providers: TestProviders;
  let composer: ServiceProcess;
  const replicas: { readonly port: number; process: ServiceProcess }[] = [];
  let client: ContentClient;
  let guides: Client<typeof GuideService>;
  /** Ends the load. */
  const ending = new AbortController();

  const startReplica = (port: number): Promise<ServiceProcess> =>
    startService("content-fetcher", { ...providers.settings, FETCHER_LISTEN: `127.0.0.1:${port}` });

  before(async () => {
    providers = await startTestProviders({ seed: 1, now: Date.now });
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
    await providers?.close();
  });

  it(`are restarted ${RESTART_COUNT} times under ${CALLS_PER_SECOND} calls a second, and no call fails`, async () => {
    const failures: string[] = [];
    let callCount = 0;
    const told = (call: string, reasons: readonly (Reason | undefined)[]): void => {
      if (reasons.some((reason) => HOP_REASONS.has(reason))) failures.push(`${call}: ${reasons.join(", ")}`);
    };
    const { signal } = ending;
    const { signal: forever } = new AbortController();
    // Embedded data, so that the hop is all that can fail.
    const hop = async (): Promise<void> => {
      const call = `hop ${(callCount += 1)}`;
      try {
        let messageCount = 0;
        for await (const { response } of client.stream(
          [PLANNED],
          lisbonQuery(),
          Priority.INTERACTIVE,
          10_000,
          forever,
        )) {
          messageCount += 1;
          told(call, [response.outcome && toReason(response.outcome.reason)]);
        }
        if (messageCount !== 1) failures.push(`${call}: ${messageCount} messages`);
      } catch (error) {
        told(call, [fromWire(error).reason]);
      }
    };
    // Past the cache, so that each guide takes the hop.
    const compose = async (index: number): Promise<void> => {
      const request = {
        spec: {
          destination: { case: "destinationQuery" as const, value: CITIES[index % CITIES.length] ?? "" },
          sectionKinds: [SectionKind.PRACTICAL],
        },
        cacheMode: CacheMode.REFRESH,
      };
      try {
        const { guide } = await guides.composeGuide(request);
        const outcomes = (guide?.omissions ?? []).flatMap(({ providerOutcomes }) => providerOutcomes);
        told(
          `guide ${index}`,
          outcomes.map(({ reason }) => toReason(reason)),
        );
        if (guide?.sections.length !== 1) failures.push(`guide ${index}: no section`);
      } catch (error) {
        told(`guide ${index}`, [fromWire(error).reason]);
      }
    };
    const every = async (pauseMs: number, call: (index: number) => Promise<void>): Promise<void> => {
      const calls: Promise<void>[] = [];
      for (; !signal.aborted; await delay(pauseMs)) calls.push(call(calls.length));
      await Promise.all(calls);
    };
    const restarting = async (): Promise<(number | null)[]> => {
      const exitCodes: (number | null)[] = [];
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
    await Promise.all(loads);
    assert.deepEqual(failures.slice(0, 20), [], `${failures.length} failures in ${callCount} calls`);
    assert.ok(callCount >= RESTART_COUNT * CALLS_PER_SECOND, `${callCount} calls`);
    assert.deepEqual(new Set(exitCodes), new Set([0]));
    assert.equal(await composer.stop(), 0);
  });
});
