import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Redis } from "ioredis";
import { GuideService } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { startServicePair, type ServicePair } from "../support/service-process.ts";

const CALL_COUNT = 200;

describe("200 identical cold calls on one composer", function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let providers: TestProviders;
  let pair: ServicePair;
  let observer: Redis;
  const leases: string[] = [];

  before(async function () {
    const started = await startRedisServer();
    if (started === undefined) return this.skip();
    redis = started;
    // Before there is any traffic, which would get in between its answers.
    const client = new Redis(redis.url);
    observer = await client.monitor();
    client.disconnect();
    observer.on("monitor", (_time: string, [command = "", key = ""]: readonly string[]) => {
      // Asked for by a script: that it was granted shows in there being no second one.
      if (command.toUpperCase() === "SET" && key.endsWith("/lease")) leases.push(key);
    });
    providers = await startTestProviders({ seed: 1, now: Date.now, oneOverpassQueryAtATime: false });
    providers.setLatencyMs(300);
    pair = await startServicePair({
      ...providers.settings,
      REDIS_URL: redis.url,
      OPERATOR_CONTACT: "ops@example.org",
      WARMING_CALLS_PER_MINUTE: "0",
    });
  });
  after(async () => {
    observer?.disconnect();
    await pair?.stop();
    await providers?.close();
    await redis?.close();
  });

  it("make one provider call and take one lease per content, and all get the same guide", async () => {
    const client = createClient(
      GuideService,
      createGrpcTransport({ baseUrl: `http://${pair.composer.address}` }),
    );
    const answers = await Promise.all(
      Array.from({ length: CALL_COUNT }, () =>
        client.composeGuide({ spec: { destination: { case: "destinationQuery", value: "Lisbon" } } }),
      ),
    );
    const [first] = answers;
    assert.ok(first?.guide !== undefined && first.guide.omissions.length === 0);
    for (const { guide } of answers) assert.equal(guide?.etag, first.guide.etag);

    const requests = providers
      .requests()
      .map(({ provider, method, url, body }) => `${provider} ${method} ${url.pathname}${url.search} ${body}`);
    assert.ok(requests.length > 0);
    assert.deepEqual(
      requests.filter((request, index) => requests.indexOf(request) !== index),
      [],
    );
    const contentCount = first.guide.sections.flatMap(({ providerOutcomes }) => providerOutcomes).length;
    assert.equal(new Set(leases).size, contentCount);
    assert.equal(leases.length, contentCount);
    // What each call reports adds up to what was done.
    const reported = answers.reduce((sum, { report }) => sum + (report?.providerCallCount ?? 0), 0);
    assert.ok(reported > 0 && reported <= contentCount, `${reported} calls reported`);
  });
});
