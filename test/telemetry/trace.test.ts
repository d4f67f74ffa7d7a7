import assert from "node:assert/strict";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { composeByJson } from "../support/compose-call.ts";
import { startOtlpCollector, type CollectedSpan, type OtlpCollector } from "../support/otlp-collector.ts";
import { startServicePair, type ServicePair } from "../support/service-process.ts";

const COMPOSE = "wayfarer.guide.v1.GuideService/ComposeGuide";
const STREAM = "wayfarer.content.v1.ContentService/StreamContent";
const KIND = { server: 2, client: 3 };
const OWN_SCOPE = "wayfarer";

const hasRoot = (spans: readonly CollectedSpan[]): boolean => spans.some(({ name }) => name === COMPOSE);
const complete = (spans: readonly CollectedSpan[]): boolean =>
  hasRoot(spans) && spans.filter(({ name }) => name === STREAM).length === 2;

describe("the trace of a guide", function () {
  // Starts processes, which takes its time on a busy machine.
  this.timeout(30_000);
  let collector: OtlpCollector;
  let providers: TestProviders;
  let pair: ServicePair;

  before(async () => {
    collector = await startOtlpCollector();
    providers = await startTestProviders({ seed: 1, now: Date.now });
    pair = await startServicePair({
      ...providers.settings,
      // Without a contact Wikivoyage has ten calls a minute for all of these guides.
      OPERATOR_CONTACT: "ops@example.org",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "10",
    });
  });
  after(async () => {
    const codes = await pair.stop();
    await providers.close();
    await collector.close();
    assert.deepEqual(codes, [0, 0]);
    const complaints = [...pair.composer.lines, ...pair.fetcher.lines].filter((line) =>
      line.includes("OpenTelemetry"),
    );
    assert.deepEqual(complaints, []);
  });
  beforeEach(() => providers.reset());

  it("has every step, hop and provider attempt under one root", async () => {
    const { report, guide } = await composeByJson(pair.composer.address, {
      spec: { destinationQuery: "Lisbon" },
    });
    const spans = await collector.trace(report.traceId, complete);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const parentOf = (span: CollectedSpan) => byId.get(span.parentSpanId ?? "");
    const only = (name: string, kind?: number): CollectedSpan => {
      const found = spans.filter((span) => span.name === name && (kind === undefined || span.kind === kind));
      assert.equal(found.length, 1, `${name}: ${found.length}`);
      assert.ok(found[0]);
      return found[0];
    };

    const root = only(COMPOSE);
    assert.deepEqual(
      spans.filter((span) => parentOf(span) === undefined),
      [root],
      "no other span is without its parent",
    );
    for (const name of ["resolve destination", "plan", "look up guide", "assemble", "store guide"])
      assert.equal(parentOf(only(name)), root, name);

    const sections = spans.filter(({ name }) => name === "look up section");
    const kinds = [...guide.sections, ...guide.omissions].map(({ kind }) =>
      kind.replace("SECTION_KIND_", ""),
    );
    assert.deepEqual(
      new Set(sections.map(({ attributes }) => attributes.get(ATTRIBUTE.sectionKind))),
      new Set(kinds),
    );
    assert.equal(sections.length, kinds.length);
    for (const section of sections) assert.equal(parentOf(section), root);

    const hopClient = only(STREAM, KIND.client);
    assert.equal(parentOf(hopClient), root);
    const hopServer = only(STREAM, KIND.server);
    assert.equal(parentOf(hopServer), hopClient);
    assert.deepEqual([hopClient.service, hopServer.service], ["guide-composer", "content-fetcher"]);

    const calls = spans.filter(({ name }) => name === "provider call");
    assert.ok(calls.length > 0 && calls.every((call) => parentOf(call) === hopServer));
    const attempts = spans.filter(({ name }) => name === "provider attempt");
    assert.equal(attempts.length, providers.requests().length);
    assert.ok(attempts.every((attempt) => calls.includes(parentOf(attempt) ?? attempt)));
    const requests = spans.filter(({ scope }) => scope.includes("undici"));
    assert.equal(requests.length, attempts.length);
    assert.ok(requests.every((request) => attempts.includes(parentOf(request) ?? request)));
  });

  it("names reasons and statuses, never numbers of enums", async () => {
    providers.setFault("open-meteo", { kind: "status", status: 503 });
    const { report } = await composeByJson(pair.composer.address, {
      spec: { destinationQuery: "Porto, PT" },
    });
    const spans = await collector.trace(report.traceId, complete);
    const failed = spans.find(
      ({ name, attributes }) =>
        name === "provider call" && attributes.get(ATTRIBUTE.provider) === "providers/open-meteo",
    );
    assert.equal(failed?.attributes.get(ATTRIBUTE.outcome), "FAILED");
    assert.equal(failed?.attributes.get(ATTRIBUTE.reason), "PROVIDER_UNAVAILABLE");
    assert.equal(failed?.attributes.get(ATTRIBUTE.sectionKind), "WEATHER");
    assert.equal(failed?.status.code, 2);
    const guide = spans.find(({ name }) => name === "look up guide");
    assert.equal(guide?.attributes.get(ATTRIBUTE.cacheDecision), "MISS_COLD");
  });

  it("carries the listed attributes and no text of a caller", async () => {
    const { report } = await composeByJson(pair.composer.address, { spec: { destinationQuery: "Coimbra" } });
    const spans = await collector.trace(report.traceId, complete);
    const allowed = new Set<string>(Object.values(ATTRIBUTE));
    for (const span of spans.filter(({ scope }) => scope === OWN_SCOPE)) {
      const keys = [span, ...span.events].flatMap(({ attributes }) => [...attributes.keys()]);
      assert.deepEqual(
        keys.filter((key) => !allowed.has(key)),
        [],
        span.name,
      );
    }
    const values = spans.flatMap(({ attributes }) => [...attributes.values()]);
    assert.deepEqual(
      values.filter((value) => value.includes("Coimbra") || value.includes("?")),
      [],
    );
    assert.ok([...(spans[0]?.resource.keys() ?? [])].every((key) => !key.startsWith("process.")));
  });

  it("goes on with the caller's trace, and tells providers nothing of it", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const { report } = await composeByJson(
      pair.composer.address,
      { spec: { destinationQuery: "Braga" } },
      { traceparent: `00-${traceId}-b7ad6b7169203331-01`, baggage: "traveller=ada" },
    );
    assert.equal(report.traceId, traceId);
    const spans = await collector.trace(traceId, complete);
    assert.equal(spans.find(({ name }) => name === COMPOSE)?.parentSpanId, "b7ad6b7169203331");
    assert.ok(providers.requests().length > 0);
    for (const { headers } of providers.requests())
      assert.deepEqual(
        [headers["traceparent"], headers["tracestate"], headers["baggage"]],
        [undefined, undefined, undefined],
      );
  });

  it("is not exported when the caller does not sample it, and still has an id", async () => {
    const traceId = "1af7651916cd43dd8448eb211c80319c";
    const { report } = await composeByJson(
      pair.composer.address,
      { spec: { destinationQuery: "Faro" } },
      { traceparent: `00-${traceId}-b7ad6b7169203331-00` },
    );
    assert.equal(report.traceId, traceId);
    // A sampled call later has been exported, so the unsampled one would have been too.
    const next = await composeByJson(pair.composer.address, { spec: { destinationQuery: "Sintra" } });
    await collector.trace(next.report.traceId, complete);
    assert.deepEqual(
      collector.spans.filter((span) => span.traceId === traceId),
      [],
    );
  });

  it("keeps each call's spans in its own trace when one load serves two calls", async () => {
    const { promise: arrival, resolve: arrived } = Promise.withResolvers<void>();
    providers.server("open-meteo").setLatencyMs(() => {
      arrived();
      return 100;
    });
    const request = { spec: { destinationQuery: "Évora" } };
    const first = composeByJson(pair.composer.address, request);
    await arrival;
    const second = composeByJson(pair.composer.address, request);
    const [loader, waiter] = await Promise.all([first, second]);
    const loading = await collector.trace(loader.report.traceId, complete);
    const waiting = await collector.trace(waiter.report.traceId, hasRoot);
    for (const spans of [loading, waiting]) {
      const ids = new Set(spans.map(({ spanId }) => spanId));
      const roots = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId ?? ""));
      assert.deepEqual(
        roots.map(({ name }) => name),
        [COMPOSE],
      );
    }
    assert.equal(waiting.filter(({ name }) => name === STREAM).length, 0);
    const decisions = waiting.flatMap(({ events }) =>
      events.map(({ attributes }) => attributes.get(ATTRIBUTE.cacheDecision) ?? ""),
    );
    assert.ok(
      decisions.some((decision) => decision.includes("COALESCED_LOCAL")),
      decisions.join(" "),
    );
  });

  it("numbers the attempts of a call, each a span of its own", async () => {
    providers.setFault("met-norway", { kind: "status", status: 503 }, 1);
    const { report } = await composeByJson(pair.composer.address, { spec: { destinationQuery: "Leiria" } });
    const spans = await collector.trace(report.traceId, complete);
    const attempts = spans.filter(
      ({ name, attributes }) =>
        name === "provider attempt" && attributes.get(ATTRIBUTE.provider) === "providers/met-norway",
    );
    assert.deepEqual(
      attempts.map(({ attributes, status }) => [
        attributes.get(ATTRIBUTE.attempt),
        attributes.get(ATTRIBUTE.httpStatus),
        status.code,
      ]),
      [
        ["1", "503", 2],
        ["2", "200", 0],
      ],
    );
    assert.equal(new Set(attempts.map(({ parentSpanId }) => parentSpanId)).size, 1);
  });

  it("keeps attempts that wait for their turn in the trace of their call", async () => {
    // One query at a time: the second call's waits for the first one's.
    providers.setLatencyMs(50, "overpass");
    const answers = await Promise.all(
      ["Viseu, PT", "Setúbal"].map((destinationQuery) =>
        composeByJson(pair.composer.address, { spec: { destinationQuery } }),
      ),
    );
    for (const { report } of answers) {
      const spans = await collector.trace(report.traceId, complete);
      const calls = new Set(spans.flatMap(({ name, spanId }) => (name === "provider call" ? spanId : [])));
      const attempts = spans.filter(
        ({ name, attributes }) =>
          name === "provider attempt" && attributes.get(ATTRIBUTE.provider) === "providers/overpass",
      );
      assert.ok(attempts.length > 0 && attempts.every(({ parentSpanId = "" }) => calls.has(parentSpanId)));
    }
  });

  it("does not count health probes as calls", async () => {
    const before = collector.spans.length;
    const response = await fetch(`http://${pair.composer.address}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    assert.equal(response.status, 200);
    const { report } = await composeByJson(pair.composer.address, { spec: { destinationQuery: "Aveiro" } });
    await collector.trace(report.traceId, complete);
    assert.deepEqual(
      collector.spans.slice(before).filter(({ name }) => name.includes("Health")),
      [],
    );
  });
});
