import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { readProviderSettings } from "../services/content-fetcher/config.ts";
import { PROVIDERS } from "../services/content-fetcher/providers.ts";
import { GuideAdminService } from "../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import {
  CacheDecision,
  CacheMode,
  ComposeGuideRequestSchema,
  ReviewMode,
  type ComposeGuideResponse,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ProviderOutcome_Kind as OutcomeKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../shared/errors.ts";
import { ATTRIBUTE } from "../shared/telemetry/attributes.ts";
import { toChatCompletion } from "./providers/openai-server.ts";
import { startTestProviders, type TestProviders } from "./providers/test-providers.ts";
import { startPairFor, type PairUnderTest } from "./support/pair.ts";
import { startProviderServer, type ProviderServer } from "./support/provider-server.ts";
import { recordTelemetry, type RecordedTelemetry } from "./support/recorded-telemetry.ts";
import { startRedisServer } from "./support/redis/server.ts";
import { until } from "./support/until.ts";

const MODEL = "providers/openai-compatible";
const CONTRADICTION = "The Tower cannot be open daily and closed on Mondays.";
const VERDICT = JSON.stringify({ relevance: 0.75, specificity: 0.5, contradictions: [CONTRADICTION] });
/** What a review costs by the price list. */
const REVIEW_COST = 2_500n;

type Compose = Exclude<MessageInitShape<typeof ComposeGuideRequestSchema>, { $typeName: string }>;

const tomorrow = () => {
  const date = new Date(Date.now() + 86_400_000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
};
const requestOf = (more: Compose = {}) =>
  create(ComposeGuideRequestSchema, {
    spec: {
      destination: { case: "destinationQuery", value: "Lisbon" },
      startDate: tomorrow(),
      dayCount: 2,
      preferences: { interests: ["museums"] },
    },
    ...more,
  });
const BLOCKING = { reviewMode: ReviewMode.BLOCKING } as const;
const NONE = { reviewMode: ReviewMode.NONE } as const;

const verdictOf = ({ guide }: Pick<ComposeGuideResponse, "guide">) => guide?.qualityReview?.modelReview;

describe("guides that a language model reviews", function () {
  this.timeout(60_000);
  let telemetry: RecordedTelemetry;
  let providers: TestProviders;
  let model: ProviderServer;
  let pairs: PairUnderTest[] = [];
  /** What the model writes of guides, and until when it keeps it back. */
  let verdict = VERDICT;
  let held: Promise<void> = Promise.resolve();

  before(async () => {
    telemetry = recordTelemetry();
    providers = await startTestProviders({ seed: 1, now: Date.now });
    model = await startProviderServer(async ({ body }) => {
      if (!isReview(body)) return { body: toChatCompletion('{"items":[]}') };
      await held;
      return { body: toChatCompletion(verdict) };
    });
  });
  beforeEach(() => {
    providers.reset();
    model.reset();
    telemetry.reset();
    [verdict, held] = [VERDICT, Promise.resolve()];
  });
  afterEach(async () => {
    await Promise.all(pairs.map((pair) => pair.close()));
    pairs = [];
  });
  after(async () => {
    await Promise.all([providers.close(), model.close()]);
    await telemetry.close();
  });

  const start = async (settings: Readonly<Record<string, string>> = { REVIEWER: MODEL }) => {
    const pair = await startPairFor(
      PROVIDERS,
      { ...providers.settings, OPENAI_COMPATIBLE_BASE_URL: model.baseUrl },
      {
        fetcher: {
          providerSettings: readProviderSettings({
            OPENAI_COMPATIBLE_API_KEY: "made-up-key",
            OPENAI_COMPATIBLE_MODEL: "small",
          }),
        },
        composer: { WARMING_CALLS_PER_MINUTE: "0", ...settings },
      },
    );
    pairs.push(pair);
    return pair;
  };
  const isReview = (body: string): boolean => body.includes('"guide_review"');
  const reviewCount = (): number => model.requests.filter(({ body }) => isReview(body)).length;
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  const reviewSpans = () => telemetry.spans().filter(({ name }) => name === "review guide");
  const reasonOf = ({ report }: ComposeGuideResponse) => toReason(report?.reviewOutcome?.reason ?? 0);
  const whenReviewed = async ({ client }: PairUnderTest): Promise<ComposeGuideResponse> => {
    let last: ComposeGuideResponse | undefined;
    await until(async () => {
      last = await client.composeGuide(requestOf());
      return verdictOf(last) !== undefined;
    });
    assert.ok(last);
    return last;
  };

  it("has the verdict in the next reply, in the same guide with the same expiry", async () => {
    const pair = await start();
    const first = await pair.client.composeGuide(requestOf());
    assert.equal(verdictOf(first), undefined);
    assert.equal(first.report?.reviewOutcome, undefined);
    const next = await whenReviewed(pair);
    assert.deepEqual(next.report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
    assert.equal(next.report.costUsdMicros, 0n);
    const { modelReview, modelOutcome, ...rules } = next.guide?.qualityReview ?? assert.fail();
    assert.deepEqual(
      [modelReview?.relevanceScore, modelReview?.specificityScore, modelReview?.contradictions],
      [0.75, 0.5, [CONTRADICTION]],
    );
    assert.equal(modelReview?.promptVersion, "guide-review-1");
    assert.deepEqual([modelOutcome?.provider, modelOutcome?.costUsdMicros], [MODEL, REVIEW_COST]);
    // All else is as it was.
    assert.deepEqual({ ...next.guide, qualityReview: rules }, { ...first.guide, qualityReview: rules });
    assert.ok(first.guide?.qualityReview);
    assert.deepEqual([rules.score, rules.passed], [first.guide.qualityReview.score, true]);
    const cached = await pair.client.getGuide({ name: first.guide.name });
    assert.deepEqual(verdictOf(cached), modelReview);
    assert.equal(reviewCount(), 1);
  });

  it("waits for the verdict on request, and counts what it costs", async () => {
    const { client } = await start();
    const response = await client.composeGuide(requestOf(BLOCKING));
    assert.equal(verdictOf(response)?.relevanceScore, 0.75);
    const { report } = response;
    assert.equal(report?.reviewOutcome?.kind, OutcomeKind.CONTENT);
    const ofContent = (response.guide?.sections ?? [])
      .flatMap(({ providerOutcomes }) => providerOutcomes)
      .reduce((sum, { costUsdMicros }) => sum + costUsdMicros, 0n);
    assert.equal(report.costUsdMicros, ofContent + REVIEW_COST);
    const again = await client.composeGuide(requestOf(BLOCKING));
    assert.equal(verdictOf(again)?.relevanceScore, 0.75);
    assert.deepEqual([again.report?.reviewOutcome, again.report?.costUsdMicros], [undefined, 0n]);
    assert.equal(reviewCount(), 1);
  });

  it("does without on request, and reviews a cached guide when it is asked to", async () => {
    const { client } = await start();
    await client.composeGuide(requestOf(NONE));
    await client.composeGuide(requestOf(NONE));
    assert.deepEqual([reviewCount(), reviewSpans().length], [0, 0]);
    const response = await client.composeGuide(requestOf(BLOCKING));
    assert.deepEqual(response.report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
    assert.deepEqual([response.report.providerCallCount, response.report.costUsdMicros], [1, REVIEW_COST]);
    assert.equal(verdictOf(await client.composeGuide(requestOf(NONE)))?.relevanceScore, 0.75);
  });

  it("asks once for calls that wait at the same time, and charges one of them", async () => {
    const { client } = await start();
    await client.composeGuide(requestOf(NONE));
    const release = hold();
    const waiting = Array.from({ length: 5 }, () => client.composeGuide(requestOf(BLOCKING)));
    await until(() => reviewCount() === 1);
    release();
    const responses = await Promise.all(waiting);
    assert.ok(responses.every((response) => verdictOf(response) !== undefined));
    assert.equal(
      responses.reduce((sum, { report }) => sum + (report?.costUsdMicros ?? 0n), 0n),
      REVIEW_COST,
    );
    assert.equal(reviewCount(), 1);
  });

  it("comes without a verdict that cannot be used, says so, and keeps nothing of it", async () => {
    const { client } = await start();
    verdict = "A fine guide!";
    const response = await client.composeGuide(requestOf(BLOCKING));
    assert.ok((response.guide?.sections ?? []).length > 0);
    assert.equal(verdictOf(response), undefined);
    assert.equal(response.report?.reviewOutcome?.kind, OutcomeKind.FAILED);
    assert.equal(reasonOf(response), "PROVIDER_RESPONSE_INVALID");
    assert.equal(response.report.reviewOutcome.costUsdMicros, REVIEW_COST);
    const stored = await client.getGuide({ name: response.guide?.name ?? "" });
    assert.equal(verdictOf(stored), undefined);
    assert.equal(stored.guide?.qualityReview?.modelOutcome, undefined);
    verdict = VERDICT;
    assert.ok(verdictOf(await client.composeGuide(requestOf(BLOCKING))));
  });

  it("does not ask again behind calls about a guide on which the model has failed", async () => {
    const { client } = await start();
    verdict = "A fine guide!";
    await client.composeGuide(requestOf());
    await until(() => reviewSpans().length === 1);
    for (const _ of [1, 2, 3]) await client.composeGuide(requestOf());
    assert.equal(reviewCount(), 1);
    const [span] = reviewSpans();
    assert.equal(span?.attributes[ATTRIBUTE.outcome], "FAILED");
    assert.equal(span.attributes[ATTRIBUTE.reason], "PROVIDER_RESPONSE_INVALID");
  });

  it("keeps the caller's deadline when the model is slow", async () => {
    const { client } = await start();
    await client.composeGuide(requestOf(NONE));
    const release = hold();
    const startMs = performance.now();
    const response = await client.composeGuide(requestOf(BLOCKING), { timeoutMs: 600 });
    assert.ok(performance.now() - startMs < 600);
    assert.ok((response.guide?.sections ?? []).length > 0);
    assert.equal(reasonOf(response), "DEADLINE_EXPIRED");
    release();
  });

  it("leaves alone a cache from which the guide was evicted meanwhile", async () => {
    const pair = await start();
    const release = hold();
    const { guide } = await pair.client.composeGuide(requestOf());
    await until(() => reviewCount() === 1);
    const admin = createClient(
      GuideAdminService,
      createGrpcTransport({ baseUrl: `http://${pair.admin}`, idleConnectionTimeoutMs: 1 }),
    );
    await admin.evictEntries({ destination: guide?.destination?.name ?? "" });
    release();
    await until(() => reviewSpans().length === 1);
    assert.equal(reviewSpans()[0]?.attributes[ATTRIBUTE.outcome], "CONTENT");
    await assert.rejects(pair.client.getGuide({ name: guide?.name ?? "" }), /No such guide/);
  });

  it("leaves alone a newer guide, which gets the verdict unpaid when it says the same", async () => {
    const pair = await start();
    const release = hold();
    await pair.client.composeGuide(requestOf());
    await until(() => reviewCount() === 1);
    const newer = await pair.client.composeGuide(requestOf({ cacheMode: CacheMode.REFRESH, ...NONE }));
    release();
    await until(() => reviewSpans().length === 1);
    const cached = await pair.client.getGuide({ name: newer.guide?.name ?? "" });
    assert.deepEqual(cached.guide, newer.guide);
    const next = await whenReviewed(pair);
    assert.deepEqual(next.guide?.createTime, newer.guide?.createTime);
    assert.equal(reviewCount(), next.guide?.etag === newer.guide?.etag ? 1 : 2);
  });

  it("says why when no model reviews", async () => {
    const { client } = await start({});
    const response = await client.composeGuide(requestOf(BLOCKING));
    assert.equal(response.report?.reviewOutcome?.kind, OutcomeKind.SKIPPED);
    assert.equal(reasonOf(response), "PROVIDER_NOT_CONFIGURED");
    await client.composeGuide(requestOf());
    assert.equal(reviewCount(), 0);
  });

  it("says when the reviewer is one that cannot review", async () => {
    const { client } = await start({ REVIEWER: "providers/wikivoyage" });
    const response = await client.composeGuide(requestOf(BLOCKING));
    assert.ok((response.guide?.sections ?? []).length > 0);
    assert.equal(response.report?.reviewOutcome?.kind, OutcomeKind.FAILED);
    assert.equal(reasonOf(response), "INTERNAL");
  });

  it("spends nothing where only the cache was asked", async () => {
    const { client } = await start();
    await client.composeGuide(requestOf(NONE));
    const cacheMode = CacheMode.CACHE_ONLY;
    await client.composeGuide(requestOf({ cacheMode }));
    const response = await client.composeGuide(requestOf({ cacheMode, ...BLOCKING }));
    assert.equal(reasonOf(response), "NOT_CACHED");
    assert.equal(reviewCount(), 0);
  });

  it("tells the model nothing of the trip", async () => {
    const { client } = await start();
    const trip = {
      travelerNames: ["Xaveria Quillfeather"],
      lodging: { displayName: "Hotel Zanzibarium", location: { latitude: 38.71234, longitude: -9.14321 } },
    };
    const response = await client.composeGuide(requestOf({ trip, ...BLOCKING }));
    assert.match(response.personalization?.heading ?? "", /Quillfeather/);
    assert.equal(reviewCount(), 1);
    for (const { body } of model.requests)
      assert.doesNotMatch(body, /Quillfeather|Zanzibarium|38\.71234|9\.14321/);
    const cached = await client.getGuide({ name: response.guide?.name ?? "" });
    assert.ok(verdictOf(cached));
    assert.doesNotMatch(JSON.stringify(cached.guide, withoutBigInts), /Quillfeather|Zanzibarium/);
  });

  it("has the verdict at the end of a stream", async () => {
    const { client } = await start();
    const events = [];
    for await (const { event } of client.streamGuide({ request: requestOf(BLOCKING) })) events.push(event);
    const last = events.at(-1);
    assert.ok(last?.case === "completion");
    assert.equal(verdictOf(last.value)?.promptVersion, "guide-review-1");
  });

  it("ends what it reviews behind calls when the composer stops", async () => {
    const pair = await start();
    const release = hold();
    await pair.client.composeGuide(requestOf());
    await until(() => reviewCount() === 1);
    const startMs = performance.now();
    await pair.close();
    pairs = [];
    assert.ok(performance.now() - startMs < 5_000);
    release();
  });

  it("is paid for once in a cluster, and known to every composer", async function () {
    const redis = await startRedisServer();
    if (redis === undefined) return this.skip();
    try {
      const settings = { REVIEWER: MODEL, REDIS_URL: redis.url };
      const [one, two] = [await start(settings), await start(settings)];
      const release = hold();
      await one.client.composeGuide(requestOf());
      await two.client.composeGuide(requestOf());
      await until(() => reviewCount() > 0);
      release();
      for (const pair of [one, two]) assert.equal(verdictOf(await whenReviewed(pair))?.relevanceScore, 0.75);
      assert.equal(reviewCount(), 1);
      // Closed before the Redis that they write to.
      await Promise.all(pairs.map((pair) => pair.close()));
      pairs = [];
    } finally {
      await redis.close();
    }
  });
});

const withoutBigInts = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value;
