import assert from "node:assert/strict";
import { z } from "zod";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import {
  ProviderOutcome_Kind as Kind,
  SectionKind,
  type ProviderOutcome,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { recordTelemetry } from "../support/recorded-telemetry.ts";

const LIST_PRICE = 5_000;
const target = { provider: "providers/plain", sectionKind: SectionKind.OVERVIEW };

const priced = (change: Partial<Provider> = {}): Provider =>
  plainProvider(
    "plain",
    {},
    {
      offerings: [{ kind: SectionKind.OVERVIEW, dependsOn: [], expectedCostUsdMicros: LIST_PRICE }],
      ...change,
    },
  );

/** Sends two requests, and is told what they have cost. */
const reporting = (costUsdMicros: number | undefined, found: boolean): Provider =>
  priced({
    fetch: async (_kind, _query, { http }) => {
      const request = { origin: plainOrigin("plain"), path: "/" };
      const schema = z.object({ text: z.string() });
      await http.json(request, schema);
      const { body } = await http.json(request, schema);
      const cost = costUsdMicros !== undefined && { costUsdMicros };
      if (!found) return { state: "nothing-found", ...cost };
      const citations = [{ provider: "providers/plain", uri: "https://plain.test/", title: "plain" }];
      return {
        state: "content",
        content: { narratives: [{ text: body.text, citations }] },
        partial: false,
        ...cost,
      };
    },
  });

describe("what a provider call costs", () => {
  let server: ProviderServer;
  let fetcher: FetcherUnderTest | undefined;
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
  });
  beforeEach(() => server.reset());
  afterEach(() => fetcher?.close());
  after(() => server.close());

  async function outcomeOf(provider: Provider): Promise<ProviderOutcome> {
    fetcher = await startFetcherFor(
      [provider],
      { [plainOrigin("plain")]: server.baseUrl },
      { random: () => 0 },
    );
    const { outcome } = await fetcher.client.fetchContent({ target, query: lisbonQuery() });
    assert.ok(outcome);
    return outcome;
  }
  const costOf = ({ costUsdMicros, costEstimated }: ProviderOutcome): readonly [bigint, boolean] => [
    costUsdMicros,
    costEstimated,
  ];

  it("is nothing without a price", async () => {
    assert.deepEqual(costOf(await outcomeOf(plainProvider("plain"))), [0n, false]);
  });

  it("is the list price of each attempt that may have been charged", async () => {
    for (const fault of [{ kind: "status", status: 503 }, { kind: "reset" }, { kind: "cut" }] as const) {
      server.setFault(fault, 1);
      const outcome = await outcomeOf(priced());
      assert.deepEqual([outcome.kind, outcome.attemptCount], [Kind.CONTENT, 2], fault.kind);
      assert.deepEqual(costOf(outcome), [10_000n, true], fault.kind);
      await fetcher?.close();
    }
  });

  it("is nothing for an attempt that was never sent", async () => {
    await server.close();
    const outcome = await outcomeOf(priced());
    server = await startProviderServer(() => PLAIN_ANSWER);
    assert.equal(outcome.kind, Kind.FAILED);
    assert.ok(outcome.attemptCount > 0);
    assert.deepEqual(costOf(outcome), [0n, false]);
  });

  it("is the most that it can be while the provider is not heard of again", async () => {
    const offering = { kind: SectionKind.OVERVIEW, dependsOn: [], expectedCostUsdMicros: LIST_PRICE };
    const offerings = [{ ...offering, worstCostUsdMicros: 20_000 }];
    assert.deepEqual(costOf(await outcomeOf(priced({ offerings }))), [5_000n, true]);
    await fetcher?.close();
    server.setFault({ kind: "hang" });
    const limits = { attemptTimeoutMs: 50, maxConcurrentCount: 1, maxCallsPerMinute: 1 };
    assert.deepEqual(costOf(await outcomeOf(priced({ offerings, limits }))), [20_000n, true]);
  });

  it("is the list price of each request", async () => {
    assert.deepEqual(costOf(await outcomeOf(reporting(undefined, true))), [10_000n, true]);
  });

  it("is that of an answer that was of no use", async () => {
    server.setFault({ kind: "wrong-schema" });
    const outcome = await outcomeOf(priced());
    assert.equal(outcome.kind, Kind.FAILED);
    assert.deepEqual(costOf(outcome), [BigInt(LIST_PRICE * outcome.attemptCount), true]);
  });

  it("is nothing when the provider refused", async () => {
    server.setFault({ kind: "status", status: 401 });
    assert.deepEqual(costOf(await outcomeOf(priced())), [0n, false]);
  });

  it("is what the provider reports before what its price list says", async () => {
    assert.deepEqual(costOf(await outcomeOf(reporting(7_123.4, true))), [7_123n, false]);
    await fetcher?.close();
    assert.deepEqual(costOf(await outcomeOf(reporting(0, true))), [0n, false]);
    await fetcher?.close();
    assert.deepEqual(costOf(await outcomeOf(reporting(42, false))), [42n, false]);
  });

  it("is what the price list says when the report is no amount", async () => {
    for (const reported of [-1, Number.NaN, Infinity, 1e300]) {
      assert.deepEqual(costOf(await outcomeOf(reporting(reported, true))), [10_000n, true]);
      await fetcher?.close();
    }
  });

  it("is in whole millionths of a dollar", async () => {
    const offerings = [{ kind: SectionKind.OVERVIEW, dependsOn: [], expectedCostUsdMicros: 2.5 }];
    assert.deepEqual(costOf(await outcomeOf(priced({ offerings }))), [3n, true]);
  });

  it("adds up in a metric", async () => {
    const recorded = recordTelemetry();
    try {
      await outcomeOf(priced());
      const { client } = fetcher ?? assert.fail("it runs");
      await client.fetchContent({ target, query: lisbonQuery() });
      const costs = (await recorded.metrics()).filter(({ name }) => name === "wayfarer.provider.cost");
      assert.deepEqual(costs, [
        {
          name: "wayfarer.provider.cost",
          attributes: { "wayfarer.provider": "providers/plain", "wayfarer.section_kind": "OVERVIEW" },
          value: 10_000,
        },
      ]);
    } finally {
      await recorded.close();
    }
  });

  it("is told ahead by ListProviders", async () => {
    await outcomeOf(priced());
    const [listed] = (await fetcher?.client.listProviders({}))?.providers ?? [];
    assert.equal(listed?.offerings[0]?.expectedCostUsdMicros, BigInt(LIST_PRICE));
  });
});
