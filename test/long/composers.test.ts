import assert from "node:assert/strict";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  GuideService,
  type ComposeGuideResponse,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { startService, type ServiceProcess } from "../support/service-process.ts";
import { eventually } from "../cache/harness.ts";

const COMPOSER_COUNT = 3;
const CALL_COUNT = 1_000;

/** Requests by provider and what was asked: more than one of a kind is a content that was fetched twice. */
function countRequests(providers: TestProviders): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { provider, method, url, body } of providers.requests()) {
    const request = `${provider} ${method} ${url.pathname}${url.search} ${body}`;
    counts.set(request, (counts.get(request) ?? 0) + 1);
  }
  return counts;
}

describe("three composers, as processes, with a real Redis", function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let providers: TestProviders;
  let fetcher: ServiceProcess;
  let composers: ServiceProcess[] = [];

  before(async function () {
    const started = await startRedisServer();
    if (started === undefined) return this.skip();
    redis = started;
    providers = await startTestProviders({ seed: 1, now: Date.now });
    fetcher = await startService("content-fetcher", providers.settings);
    composers = await startComposers({ REDIS_URL: redis.url });
  });
  after(async () => {
    await Promise.all(composers.map((composer) => composer.stop()));
    await fetcher?.stop();
    await providers?.close();
    await redis?.close();
  });
  beforeEach(() => providers.reset());

  const startComposers = (environment: Readonly<Record<string, string>>): Promise<ServiceProcess[]> =>
    Promise.all(
      Array.from({ length: COMPOSER_COUNT }, () =>
        startService("guide-composer", { ...environment, FETCHER_TARGET: fetcher.address }),
      ),
    );
  const clientOf = ({ address }: ServiceProcess): Client<typeof GuideService> =>
    createClient(GuideService, createGrpcTransport({ baseUrl: `http://${address}` }));
  /** Calls in turn. */
  const callers = (of: readonly ServiceProcess[]) => {
    const clients = of.map(clientOf);
    return (index: number, city: string, dayCount = 3): Promise<ComposeGuideResponse> => {
      const client = clients[index % clients.length];
      assert.ok(client);
      return client.composeGuide({
        spec: { destination: { case: "destinationQuery", value: city }, dayCount },
      });
    };
  };

  it("R6: make one provider call per content of 1,000 identical cold calls", async () => {
    providers.setLatencyMs(300);
    const call = callers(composers);
    const answers = await Promise.all(
      Array.from({ length: CALL_COUNT }, (_, index) => call(index, "Lisbon")),
    );
    const [first] = answers;
    assert.ok(first?.guide !== undefined && first.guide.sections.length > 0);
    for (const { guide } of answers) assert.equal(guide?.etag, first.guide.etag);
    const counts = countRequests(providers);
    assert.ok(counts.size > 0);
    assert.deepEqual(
      [...counts].filter(([, count]) => count > 1),
      [],
    );
    const reported = answers.reduce((sum, { report }) => sum + (report?.providerCallCount ?? 0), 0);
    assert.ok(reported > 0 && reported < 20, `${reported} calls reported`);
  });

  it("R6: make at most one per composer without Redis", async () => {
    const alone = await startComposers({});
    try {
      providers.setLatencyMs(300);
      const call = callers(alone);
      await Promise.all(Array.from({ length: CALL_COUNT }, (_, index) => call(index, "Madrid")));
      for (const [request, count] of countRequests(providers))
        assert.ok(count <= COMPOSER_COUNT, `${count} of ${request}`);
    } finally {
      await Promise.all(alone.map((composer) => composer.stop()));
    }
  });

  it("R7: fail no call when the composer that loads is killed", async () => {
    const doomed = await startService("guide-composer", {
      REDIS_URL: redis.url,
      FETCHER_TARGET: fetcher.address,
    });
    providers.setLatencyMs(1_500);
    const lost = callers([doomed])(0, "Vienna").catch(() => "lost");
    await eventually(() => providers.requests().length > 0);
    const call = callers(composers);
    const others = [0, 1, 2].map((index) => call(index, "Vienna"));
    doomed.kill();
    assert.equal(await lost, "lost");
    providers.setLatencyMs(0);
    for (const { guide } of await Promise.all(others)) assert.ok(guide && guide.sections.length > 0);
    // What the dead one had asked for, and one takeover.
    for (const [request, count] of countRequests(providers)) assert.ok(count <= 2, `${count} of ${request}`);
  });

  it("R8: fail no call while Redis is killed and restarted under load", async () => {
    const cities = ["Lisbon", "Madrid", "Rome", "Paris"];
    // Known to one composer and to Redis: the others read it there, or compose it themselves without.
    const first = callers(composers.slice(0, 1));
    for (const city of cities) await first(0, city, 1);
    const call = callers(composers);
    const calls: Promise<ComposeGuideResponse | Error>[] = [];
    for (let index = 0; index < 120; index += 1) {
      const dayCount = 1 + (Math.floor(index / cities.length) % 2);
      calls.push(
        call(index, cities[index % cities.length] ?? "", dayCount).catch((error) => ConnectError.from(error)),
      );
      if (index === 40) await redis.kill();
      if (index === 80) await redis.restart();
      await new Promise<void>((resolve) => setTimeout(resolve, 25));
    }
    for (const answer of await Promise.all(calls)) {
      if (answer instanceof Error) throw answer;
      assert.ok(answer.guide && answer.guide.sections.length > 0);
    }
  });
});
