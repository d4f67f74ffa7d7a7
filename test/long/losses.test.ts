import assert from "node:assert/strict";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { status } from "@grpc/grpc-js";
import { QuotaFailureSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import {
  GetStatsResponse_RedisState as RedisState,
  GuideAdminService,
} from "../../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import {
  CacheDecision,
  ComposeGuideRequestSchema,
  GuideService,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { eventually } from "../cache/harness.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { callBytes, createGrpcClient, readDetails, type Ending } from "../support/grpc-caller.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { startService, type ServiceProcess } from "../support/service-process.ts";

const COMPOSE = "/wayfarer.guide.v1.GuideService/ComposeGuide";
const CITIES =
  "Lisbon Madrid Rome Paris Berlin Vienna Prague Oslo Athens Dublin Budapest Warsaw Helsinki Stockholm Copenhagen Brussels Amsterdam Zurich Milan Naples Seville Lyon Marseille Hamburg Munich Krakow".split(
    " ",
  );
/** Calls in a minute: of a few guides. */
const LIMIT = 72;

describe("losses, with both services as processes", function () {
  this.timeout(60_000);
  let providers: TestProviders;
  let redis: RedisServer;
  let fetcher: ServiceProcess;
  let composer: ServiceProcess;

  before(async function () {
    const started = await startRedisServer();
    if (started === undefined) return this.skip();
    redis = started;
    providers = await startTestProviders({ seed: 1, now: Date.now, oneOverpassQueryAtATime: false });
  });
  after(async () => {
    await providers?.close();
    await redis?.close();
  });
  beforeEach(async () => {
    providers.reset();
    await redis.restart();
    fetcher = await startService("content-fetcher", {
      ...providers.settings,
      // Without a contact Wikimedia's quota ends before the guard's.
      OPERATOR_CONTACT: "test@wayfarer.invalid",
    });
    composer = await startComposer();
  });
  afterEach(async () => {
    await composer.stop();
    await fetcher.stop();
  });

  const startComposer = (): Promise<ServiceProcess> =>
    startService("guide-composer", {
      REDIS_URL: redis.url,
      FETCHER_TARGET: fetcher.address,
      SPEND_GUARD_CALLS_PER_MINUTE: String(LIMIT),
      WARMING_CALLS_PER_MINUTE: "0",
    });
  const clientOf = ({ address }: ServiceProcess): Client<typeof GuideService> =>
    createClient(GuideService, createGrpcTransport({ baseUrl: `http://${address}` }));
  const requestOf = (city: string): MessageInitShape<typeof ComposeGuideRequestSchema> => ({
    spec: { destination: { case: "destinationQuery", value: city } },
  });
  /** As a client sees it that is not made from our code. */
  async function endingsOf(cities: readonly string[], timeoutMs: number): Promise<readonly Ending[]> {
    const client = createGrpcClient(composer.address);
    try {
      return await Promise.all(
        cities.map((city) =>
          callBytes(client, COMPOSE, {
            bytes: Buffer.from(
              toBinary(ComposeGuideRequestSchema, create(ComposeGuideRequestSchema, requestOf(city))),
            ),
            timeoutMs,
          }),
        ),
      );
    } finally {
      client.close();
    }
  }

  it("R9: keep provider calls under the guard when Redis is lost under load, and say when to come back", async () => {
    const adminAddress = composer.lines.flatMap(
      (line) => /"adminAddress":"([^"]+)"/.exec(line)?.[1] ?? [],
    )[0];
    const admin = createClient(GuideAdminService, createGrpcTransport({ baseUrl: `http://${adminAddress}` }));
    const guides = clientOf(composer);
    const [cached = "", ...others] = CITIES;
    await guides.composeGuide(requestOf(cached));
    const callsPerGuide = (await admin.getStats({})).providerCallsLastMinute;
    assert.ok(callsPerGuide > 5 && callsPerGuide < LIMIT / 2);
    const atKill = redis.kill();
    const endings = (
      await Promise.all(
        [0, 1].map((half) =>
          endingsOf(
            others.filter((_, index) => index % 2 === half),
            15_000,
          ),
        ),
      )
    ).flat();
    await atKill;
    const refused = endings.filter(({ code }) => code !== status.OK);
    assert.equal(others.length - refused.length, Math.floor(LIMIT / callsPerGuide) - 1);
    for (const ending of refused) {
      assert.equal(ending.code, status.RESOURCE_EXHAUSTED);
      assert.equal(ending.reason, "BUDGET_EXHAUSTED");
      assert.ok(ending.retryDelaySeconds !== undefined);
      assert.ok(
        ending.retryDelaySeconds > 0 && ending.retryDelaySeconds <= 60,
        `${ending.retryDelaySeconds}`,
      );
      const [violation] = readDetails(ending.trailers, QuotaFailureSchema)?.violations ?? [];
      assert.equal(violation?.subject, "spend-guard");
    }
    const stats = await admin.getStats({});
    assert.equal(stats.redisState, RedisState.SUSPENDED);
    assert.ok(stats.providerCallsLastMinute <= LIMIT, `${stats.providerCallsLastMinute} calls`);
    // One forecast a guide: what the provider itself has seen.
    assert.equal(providers.requestCounts()["met-norway"], Math.floor(LIMIT / callsPerGuide));
    const { report } = await guides.composeGuide(requestOf(cached));
    assert.deepEqual(report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
    await redis.restart();
    await eventually(async () => (await admin.getStats({})).redisState === RedisState.CONNECTED, 2_000);
    const back = await guides.composeGuide(requestOf(others.at(-1) ?? ""));
    assert.ok(back.guide !== undefined && back.guide.omissions.length === 0);
  });

  it("R11: serve cached guides without content-fetcher, by a new composer too, and fail the others in time", async () => {
    const [cached = "", ...others] = CITIES.slice(0, 6);
    const { guide } = await clientOf(composer).composeGuide(requestOf(cached));
    fetcher.kill();
    await fetcher.stop();
    const replacement = await startComposer();
    try {
      for (const [process, decision] of [
        [composer, CacheDecision.HIT_MEMORY],
        [replacement, CacheDecision.HIT_REDIS],
      ] as const) {
        const answer = await clientOf(process).composeGuide(requestOf(cached), { timeoutMs: 2_000 });
        assert.deepEqual(answer.report?.guideDecisions, [decision]);
        assert.equal(answer.guide?.etag, guide?.etag);
      }
      for (const timeoutMs of [500, 3_000]) {
        const startMs = performance.now();
        for (const { code, reason } of await endingsOf(others, timeoutMs)) {
          assert.equal(code, status.UNAVAILABLE);
          assert.equal(reason, "CONTENT_SERVICE_UNAVAILABLE");
        }
        assert.ok(performance.now() - startMs < timeoutMs + 50);
      }
    } finally {
      await replacement.stop();
    }
  });
});
