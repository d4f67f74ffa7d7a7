import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { fromWire } from "../../shared/error-wire.ts";
import { toReason, type Reason } from "../../shared/errors.ts";
import { CacheMode, GuideService } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { startDnsServer, type DnsServer } from "../support/dns-server.ts";
import { startService, type ServiceProcess } from "../support/service-process.ts";

const CITIES = ["Lisbon", "Madrid", "Rome", "Paris", "Berlin", "Vienna", "Prague", "Oslo", "Boston", "Tokyo"];
const CALL_EVERY_MS = 50;
/** A PING goes out every five seconds and is given up after five. */
const NOTICED_AFTER_MS = 11_000;
/** A replica that came back is let in again: two seconds, looked at every two. */
const USED_AFTER_MS = 5_000;
/** Names are looked up again no sooner. */
const LOOKUP_EVERY_MS = 2_000;

describe("the hop, as processes", function () {
  this.timeout(120_000);
  let providers: TestProviders;
  const running: ServiceProcess[] = [];

  before(async () => {
    providers = await startTestProviders({ seed: 1, now: Date.now });
  });
  afterEach(async () => {
    for (const service of running.splice(0).toReversed()) {
      service.kill("SIGCONT");
      await service.stop();
    }
  });
  after(() => providers?.close());

  async function start(...[service, environment]: Parameters<typeof startService>): Promise<ServiceProcess> {
    const process = await startService(service, { ...providers.settings, ...environment });
    running.push(process);
    return process;
  }
  const clientOf = ({ address }: ServiceProcess): Client<typeof GuideService> =>
    createClient(GuideService, createGrpcTransport({ baseUrl: `http://${address}` }));

  /** What went wrong with a guide that takes the hop, past the cache; undefined when nothing did. */
  async function failureOf(
    client: Client<typeof GuideService>,
    index: number,
    timeoutMs?: number,
  ): Promise<Reason | undefined> {
    try {
      const { guide } = await client.composeGuide(
        {
          spec: {
            destination: { case: "destinationQuery", value: CITIES[index % CITIES.length] ?? "" },
            dayCount: 1 + (Math.floor(index / CITIES.length) % 30),
            sectionKinds: [SectionKind.PRACTICAL],
          },
          cacheMode: CacheMode.REFRESH,
        },
        timeoutMs === undefined ? {} : { timeoutMs },
      );
      const [omission] = guide?.omissions ?? [];
      return omission && toReason(omission.reason);
    } catch (error) {
      return fromWire(error).reason;
    }
  }

  /** Calls by the clock, until it is ended: then, what failed of them. */
  function startLoad(client: Client<typeof GuideService>): () => Promise<readonly Reason[]> {
    const calls: Promise<Reason | undefined>[] = [];
    const timer = setInterval(() => void calls.push(failureOf(client, calls.length)), CALL_EVERY_MS);
    return async () => {
      clearInterval(timer);
      return (await Promise.all(calls)).flatMap((reason) => reason ?? []);
    };
  }

  it("loses no call to a replica that hangs, and uses it again when it does not", async () => {
    const replicas = [await start("content-fetcher", {}), await start("content-fetcher", {})];
    const composer = await start("guide-composer", {
      FETCHER_TARGET: `ipv4:${replicas.map(({ address }) => address).join(",")}`,
    });
    const client = clientOf(composer);
    const endLoad = startLoad(client);
    await delay(1_000);
    for (const replica of replicas) {
      replica.kill("SIGSTOP");
      await delay(NOTICED_AFTER_MS);
      replica.kill("SIGCONT");
      // Only if it is used again by then can the other one hang without harm.
      await delay(USED_AFTER_MS);
    }
    assert.deepEqual(await endLoad(), []);
  });

  it("R11: serves what is cached while all of them hang, says in time why the rest fails, and goes on at once", async () => {
    const fetcher = await start("content-fetcher", {});
    const composer = await start("guide-composer", {
      FETCHER_TARGET: fetcher.address,
      WARMING_CALLS_PER_MINUTE: "0",
    });
    const client = clientOf(composer);
    const cached = {
      spec: {
        destination: { case: "destinationQuery" as const, value: "Lisbon" },
        sectionKinds: [SectionKind.PRACTICAL],
      },
    };
    await client.composeGuide(cached);
    fetcher.kill("SIGSTOP");
    assert.equal((await client.composeGuide(cached)).guide?.sections.length, 1);
    // Nobody can know yet that it hangs: this one has its deadline.
    assert.equal(await failureOf(client, 1, 1_000), "DEADLINE_EXPIRED");
    await delay(NOTICED_AFTER_MS);
    assert.equal(await failureOf(client, 2, 10_000), "CONTENT_SERVICE_UNAVAILABLE");
    assert.equal((await client.composeGuide(cached)).guide?.sections.length, 1);
    fetcher.kill("SIGCONT");
    assert.equal(await failureOf(client, 3, 10_000), undefined);
  });

  describe("to a name", () => {
    let dns: DnsServer;
    before(async () => {
      dns = await startDnsServer();
    });
    after(() => dns?.close());

    it("finds replicas as the name gets them, and loses no call when it moves to others", async () => {
      const first = await start("content-fetcher", { FETCHER_LISTEN: "127.0.0.2:0" });
      const port = first.address.split(":").at(-1);
      const composer = await start("guide-composer", {
        FETCHER_TARGET: `dns://${dns.address}/content-fetcher.test:${port}`,
        // Asks the name server of the target, as the system's resolver would ask that of a cluster.
        GRPC_NODE_USE_ALTERNATIVE_RESOLVER: "true",
        WARMING_CALLS_PER_MINUTE: "0",
      });
      const client = clientOf(composer);
      assert.equal(await failureOf(client, 0), "CONTENT_SERVICE_UNAVAILABLE");
      dns.setAddresses(["127.0.0.2"]);
      let reason: Reason | undefined = "CONTENT_SERVICE_UNAVAILABLE";
      for (let count = 1; count < 300 && reason !== undefined; count += 1) {
        reason = await failureOf(client, count);
        await delay(20);
      }
      assert.equal(reason, undefined);

      const endLoad = startLoad(client);
      let previous = first;
      for (const address of ["127.0.0.3", "127.0.0.4"]) {
        const next = await start("content-fetcher", { FETCHER_LISTEN: `${address}:${port}` });
        dns.setAddresses([address]);
        await delay(LOOKUP_EVERY_MS);
        assert.equal(await previous.stop(), 0);
        previous = next;
      }
      await delay(500);
      assert.deepEqual(await endLoad(), []);
    });
  });
});
