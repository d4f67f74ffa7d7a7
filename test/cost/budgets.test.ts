import assert from "node:assert/strict";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import type { Ledger } from "../../services/content-fetcher/cost/ledger.ts";
import { openLedger } from "../../services/content-fetcher/cost/open-ledger.ts";
import { createPool, type Pool } from "../../services/content-fetcher/http/pool.ts";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import { createClock } from "../../services/content-fetcher/resilience/clock.ts";
import { toReason } from "../../shared/errors.ts";
import {
  Provider_State as State,
  type StreamContentResponse,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionStatus } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ProviderOutcome_Kind as Kind, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { openAdapter, type Adapter } from "../adapters/harness.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { createDisk, createLedgerFolder, type Disk, type LedgerFolder } from "../support/ledger-file.ts";
import { startPairFor } from "../support/pair.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { recordTelemetry } from "../support/recorded-telemetry.ts";

const { OVERVIEW, PRACTICAL } = SectionKind;
const PRICE = 5_000;
const NOW_MS = Date.parse("2026-11-24T18:00:00Z");

const priced = (id: string, change: Partial<Provider> = {}): Provider =>
  plainProvider(
    id,
    {},
    {
      offerings: [OVERVIEW, PRACTICAL].map((kind) => ({ kind, dependsOn: [], expectedCostUsdMicros: PRICE })),
      ...change,
    },
  );
const citations = [{ provider: "providers/one", uri: "https://one.test/", title: "one" }];

/** Answers two sections with one request, and says in both what it has cost. */
const sharing = priced("one", {
  fetch: async (_kind, _query, { http, share }) => {
    const { body } = await share("both", () =>
      http.json({ origin: plainOrigin("one"), path: "/" }, z.object({ text: z.string() })),
    );
    return {
      state: "content",
      content: { narratives: [{ text: body.text, citations }] },
      partial: false,
      costUsdMicros: 4_321,
    };
  },
});

describe("daily budgets", () => {
  let server: ProviderServer;
  let folder: LedgerFolder;
  let fetcher: FetcherUnderTest | undefined;
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
  });
  after(() => server.close());
  beforeEach(async () => {
    server.reset();
    folder = await createLedgerFolder();
  });
  afterEach(async () => {
    await fetcher?.close();
    await folder.remove();
  });

  const optionsOf = (budgets: Readonly<Record<string, number>>, total?: number) => ({
    settings: {
      FETCHER_LISTEN: { host: "127.0.0.1", port: 0 },
      OPERATOR_CONTACT: undefined,
      HEDGING: "off" as const,
      MAX_CONCURRENT_CALLS: 1_000,
      SHUTDOWN_DELAY_MS: 0,
      COST_LEDGER_FILE: folder.file,
      DAILY_BUDGET_USD: total,
    },
    providerSettings: {
      keys: new Map(),
      switchedOn: new Set<string>(),
      dailyBudgetsUsdMicros: new Map(Object.entries(budgets)),
    },
    now: () => NOW_MS,
    random: () => 0,
  });
  const urlsOf = (providers: readonly Provider[]) =>
    Object.fromEntries(providers.map(({ id }) => [plainOrigin(id), server.baseUrl]));

  async function start(
    providers: readonly Provider[],
    budgets: Readonly<Record<string, number>> = {},
    total?: number,
  ): Promise<FetcherUnderTest["client"]> {
    fetcher = await startFetcherFor(providers, urlsOf(providers), optionsOf(budgets, total));
    return fetcher.client;
  }

  it("skip what they have no room for, until the day ends", async () => {
    const client = await start([priced("one")], { ONE_DAILY_BUDGET_USD: 2 * PRICE });
    const target = { provider: "providers/one", sectionKind: OVERVIEW };
    const fetchOne = async () => (await client.fetchContent({ target, query: lisbonQuery() })).outcome;
    for (const _ of [1, 2]) assert.equal((await fetchOne())?.kind, Kind.CONTENT);
    const outcome = await fetchOne();
    assert.ok(outcome?.retryDelay);
    assert.deepEqual([outcome.kind, toReason(outcome.reason)], [Kind.SKIPPED, "BUDGET_EXHAUSTED"]);
    assert.equal(durationMs(outcome.retryDelay), 6 * 3_600_000);
    assert.deepEqual([outcome.attemptCount, outcome.costUsdMicros], [0, 0n]);
    assert.match(
      outcome.detail,
      /^the daily budget of providers\/one has no room for 0\.005: 0\.01 of 0\.01 US/,
    );
    assert.equal(server.requestCount(), 2);
    // Nothing is wrong with the provider.
    const { providers } = await client.listProviders({});
    assert.equal(providers[0]?.state, State.ACTIVE);
    assert.equal(providers[0]?.lastErrorTime, undefined);
  });

  it("leave the other providers of a section alone, and say why it is not complete", async () => {
    const providers = [priced("one"), priced("other"), plainProvider("free")];
    const pair = await startPairFor(providers, urlsOf(providers), {
      fetcher: optionsOf({ ONE_DAILY_BUDGET_USD: PRICE - 1 }),
    });
    try {
      const { guide, report } = await pair.client.composeGuide({
        spec: { destination: { case: "destinationQuery", value: "Lisbon" }, sectionKinds: [OVERVIEW] },
      });
      const [section] = guide?.sections ?? [];
      assert.equal(section?.status, SectionStatus.PARTIAL);
      assert.deepEqual(
        section?.providerOutcomes.map(({ provider, kind, reason }) => [provider, kind, toReason(reason)]),
        [
          ["providers/one", Kind.SKIPPED, "BUDGET_EXHAUSTED"],
          ["providers/other", Kind.CONTENT, undefined],
          ["providers/free", Kind.CONTENT, undefined],
        ],
      );
      assert.equal(report?.costUsdMicros, BigInt(PRICE));
    } finally {
      await pair.close();
    }
  });

  it("hold for all providers together, whoever comes first", async () => {
    const client = await start([priced("one"), priced("other")], {}, 3 * PRICE);
    server.setLatencyMs(10);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const target = { provider: `providers/${index % 2 === 0 ? "one" : "other"}`, sectionKind: OVERVIEW };
        return (await client.fetchContent({ target, query: lisbonQuery() })).outcome;
      }),
    );
    assert.equal(outcomes.filter((outcome) => outcome?.kind === Kind.CONTENT).length, 3);
    assert.equal(server.requestCount(), 3);
    const listed = await client.listProviders({});
    assert.deepEqual(
      [listed.spentTodayUsdMicros, listed.reservedUsdMicros, listed.dailyBudgetUsdMicros],
      [BigInt(3 * PRICE), 0n, BigInt(3 * PRICE)],
    );
  });

  it("count a request once that answers several sections", async () => {
    const client = await start([sharing], {}, 100 * PRICE);
    const responses: StreamContentResponse[] = [];
    const targets = [OVERVIEW, PRACTICAL].map((sectionKind) => ({ provider: "providers/one", sectionKind }));
    for await (const response of client.streamContent({ targets, query: lisbonQuery() }))
      responses.push(response);
    assert.equal(server.requestCount(), 1);
    const costs = responses.map(({ outcome }) => outcome?.costUsdMicros ?? 0n);
    assert.equal(
      costs.reduce((sum, cost) => sum + cost),
      4_321n,
    );
    assert.equal((await client.listProviders({})).spentTodayUsdMicros, 4_321n);
  });

  it("go on after a restart where they were", async () => {
    const target = { provider: "providers/one", sectionKind: OVERVIEW };
    for (const [expected, spent] of [
      [Kind.CONTENT, PRICE],
      [Kind.CONTENT, 2 * PRICE],
      [Kind.SKIPPED, 2 * PRICE],
    ] as const) {
      const client = await start([priced("one")], { ONE_DAILY_BUDGET_USD: 2 * PRICE });
      assert.equal((await client.fetchContent({ target, query: lisbonQuery() })).outcome?.kind, expected);
      assert.equal((await client.listProviders({})).providers[0]?.spentTodayUsdMicros, BigInt(spent));
      await fetcher?.close();
    }
  });

  it("stand in ListProviders and in metrics, with what is spent and reserved", async () => {
    const recorded = recordTelemetry();
    try {
      const client = await start(
        [priced("one"), plainProvider("free")],
        { ONE_DAILY_BUDGET_USD: 4 * PRICE },
        9 * PRICE,
      );
      const fetchKind = (sectionKind: SectionKind, signal?: AbortSignal) =>
        client.fetchContent(
          { target: { provider: "providers/one", sectionKind }, query: lisbonQuery() },
          signal ? { signal } : {},
        );
      await fetchKind(OVERVIEW);
      await fetchKind(OVERVIEW);
      const leaving = new AbortController();
      const { promise: arrived, resolve } = Promise.withResolvers<void>();
      server.setLatencyMs(() => {
        resolve();
        return 60_000;
      });
      const hanging = fetchKind(PRACTICAL, leaving.signal).catch(() => {});
      await arrived;
      const { providers } = await client.listProviders({});
      assert.deepEqual(
        providers.map((provider) => [
          provider.name,
          provider.spentTodayUsdMicros,
          provider.reservedUsdMicros,
          provider.dailyBudgetUsdMicros,
          provider.offerings.map((offering) => [offering.spentTodayUsdMicros, offering.reservedUsdMicros]),
        ]),
        [
          [
            "providers/one",
            BigInt(2 * PRICE),
            BigInt(PRICE),
            BigInt(4 * PRICE),
            [
              [BigInt(2 * PRICE), 0n],
              [0n, BigInt(PRICE)],
            ],
          ],
          ["providers/free", 0n, 0n, undefined, [[0n, 0n]]],
        ],
      );
      const figures = (await recorded.metrics())
        .filter(({ name }) => name.startsWith("wayfarer.budget."))
        .map(({ name, attributes, value }) => [
          name.replace("wayfarer.budget.", ""),
          ...Object.values(attributes),
          value,
        ]);
      assert.deepEqual(figures, [
        ["spent", "providers/one", "OVERVIEW", 2 * PRICE],
        ["spent", "providers/one", "PRACTICAL", 0],
        ["reserved", "providers/one", "OVERVIEW", 0],
        ["reserved", "providers/one", "PRACTICAL", PRICE],
        ["limit", 9 * PRICE],
        ["limit", "providers/one", 4 * PRICE],
      ]);
      leaving.abort();
      await hanging;
    } finally {
      await recorded.close();
    }
  });

  it("are needed by nobody: what is spent is counted without", async () => {
    const providers = [priced("one")];
    fetcher = await startFetcherFor(providers, urlsOf(providers));
    const target = { provider: "providers/one", sectionKind: OVERVIEW };
    await fetcher.client.fetchContent({ target, query: lisbonQuery() });
    const listed = await fetcher.client.listProviders({});
    assert.deepEqual([listed.spentTodayUsdMicros, listed.dailyBudgetUsdMicros], [BigInt(PRICE), undefined]);
  });
});

describe("the disk of a cost ledger", () => {
  const clock = createClock(() => performance.now());
  let server: ProviderServer;
  let pool: Pool;
  let folder: LedgerFolder;
  let disk: Disk;
  let ledger: Ledger;
  let paid: Adapter;
  let free: Adapter;
  const problems: string[] = [];
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
    pool = createPool({ clock, trustedOrigins: new Set([server.baseUrl]) });
  });
  after(async () => {
    await pool.close();
    await server.close();
  });
  beforeEach(async () => {
    server.reset();
    problems.length = 0;
    folder = await createLedgerFolder();
    disk = createDisk();
    ledger = await openLedger({
      file: folder.file,
      budgets: { totalUsdMicros: undefined, ofProviders: new Map() },
      now: () => NOW_MS,
      log: {
        info: () => {},
        warn: () => {},
        error: (_fields, message) => void problems.push(message),
      },
      openFile: disk.openFile,
    });
    const options = { pool, baseUrl: server.baseUrl, ledger };
    paid = openAdapter(priced("one"), options);
    free = openAdapter(plainProvider("free"), options);
  });
  afterEach(async () => {
    paid.close();
    free.close();
    await ledger.close();
    await folder.remove();
  });

  it("has what a request can cost before the request leaves", async () => {
    const synced = Promise.withResolvers<void>();
    const { promise: syncing, resolve } = Promise.withResolvers<void>();
    disk.beforeSync = () => {
      resolve();
      return synced.promise;
    };
    const fetching = paid.fetch(OVERVIEW);
    await syncing;
    assert.equal((await free.fetch(OVERVIEW)).outcome.kind, Kind.CONTENT);
    assert.equal(server.requestCount(), 1);
    synced.resolve();
    assert.equal((await fetching).outcome.kind, Kind.CONTENT);
    assert.equal(server.requestCount(), 2);
  });

  it("has paid calls refused while it is full and no others, and says nothing against their providers", async () => {
    disk.full = true;
    // More than would open a circuit.
    for (let call = 0; call < 12; call += 1) {
      const { outcome } = await paid.fetch(OVERVIEW);
      assert.deepEqual([outcome.kind, toReason(outcome.reason)], [Kind.FAILED, "PROVIDER_UNAVAILABLE"]);
      assert.match(outcome.detail, /cost ledger/);
      assert.deepEqual([outcome.attemptCount, outcome.costUsdMicros], [0, 0n]);
    }
    assert.equal((await free.fetch(OVERVIEW)).outcome.kind, Kind.CONTENT);
    assert.equal(server.requestCount(), 1);
    assert.equal(problems.length, 1);
    disk.full = false;
    assert.equal((await paid.fetch(OVERVIEW)).outcome.kind, Kind.CONTENT);
  });
});
