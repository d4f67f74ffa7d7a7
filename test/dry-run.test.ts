import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Provider } from "../services/content-fetcher/provider.ts";
import { fromWire } from "../shared/error-wire.ts";
import { GuideAdminService } from "../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import {
  CacheDecision,
  CacheMode,
  GuideSpecSchema,
  type ComposeGuideResponse,
  type GuidePlan,
  type GuideSpec,
  type StreamGuideResponse,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startPairFor, type PairUnderTest } from "./support/pair.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "./support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "./support/provider-server.ts";

const { OVERVIEW, PRACTICAL } = SectionKind;

const offering = (id: string, kinds: readonly SectionKind[], expectedCostUsdMicros: number): Provider =>
  plainProvider(id, {}, { offerings: kinds.map((kind) => ({ kind, dependsOn: [], expectedCostUsdMicros })) });

const specOf = (destinationQuery: string, sectionKinds: SectionKind[] = [OVERVIEW, PRACTICAL]) =>
  create(GuideSpecSchema, {
    destination: { case: "destinationQuery", value: destinationQuery },
    sectionKinds,
  });

describe("a dry run", () => {
  let server: ProviderServer;
  let pair: PairUnderTest;
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
  });
  after(() => server.close());
  beforeEach(async () => {
    server.reset();
    const geocoder = plainProvider(
      "geocoder",
      {},
      { offerings: [], geocode: () => assert.fail("a geocoder was asked") },
    );
    const providers = [
      offering("dear", [OVERVIEW, PRACTICAL], 5_000),
      offering("cheap", [OVERVIEW], 700),
      offering("free", [OVERVIEW], 0),
      geocoder,
    ];
    pair = await startPairFor(
      providers,
      Object.fromEntries(providers.map(({ id }) => [plainOrigin(id), server.baseUrl])),
    );
  });
  afterEach(() => pair.close());

  interface Request {
    readonly spec?: GuideSpec;
    readonly cacheMode?: CacheMode;
    readonly maxAge?: { readonly seconds: bigint; readonly nanos: number };
    readonly readMask?: { readonly paths: string[] };
    readonly explain?: boolean;
  }
  const run = (request: Request = {}) =>
    pair.client.composeGuide({ spec: specOf("Lisbon"), dryRun: true, ...request });
  const sectionsOf = (plan: GuidePlan | undefined) =>
    plan?.sections.map(({ kind, cached, providers, expectedCostUsdMicros }) => [
      kind,
      cached,
      providers.map((name) => name.replace("providers/", "")).join(),
      Number(expectedCostUsdMicros),
    ]);
  const costsOf = ({ plan, report }: ComposeGuideResponse): readonly (bigint | undefined)[] => [
    plan?.expectedCostUsdMicros,
    report?.costUsdMicros,
    report?.costAvoidedUsdMicros,
  ];

  it("says who would be asked and what that costs, and asks nobody", async () => {
    const response = await run();
    assert.deepEqual(sectionsOf(response.plan), [
      [OVERVIEW, false, "dear,cheap,free", 5_700],
      [PRACTICAL, false, "dear", 5_000],
    ]);
    assert.deepEqual(costsOf(response), [10_700n, 0n, 0n]);
    assert.equal(response.guide, undefined);
    assert.equal(response.plan?.destination?.name, "destinations/2267057");
    assert.match(response.report?.traceId ?? "", /^[0-9a-f]{32}$/);
    assert.equal(server.requestCount(), 0);
    // And has left nothing: the same again is the same.
    assert.deepEqual(sectionsOf((await run()).plan), sectionsOf(response.plan));
  });

  it("is what the call then does", async () => {
    const { plan } = await run();
    const { guide, report } = await pair.client.composeGuide({ spec: specOf("Lisbon") });
    assert.equal(plan?.guide, guide?.name);
    assert.equal(plan?.expectedCostUsdMicros, report?.costUsdMicros);
    assert.equal(server.requestCount(), 4);
  });

  it("leaves out what is cached, and says what that spares", async () => {
    await pair.client.composeGuide({ spec: specOf("Lisbon", [OVERVIEW]) });
    server.reset();
    const response = await run({ explain: true });
    assert.deepEqual(sectionsOf(response.plan), [
      [OVERVIEW, true, "", 0],
      [PRACTICAL, false, "dear", 5_000],
    ]);
    assert.deepEqual(costsOf(response), [5_000n, 0n, 5_700n]);
    assert.deepEqual(
      response.report?.sectionReports.map(({ kind, lookups }) => [
        kind,
        lookups.map(({ provider, decisions }) => [provider, decisions]),
      ]),
      [
        [OVERVIEW, ["dear", "cheap", "free"].map((id) => [`providers/${id}`, [CacheDecision.HIT_MEMORY]])],
        [PRACTICAL, [["providers/dear", [CacheDecision.MISS_COLD, CacheDecision.NOT_FETCHED]]]],
      ],
    );
    assert.equal(server.requestCount(), 0);
  });

  it("knows a guide that is cached whole", async () => {
    await pair.client.composeGuide({ spec: specOf("Lisbon") });
    const response = await run();
    assert.deepEqual(sectionsOf(response.plan), [
      [OVERVIEW, true, "", 0],
      [PRACTICAL, true, "", 0],
    ]);
    assert.deepEqual(costsOf(response), [0n, 0n, 10_700n]);
    assert.deepEqual(response.report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
    assert.equal(response.guide, undefined);
  });

  it("goes by the request: cache mode, age and fields", async () => {
    await pair.client.composeGuide({ spec: specOf("Lisbon") });
    server.reset();
    const cost = async (request: Request) => (await run(request)).plan?.expectedCostUsdMicros;
    assert.equal(await cost({ cacheMode: CacheMode.REFRESH }), 10_700n);
    assert.equal(await cost({ maxAge: { seconds: 0n, nanos: 1 } }), 10_700n);
    assert.equal(await cost({ spec: specOf("Madrid"), cacheMode: CacheMode.CACHE_ONLY }), 0n);
    assert.equal(await cost({ spec: specOf("Madrid"), readMask: { paths: ["destination"] } }), 0n);
    assert.equal(server.requestCount(), 0);
  });

  it("comes over the stream as a plan and a completion", async () => {
    const events: StreamGuideResponse["event"][] = [];
    for await (const { event } of pair.client.streamGuide({
      request: { spec: specOf("Lisbon"), dryRun: true },
    }))
      events.push(event);
    assert.deepEqual(
      events.map((event) => event.case),
      ["plan", "completion"],
    );
    const [first, last] = events;
    assert.equal(first?.case === "plan" && first.value.expectedCostUsdMicros, 10_700n);
    assert.ok(last?.case === "completion" && last.value.guide === undefined && last.value.report);
    assert.equal(server.requestCount(), 0);
  });

  it("asks no geocoder for a place that only those may know", async () => {
    await assert.rejects(run({ spec: specOf("Xyzzyplugh") }), (error) => {
      const { reason, retryDelayMs, message } = fromWire(error);
      assert.deepEqual([reason, retryDelayMs], ["DESTINATION_UNRESOLVED", undefined]);
      assert.match(message, /a dry run asks no geocoder/);
      return true;
    });
  });

  it("is refused for what the call would be refused for", async () => {
    const reasonOf = (query: string, dayCount = 0) =>
      run({ spec: { ...specOf(query), dayCount } }).then(
        () => "none",
        (error: unknown) => fromWire(error).reason,
      );
    assert.equal(await reasonOf("Springfield"), "DESTINATION_AMBIGUOUS");
    assert.equal(await reasonOf("Lisbon", 99), "REQUEST_INVALID");
  });

  it("makes no destination popular", async () => {
    await run();
    const admin = createClient(
      GuideAdminService,
      createGrpcTransport({ baseUrl: `http://${pair.admin}`, idleConnectionTimeoutMs: 1 }),
    );
    assert.deepEqual((await admin.listPopularDestinations({})).destinations, []);
  });
});
