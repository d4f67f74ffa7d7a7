import assert from "node:assert/strict";
import type { ComposeGuideResponse } from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { startProviderServer, type ProviderServer } from "./support/provider-server.ts";
import { startPairFor, type PairUnderTest } from "./support/pair.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "./support/plain-provider.ts";
import { startRedisServer, type RedisServer } from "./support/redis/server.ts";
import { until } from "./support/until.ts";

const SHORT_MS = 300;
const ANSWER_MS = 600;

for (const withRedis of [false, true]) {
  describe(`callers that share a load, ${withRedis ? "on two composers" : "on one composer"}`, function () {
    this.timeout(60_000);
    let redis: RedisServer | undefined;
    let server: ProviderServer;
    let pairs: readonly PairUnderTest[] = [];
    before(async function () {
      if (withRedis) {
        redis = await startRedisServer();
        if (redis === undefined) return this.skip();
      }
      server = await startProviderServer(() => PLAIN_ANSWER);
      const composer: Readonly<Record<string, string>> = redis === undefined ? {} : { REDIS_URL: redis.url };
      const start = (): Promise<PairUnderTest> =>
        startPairFor([plainProvider("plain")], { [plainOrigin("plain")]: server.baseUrl }, { composer });
      pairs = withRedis ? [await start(), await start()] : [await start()];
    });
    after(async () => {
      await Promise.all(pairs.map((pair) => pair.close()));
      await server?.close();
      await redis?.close();
    });

    const call = async (
      index: number,
      timeoutMs: number,
      value = "Lisbon",
    ): Promise<ComposeGuideResponse | undefined> =>
      await pairs[index % pairs.length]?.client.composeGuide(
        { spec: { destination: { case: "destinationQuery", value } } },
        { timeoutMs },
      );

    it("get what they have time for, whoever began it with how little time", async () => {
      // Everything is connected and compiled.
      await Promise.all([0, 1].map((index) => call(index, 10_000, "Porto")));
      server.reset();
      server.setLatencyMs(ANSWER_MS);
      const hasty = call(0, SHORT_MS).catch(() => undefined);
      await until(() => server.requests.length === 1);
      const patient = await Promise.all([1, 2, 3].map((index) => call(index, 10_000)));
      await hasty;
      for (const answer of patient) {
        assert.equal(answer?.guide?.sections.length, 1);
      }
      // What the hasty one began, and one more for all that had more time.
      assert.equal(server.requests.length, 2);
    });
  });
}
