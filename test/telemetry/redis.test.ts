import assert from "node:assert/strict";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import { eventually } from "../cache/harness.ts";
import { startPairFor, type PairUnderTest } from "../support/pair.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { recordTelemetry, type RecordedTelemetry } from "../support/recorded-telemetry.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { until } from "../support/until.ts";

const COMPOSE = "wayfarer.guide.v1.GuideService/ComposeGuide";

describe("Redis in traces and metrics", function () {
  this.timeout(60_000);
  let telemetry: RecordedTelemetry;
  let redis: RedisServer;
  let server: ProviderServer;
  let pair: PairUnderTest;
  before(async function () {
    const started = await startRedisServer();
    if (started === undefined) return this.skip();
    redis = started;
    telemetry = recordTelemetry();
    server = await startProviderServer(() => PLAIN_ANSWER);
    pair = await startPairFor(
      [plainProvider("plain")],
      { [plainOrigin("plain")]: server.baseUrl },
      { composer: { REDIS_URL: redis.url, WARMING_CALLS_PER_MINUTE: "0" } },
    );
  });
  after(async () => {
    await pair?.close();
    await server?.close();
    await telemetry?.close();
    await redis?.close();
  });
  beforeEach(() => telemetry?.reset());

  const compose = (value: string) =>
    pair.client.composeGuide({ spec: { destination: { case: "destinationQuery", value } } });
  const isOfRedis = ({ attributes }: ReadableSpan): boolean => attributes[ATTRIBUTE.dbSystem] === "redis";
  const metric = async (
    name: string,
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<number | undefined> =>
    (await telemetry.metrics()).find(
      (each) =>
        each.name === name &&
        Object.entries(attributes).every(([key, value]) => each.attributes[key] === value),
    )?.value;

  it("shows the commands of each call in its own trace, however many came in one pipeline", async () => {
    await Promise.all(["Lisbon", "Madrid", "Vienna"].map(compose));
    await until(() => telemetry.spans().filter(({ name }) => name === COMPOSE).length === 3);
    const spans = telemetry.spans();
    const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    const guides = spans.filter(({ name }) => name === "look up guide");
    assert.equal(guides.length, 3);
    for (const guide of guides) {
      const { traceId, spanId } = guide.spanContext();
      const own = spans.filter((span) => isOfRedis(span) && span.spanContext().traceId === traceId);
      const reads = own.filter(({ name }) => name === "MGET");
      // One for the guide, one for all of its contents.
      assert.equal(reads.length, 2);
      assert.equal(reads.filter(({ parentSpanContext }) => parentSpanContext?.spanId === spanId).length, 1);
      assert.ok(
        own.some(({ name }) => name === "EVALSHA"),
        "the lease",
      );
      for (const { parentSpanContext } of own)
        assert.equal(byId.get(parentSpanContext?.spanId ?? "")?.spanContext().traceId, traceId);
    }
  });

  it("tells which command and node it was, and nothing of keys and values", async () => {
    await compose("Porto, PT");
    await until(() => telemetry.spans().some(isOfRedis));
    const allowed = new Set<string>([
      ATTRIBUTE.dbSystem,
      ATTRIBUTE.dbOperation,
      ATTRIBUTE.serverAddress,
      ATTRIBUTE.serverPort,
    ]);
    for (const span of telemetry.spans().filter(isOfRedis)) {
      assert.equal(span.kind, SpanKind.CLIENT);
      assert.equal(span.attributes[ATTRIBUTE.dbOperation], span.name);
      assert.equal(span.attributes[ATTRIBUTE.serverPort], redis.port);
      assert.deepEqual(
        Object.keys(span.attributes).filter((name) => !allowed.has(name)),
        [],
      );
      assert.equal(span.events.length, 0);
    }
  });

  it("leaves out what belongs to no call", async () => {
    // The log of evictions is read twice a second, and leadership is asked for.
    await pair.client.searchDestinations({ query: "Lis" });
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(telemetry.spans().filter(isOfRedis), []);
  });

  it("says that Redis did not answer, in the trace and in metrics, and when it is back", async () => {
    assert.equal(await metric("wayfarer.redis.suspended"), 0);
    redis.freeze();
    try {
      await compose("Rome");
      await until(() => telemetry.spans().some(({ name }) => name === COMPOSE));
      // The first command waits; the others are not even sent.
      const [waited, ...others] = telemetry.spans().filter(isOfRedis);
      assert.equal(waited?.status.code, SpanStatusCode.ERROR);
      assert.equal(waited.attributes[ATTRIBUTE.errorType], "RedisUnavailableError");
      assert.equal(others.length, 0);
      assert.equal(await metric("wayfarer.redis.suspended"), 1);
      const errors = await metric("wayfarer.cache.errors", {
        [ATTRIBUTE.cacheTier]: "redis",
        [ATTRIBUTE.errorType]: "RedisUnavailableError",
      });
      assert.ok(errors !== undefined && errors > 0);
    } finally {
      redis.thaw();
    }
    await eventually(async () => (await metric("wayfarer.redis.suspended")) === 0);
  });

  it("shows what memory holds", async () => {
    await compose("Lisbon");
    assert.ok(((await metric("wayfarer.cache.memory.entries")) ?? 0) > 0);
    assert.ok(((await metric("wayfarer.cache.memory.size")) ?? 0) > 100);
    assert.equal(await metric("wayfarer.cache.evictions", { [ATTRIBUTE.evictionCause]: "room" }), 0);
    assert.equal(await metric("wayfarer.cache.evictions", { [ATTRIBUTE.evictionCause]: "request" }), 0);
  });
});
