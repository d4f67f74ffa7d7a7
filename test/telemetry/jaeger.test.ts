import assert from "node:assert/strict";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { composeByJson } from "../support/compose-call.ts";
import { startJaeger, type Jaeger, type JaegerSpan } from "../support/jaeger.ts";
import { startServicePair, type ServicePair } from "../support/service-process.ts";
import { requireTool } from "../support/tools.ts";

const COMPOSE = "wayfarer.guide.v1.GuideService/ComposeGuide";
const CONTENT_SERVICE = "wayfarer.content.v1.ContentService/";
const TRACE_TIMEOUT_MS = 20_000;

describe("Jaeger", function () {
  // Starts processes, which takes its time on a busy machine.
  this.timeout(30_000);
  let jaeger: Jaeger | undefined;
  let providers: TestProviders | undefined;
  let pair: ServicePair | undefined;

  before(async function () {
    jaeger = await startJaeger(requireTool("jaeger", this));
    providers = await startTestProviders({ seed: 1, now: Date.now });
    // One service over each protocol of OTLP.
    pair = await startServicePair(
      {
        ...providers.settings,
        OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.http,
        OTEL_BSP_SCHEDULE_DELAY: "10",
      },
      { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.grpc, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    );
  });
  after(async () => {
    await pair?.stop();
    await providers?.close();
    await jaeger?.close();
  });

  it("shows a cold guide as one trace: both services, every hop and attempt, no span without its parent", async () => {
    assert.ok(jaeger && providers && pair);
    const { report } = await composeByJson(pair.composer.address, {
      spec: { destinationQuery: "Boston, US" },
    });
    const requestCount = providers.requests().length;
    assert.ok(requestCount > 0);
    const spans = await jaeger.trace(
      report.traceId,
      (found) =>
        found.some(({ name }) => name === COMPOSE) &&
        named(found, "provider attempt").length >= requestCount &&
        settled(found),
      AbortSignal.timeout(TRACE_TIMEOUT_MS),
    );

    const byId = new Map(spans.map((span) => [span.id, span]));
    const parentOf = (span: JaegerSpan) => byId.get(span.parentId ?? "");
    assert.deepEqual(
      spans.filter((span) => parentOf(span) === undefined).map(({ name }) => name),
      [COMPOSE],
    );
    assert.deepEqual(
      spans.flatMap(({ warnings }) => warnings).filter((warning) => warning.includes("parent")),
      [],
    );
    assert.deepEqual(
      new Set(spans.map(({ service }) => service)),
      new Set(["guide-composer", "content-fetcher"]),
    );

    const hops = spans.filter(({ name }) => name.startsWith(CONTENT_SERVICE));
    const received = hops.filter(({ service }) => service === "content-fetcher");
    assert.equal(received.length, hops.length / 2);
    for (const hop of received) {
      assert.equal(parentOf(hop)?.service, "guide-composer");
      assert.equal(parentOf(hop)?.name, hop.name);
    }
    const attempts = named(spans, "provider attempt");
    assert.equal(attempts.length, requestCount);
    for (const attempt of attempts) {
      const call = parentOf(attempt);
      assert.equal(call?.name, "provider call");
      assert.equal(call.tags.get(ATTRIBUTE.provider), attempt.tags.get(ATTRIBUTE.provider));
      assert.ok(received.some((hop) => hop === parentOf(call)));
      assert.equal(spans.filter((span) => parentOf(span) === attempt).length, 1, "one HTTP span an attempt");
    }
  });
});

const named = (spans: readonly JaegerSpan[], name: string): JaegerSpan[] =>
  spans.filter((span) => span.name === name);

/** Whether all parents have come, and both ends of each hop: the services export on their own. */
const settled = (spans: readonly JaegerSpan[]): boolean => {
  const ids = new Set(spans.map(({ id }) => id));
  const hops = spans.filter(({ name }) => name.startsWith(CONTENT_SERVICE));
  return (
    hops.length % 2 === 0 && spans.every(({ name, parentId }) => name === COMPOSE || ids.has(parentId ?? ""))
  );
};
