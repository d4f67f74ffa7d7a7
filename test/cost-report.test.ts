import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { z } from "zod";
import type { Provider } from "../services/content-fetcher/provider.ts";
import {
  CacheDecision,
  CacheMode,
  GuideSpecSchema,
  type CallReport,
  type GuidePlan,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startPairFor, type PairUnderTest } from "./support/pair.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "./support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "./support/provider-server.ts";

const spec = create(GuideSpecSchema, {
  destination: { case: "destinationQuery", value: "Lisbon" },
  sectionKinds: [SectionKind.OVERVIEW],
});

const priced = (id: string, expectedCostUsdMicros: number, change: Partial<Provider> = {}): Provider =>
  plainProvider(
    id,
    {},
    { offerings: [{ kind: SectionKind.OVERVIEW, dependsOn: [], expectedCostUsdMicros }], ...change },
  );

/** Says itself what it charges. */
const charging = (id: string, expectedCostUsdMicros: number, costUsdMicros: number): Provider =>
  priced(id, expectedCostUsdMicros, {
    fetch: async (_kind, _query, { http }) => {
      const request = { origin: plainOrigin(id), path: "/" };
      const { body } = await http.json(request, z.object({ text: z.string() }));
      const citations = [{ provider: `providers/${id}`, uri: `https://${id}.test/`, title: id }];
      return {
        state: "content",
        content: { narratives: [{ text: body.text, citations }] },
        partial: false,
        costUsdMicros,
      };
    },
  });

describe("what a guide costs", () => {
  let server: ProviderServer;
  let pair: PairUnderTest;
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
  });
  after(() => server.close());
  beforeEach(async () => {
    server.reset();
    const providers = [priced("listed", 5_000), charging("charging", 700, 900), plainProvider("free")];
    pair = await startPairFor(
      providers,
      Object.fromEntries(providers.map(({ id }) => [plainOrigin(id), server.baseUrl])),
    );
  });
  afterEach(() => pair.close());

  const compose = async (cacheMode: CacheMode = CacheMode.UNSPECIFIED): Promise<CallReport> => {
    const { report } = await pair.client.composeGuide({ spec, cacheMode });
    assert.ok(report);
    return report;
  };
  const costsOf = ({ costUsdMicros, costAvoidedUsdMicros }: CallReport): readonly bigint[] => [
    costUsdMicros,
    costAvoidedUsdMicros,
  ];

  it("is told by whoever had it fetched, and is avoided by whoever gets it from the cache", async () => {
    assert.deepEqual(costsOf(await compose()), [5_900n, 0n]);
    const cached = await compose();
    assert.deepEqual(cached.guideDecisions, [CacheDecision.HIT_MEMORY]);
    assert.deepEqual(costsOf(cached), [0n, 5_900n]);
    assert.deepEqual(costsOf(await compose(CacheMode.REFRESH)), [5_900n, 0n]);
  });

  it("is told once by calls that share a load, and avoided by the others", async () => {
    server.setLatencyMs(30);
    const reports = await Promise.all([compose(), compose(), compose()]);
    assert.equal(server.requestCount(), 3);
    assert.deepEqual(
      reports.map(costsOf).toSorted(([a = 0n], [b = 0n]) => Number(a - b)),
      [
        [0n, 5_900n],
        [0n, 5_900n],
        [5_900n, 0n],
      ],
    );
  });

  it("is expected by the plan, of what is not cached", async () => {
    const plan = async (): Promise<GuidePlan | undefined> => {
      for await (const { event } of pair.client.streamGuide({ request: { spec } }))
        if (event.case === "plan") return event.value;
      return undefined;
    };
    assert.deepEqual(
      (await plan())?.sections.map(({ expectedCostUsdMicros }) => expectedCostUsdMicros),
      [5_700n],
    );
    await compose();
    assert.deepEqual(
      (await plan())?.sections.map(({ cached, expectedCostUsdMicros }) => [cached, expectedCostUsdMicros]),
      [[true, 0n]],
    );
  });
});
