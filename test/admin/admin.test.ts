import assert from "node:assert/strict";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  GetStatsResponse_RedisState as RedisState,
  GuideAdminService,
  WarmGuidesResponse_Outcome as Outcome,
  type CacheStats,
  type WarmGuidesResponse,
} from "../../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import { CacheDecision, type GuideService } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { startPairFor, type PairUnderTest } from "../support/pair.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";

const LISBON = "destinations/2267057";

for (const withRedis of [false, true]) {
  describe(`GuideAdminService, ${withRedis ? "with a real Redis" : "without Redis"}`, function () {
    this.timeout(60_000);
    let redis: RedisServer | undefined;
    let providers: TestProviders;
    let pair: PairUnderTest;
    let admin: Client<typeof GuideAdminService>;
    let guides: Client<typeof GuideService>;

    before(async function () {
      if (withRedis) {
        redis = await startRedisServer();
        if (redis === undefined) return this.skip();
      }
      providers = await startTestProviders({ seed: 1, now: Date.now });
    });
    after(async () => {
      await providers?.close();
      await redis?.close();
    });
    beforeEach(async () => {
      providers.reset();
      await redis?.restart();
      pair = await startPairFor(PROVIDERS, providers.settings, {
        composer: {
          WARMING_CALLS_PER_MINUTE: "0",
          ...(redis !== undefined && { REDIS_URL: redis.url }),
        },
      });
      admin = createClient(GuideAdminService, createGrpcTransport({ baseUrl: `http://${pair.admin}` }));
      guides = pair.client;
    });
    afterEach(() => pair.close());

    const compose = (query: string) =>
      guides.composeGuide({ spec: { destination: { case: "destinationQuery", value: query } } });
    const warm = async (request: Parameters<typeof admin.warmGuides>[0]): Promise<WarmGuidesResponse[]> => {
      const settled: WarmGuidesResponse[] = [];
      for await (const response of admin.warmGuides(request)) settled.push(response);
      return settled;
    };
    const count = (stats: CacheStats | undefined, kind: SectionKind, decision: CacheDecision): number =>
      Number(
        stats?.sections
          .find(({ sectionKind }) => sectionKind === kind)
          ?.decisionCounts.find((each) => each.decision === decision)?.count ?? 0n,
      );

    it("warms guides, so that callers find them, and skips what is valid", async () => {
      const specs = [
        { destination: { case: "destinationName" as const, value: LISBON } },
        { destination: { case: "destinationQuery" as const, value: "asdfqwer" } },
      ];
      const settled = await warm({ specs });
      // As they settle: the counts are in order, whoever is first.
      assert.deepEqual(
        settled.map(({ settledCount, totalCount }) => [settledCount, totalCount]),
        [
          [1, 2],
          [2, 2],
        ],
      );
      const lisbon = settled.find(({ destination }) => destination === LISBON);
      assert.equal(lisbon?.outcome, Outcome.COMPOSED);
      assert.ok(lisbon.providerCallCount > 0);
      assert.equal(settled.find(({ outcome }) => outcome === Outcome.FAILED)?.destination, "");
      providers.reset();
      const { report } = await compose("Lisbon");
      assert.deepEqual(report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
      const [again] = await warm({ specs: specs.slice(0, 1) });
      assert.equal(again?.outcome, Outcome.SKIPPED);
      assert.equal(providers.requests().length, 0);
    });

    it("says of a guide that is not whole that it was not cached", async () => {
      providers.setFault("overpass", { kind: "status", status: 503 });
      const [settled] = await warm({ specs: [{ destination: { case: "destinationName", value: LISBON } }] });
      assert.equal(settled?.outcome, Outcome.INCOMPLETE);
    });

    it("knows what is popular, and warms it", async () => {
      for (const query of ["Vienna", "Lisbon", "Vienna"]) await compose(query);
      const { destinations, nextPageToken } = await admin.listPopularDestinations({ pageSize: 1 });
      const [first] = destinations;
      assert.equal(first?.destination?.displayName, "Vienna");
      assert.equal(first.popularity, 2);
      assert.ok(first.validContentCount > 0);
      assert.ok(first.nextExpireTime !== undefined && timestampMs(first.nextExpireTime) > Date.now());
      const rest = await admin.listPopularDestinations({ pageSize: 50, pageToken: nextPageToken });
      assert.ok(rest.destinations.some(({ destination }) => destination?.name === LISBON));
      const settled = await warm({ popularCount: 1 });
      assert.deepEqual(
        settled.map(({ outcome }) => outcome),
        [Outcome.SKIPPED],
      );
    });

    it("evicts by destination and by section, and counts it", async () => {
      for (const query of ["Vienna", "Lisbon"]) await compose(query);
      const byDestination = await admin.evictEntries({ destination: LISBON });
      assert.equal(byDestination.complete, true);
      assert.ok(byDestination.evictedCount > 1);
      providers.reset();
      assert.deepEqual((await compose("Vienna")).report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
      assert.equal(providers.requests().length, 0);
      await admin.evictEntries({ sectionKind: SectionKind.WEATHER });
      const { report } = await compose("Vienna");
      assert.deepEqual(report?.guideDecisions, [CacheDecision.MISS_COLD]);
      const asked = new Set(providers.requests().map(({ provider }) => provider));
      assert.deepEqual(asked, new Set(["open-meteo", "met-norway"]));
      await admin.evictEntries({ provider: "providers/met-norway" });
      providers.reset();
      await compose("Vienna");
      assert.deepEqual(
        new Set(providers.requests().map(({ provider }) => provider)),
        new Set(["met-norway"]),
      );
      const { process } = await admin.getStats({});
      assert.ok(Number(process?.evictedCount) >= byDestination.evictedCount + 2);
    });

    it("counts hits, misses and what they saved, of this process and of the cluster", async () => {
      await compose("Lisbon");
      await compose("Lisbon");
      await guides.composeGuide({
        spec: {
          destination: { case: "destinationQuery", value: "Lisbon" },
          preferences: { interests: ["museums"] },
        },
      });
      const stats = await admin.getStats({});
      const both = withRedis ? [stats.process, stats.cluster] : [stats.process];
      for (const counted of both) {
        assert.equal(count(counted, SectionKind.UNSPECIFIED, CacheDecision.HIT_MEMORY) >= 1, true);
        assert.equal(count(counted, SectionKind.UNSPECIFIED, CacheDecision.MISS_COLD) >= 2, true);
        const sights = counted?.sections.find(({ sectionKind }) => sectionKind === SectionKind.ATTRACTIONS);
        assert.ok(sights !== undefined && sights.savedCallCount > 0n && sights.hitBytes > 0n);
      }
      assert.equal(stats.cluster === undefined, !withRedis);
      assert.equal(stats.redisState, withRedis ? RedisState.CONNECTED : RedisState.DISABLED);
      assert.ok(stats.memoryEntryCount > 0 && stats.memorySizeBytes > 0n);
      assert.ok(stats.providerCallsLastMinute > 0);
    });

    it("counts the calls to providers, and not what is embedded", async () => {
      const { guide } = await guides.composeGuide({
        spec: {
          destination: { case: "destinationQuery", value: "Lisbon" },
          sectionKinds: [SectionKind.PRACTICAL],
        },
      });
      const sources = guide?.sections.flatMap(({ providerOutcomes }) =>
        providerOutcomes.map(({ provider }) => provider),
      );
      assert.deepEqual(sources?.toSorted(), ["providers/almanac", "providers/wikivoyage"]);
      assert.equal((await admin.getStats({})).providerCallsLastMinute, 1);
    });

    it("tells how often a refresh brought something new", async () => {
      const refresh = () =>
        guides.composeGuide({
          spec: { destination: { case: "destinationName", value: LISBON } },
          cacheMode: 2,
        });
      await refresh();
      await refresh();
      const { process } = await admin.getStats({});
      const sights = process?.sections.find(({ sectionKind }) => sectionKind === SectionKind.ATTRACTIONS);
      assert.ok(sights !== undefined && sights.refreshCount > 0n);
      assert.equal(sights.changedCount, 0n);
    });

    it("refuses what makes no sense, with all violations at once", async () => {
      const refused = async (call: Promise<unknown>, ...fields: string[]): Promise<void> => {
        const error = await call.then(
          () => assert.fail("it was taken"),
          (cause: unknown) => ConnectError.from(cause),
        );
        assert.equal(error.code, Code.InvalidArgument);
        const text = JSON.stringify(error.details, (_name, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
        );
        for (const field of fields) assert.ok(text.includes(field), `${field} in ${text}`);
      };
      await refused(admin.evictEntries({}), "all");
      await refused(admin.evictEntries({ all: true, provider: "nobody" }), "all", "provider");
      await refused(
        admin.evictEntries({ destination: "Lisbon", sectionKind: 99 as SectionKind }),
        "destination",
        "section_kind",
      );
      await refused(warm({}), "specs");
      await refused(
        warm({ popularCount: -1, maxConcurrentCount: -1 }),
        "popular_count",
        "max_concurrent_count",
      );
      await refused(admin.listPopularDestinations({ pageSize: -1 }), "page_size");
      await refused(admin.listPopularDestinations({ pageToken: "foreign" }), "page_token");
      assert.equal(providers.requests().length, 0);
    });

    it("is not served where callers are", async () => {
      const wrong = createClient(
        GuideAdminService,
        createGrpcTransport({ baseUrl: `http://${pair.composer}` }),
      );
      await assert.rejects(
        wrong.getStats({}),
        (error) => ConnectError.from(error).code === Code.Unimplemented,
      );
    });
  });
}
