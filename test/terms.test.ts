import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Redis } from "ioredis";
import { fromWire } from "../shared/error-wire.ts";
import {
  CacheDecision as Decision,
  GuideSpecSchema,
  SectionStatus,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ProviderOutcome_Kind as Kind, SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startRedisServer, type RedisServer } from "./support/redis/server.ts";
import {
  BOTH_TEXTS,
  decisionsOf,
  KEPT_TEXT,
  openTermsStage,
  textsOf,
  UNKEPT_TEXT,
  unkeptProvider,
  type TermsStage,
} from "./support/terms-stage.ts";
import { until } from "./support/until.ts";

const HOUR_MS = 3_600_000;

const LISBON = { case: "destinationName", value: "destinations/2267057" } as const;
const overview = create(GuideSpecSchema, { destination: LISBON, sectionKinds: [SectionKind.OVERVIEW] });

describe("a provider whose terms do not let its content be kept", function () {
  // A real Redis, two services.
  this.timeout(20_000);
  let redis: RedisServer | undefined;
  before(async () => {
    redis = await startRedisServer();
  });
  after(() => redis?.close());
  let stage: TermsStage;
  afterEach(() => stage.close());

  it("is asked for each guide, while what else is in the section comes from the cache", async () => {
    stage = await openTermsStage(unkeptProvider());
    const first = await stage.compose(overview);
    assert.deepEqual(textsOf(first.guide), BOTH_TEXTS);
    assert.equal(first.guide?.sections[0]?.status, SectionStatus.COMPLETE);
    assert.deepEqual(decisionsOf(first), {
      "providers/kept": [Decision.MISS_COLD],
      "providers/unkept": [Decision.MISS_COLD, Decision.NO_STORE],
    });
    assert.deepEqual(first.report?.guideDecisions, [Decision.MISS_COLD, Decision.NOT_STORABLE]);
    const second = await stage.compose(overview);
    assert.deepEqual(textsOf(second.guide), BOTH_TEXTS);
    assert.deepEqual(decisionsOf(second), {
      "providers/kept": [Decision.HIT_MEMORY],
      "providers/unkept": [Decision.MISS_COLD, Decision.NO_STORE],
    });
    assert.deepEqual(second.report?.guideDecisions, [Decision.MISS_COLD, Decision.NOT_STORABLE]);
    assert.equal(second.report.providerCallCount, 1);
    assert.deepEqual(stage.requestCounts(), [1, 2]);
    const { sections } = await stage.admin
      .getStats({})
      .then(({ process }) => ({ sections: process?.sections }));
    assert.ok(
      sections?.some(({ decisionCounts }) =>
        decisionCounts.some((one) => one.decision === Decision.NO_STORE),
      ),
    );
  });

  it("makes a guide that is not kept under its name, and promises nothing past its own time", async () => {
    stage = await openTermsStage(unkeptProvider());
    const { guide } = await stage.compose(overview);
    const failure: unknown = await stage.pair.client
      .getGuide({ name: guide?.name ?? "" })
      .catch((error: unknown) => error);
    assert.equal(fromWire(failure).reason, "RESOURCE_NOT_FOUND");
    assert.equal((await stage.admin.getStats({})).memoryEntryCount, 1);
    const expireTime = guide?.freshness?.expireTime;
    assert.ok(expireTime && timestampMs(expireTime) <= stage.nowMs());
  });

  it("is streamed like any other", async () => {
    stage = await openTermsStage(unkeptProvider());
    await stage.compose(overview);
    const seen: string[] = [];
    for await (const { event } of stage.pair.client.streamGuide({ request: { spec: overview } })) {
      if (event.case === "plan")
        assert.deepEqual(
          event.value.sections.map(({ cached, providers }) => [cached, providers]),
          [[false, ["providers/unkept"]]],
        );
      if (event.case === "section")
        assert.deepEqual(event.value.narratives.map(({ text }) => text).toSorted(), BOTH_TEXTS);
      if (event.case !== undefined) seen.push(event.case);
    }
    assert.equal(seen[0], "plan");
    assert.ok(seen.includes("section"));
    assert.equal(seen.at(-1), "completion");
  });

  it("is asked once by calls that wait for it together", async () => {
    stage = await openTermsStage(unkeptProvider());
    stage.unkept.setLatencyMs(50);
    const all = await Promise.all(Array.from({ length: 5 }, () => stage.compose(overview)));
    assert.deepEqual(stage.requestCounts(), [1, 1]);
    for (const answer of all) {
      assert.deepEqual(textsOf(answer.guide), BOTH_TEXTS);
      assert.ok(decisionsOf(answer)["providers/unkept"]?.includes(Decision.NO_STORE));
      assert.ok(answer.report?.guideDecisions.includes(Decision.NOT_STORABLE));
    }
    assert.equal((await stage.admin.getStats({})).memoryEntryCount, 1);
    await stage.compose(overview);
    assert.deepEqual(stage.requestCounts(), [1, 2]);
  });

  it("leaves nothing in Redis and sends nothing through it", async function () {
    if (redis === undefined) return this.skip();
    await redis.restart();
    stage = await openTermsStage(unkeptProvider(), { REDIS_URL: redis.url });
    const client = new Redis(redis.url);
    const listener = new Redis(redis.url);
    const published: string[] = [];
    listener.on(
      "pmessage",
      (_pattern: string, _channel: string, message: string) => void published.push(message),
    );
    await listener.psubscribe("*");
    try {
      stage.unkept.setLatencyMs(30);
      await Promise.all([stage.compose(overview), stage.compose(overview)]);
      // The lease of what may not be kept is given back, by a message of its own.
      await until(() => published.some((message) => message.includes("unkept")));
      let stored: string[] = [];
      await untilAsync(async () => {
        const names = await client.keys("*");
        const values = await Promise.all(
          names.map(async (name) =>
            (await client.type(name)) === "string" ? await client.getBuffer(name) : null,
          ),
        );
        stored = [...names, ...values.map((value) => value?.toString("latin1") ?? "")];
        return stored.some((text) => text.includes(KEPT_TEXT));
      });
      const decoded = published.map((message) =>
        message.replaceAll(/[A-Za-z0-9+/]{40,}={0,2}/g, (text) =>
          Buffer.from(text, "base64").toString("latin1"),
        ),
      );
      for (const text of [...stored, ...decoded]) assert.ok(!text.includes(UNKEPT_TEXT), text);
      assert.ok(!stored.some((text) => text.includes("providers/unkept")));
    } finally {
      client.disconnect();
      listener.disconnect();
    }
  });

  it("does not keep what else is in the section from being refreshed ahead of its expiry", async () => {
    stage = await openTermsStage(unkeptProvider());
    await stage.compose(overview);
    await stage.compose(overview);
    stage.advance(5.9 * HOUR_MS);
    await until(() => stage.kept.requestCount() === 2);
    assert.deepEqual(stage.requestCounts(), [2, 2]);
    stage.advance(0.2 * HOUR_MS);
    const answer = await stage.compose(overview);
    assert.deepEqual(decisionsOf(answer)["providers/kept"], [Decision.HIT_MEMORY]);
    assert.deepEqual(textsOf(answer.guide), BOTH_TEXTS);
  });

  it("need not be asked again at once where it has nothing, which is nothing of its own", async () => {
    stage = await openTermsStage(
      unkeptProvider({ fetch: () => Promise.resolve({ state: "nothing-found" }) }),
    );
    await stage.compose(overview);
    const answer = await stage.compose(overview);
    assert.deepEqual(textsOf(answer.guide), [KEPT_TEXT]);
    assert.deepEqual(answer.report?.guideDecisions, [Decision.HIT_MEMORY]);
  });

  it("is an omission of its own section only where it failed, and leaves the rest as it is", async () => {
    stage = await openTermsStage(unkeptProvider());
    stage.unkept.setFault({ kind: "status", status: 403 });
    const { guide } = await stage.compose(overview);
    assert.deepEqual(textsOf(guide), [KEPT_TEXT]);
    assert.equal(guide?.sections[0]?.status, SectionStatus.PARTIAL);
    assert.deepEqual(
      guide.sections[0].providerOutcomes.map(({ kind }) => kind),
      [Kind.CONTENT, Kind.FAILED],
    );
    stage.unkept.setFault(undefined);
    assert.deepEqual(textsOf((await stage.compose(overview)).guide), BOTH_TEXTS);
  });
});

async function untilAsync(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 8_000;
  while (!(await holds())) assert.ok(performance.now() < endMs, "it did not come to be");
}
