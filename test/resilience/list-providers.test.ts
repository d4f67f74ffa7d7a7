import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { Secret } from "../../shared/config.ts";
import { toReason } from "../../shared/errors.ts";
import {
  Provider_State as State,
  type Provider as ProviderMessage,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { ProviderOutcome_Kind as Kind, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { recordTelemetry } from "../support/recorded-telemetry.ts";

const target = { provider: "providers/plain", sectionKind: SectionKind.OVERVIEW };

describe("ListProviders", () => {
  let server: ProviderServer;
  let fetcher: FetcherUnderTest;
  const limits = { maxConcurrentCount: 2, maxCallsPerMinute: 600, attemptTimeoutMs: 5_000 };
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
  });
  after(() => server.close());
  beforeEach(async () => {
    server.reset();
    fetcher = await startFetcherFor([plainProvider("plain", limits)], {
      [plainOrigin("plain")]: server.baseUrl,
    });
  });
  afterEach(() => fetcher.close());

  const list = async (): Promise<ProviderMessage> => {
    const { providers } = await fetcher.client.listProviders({});
    const [provider] = providers;
    assert.ok(provider);
    return provider;
  };
  const fetchOne = async (options: { readonly signal?: AbortSignal } = {}) =>
    await fetcher.client.fetchContent({ target, query: lisbonQuery() }, options);

  it("tells of a provider that nobody has called yet", async () => {
    const provider = await list();
    assert.equal(provider.state, State.ACTIVE);
    assert.deepEqual(
      [provider.activeCallCount, provider.queuedCallCount, provider.concurrencyLimit],
      [0, 0, 2],
    );
    assert.equal(provider.quotaHeadroomCount, 600);
    assert.equal(provider.medianAttemptLatency, undefined);
    assert.equal(provider.p95AttemptLatency, undefined);
    assert.equal(toReason(provider.lastErrorReason), undefined);
    assert.equal(provider.lastErrorTime, undefined);
    assert.deepEqual(provider.baseUris, [server.baseUrl]);
  });

  it("tells whether a language model writes the content of a provider", async () => {
    assert.equal((await list()).languageModel, false);
    const writer = { ...plainProvider("writer", limits), languageModel: true };
    const other = await startFetcherFor([writer], { [plainOrigin("writer")]: server.baseUrl });
    try {
      const { providers } = await other.client.listProviders({});
      assert.deepEqual(
        providers.map(({ languageModel }) => languageModel),
        [true],
      );
    } finally {
      await other.close();
    }
  });

  it("tells latencies and what is left of the quota after calls", async () => {
    server.setLatencyMs(20);
    for (let call = 0; call < 3; call += 1) await fetchOne();
    const { medianAttemptLatency, p95AttemptLatency, quotaHeadroomCount, offerings } = await list();
    const latencies = [medianAttemptLatency, p95AttemptLatency, offerings[0]?.medianLatency];
    for (const latency of latencies) assert.ok(latency && durationMs(latency) >= 19);
    assert.ok(quotaHeadroomCount !== undefined && quotaHeadroomCount >= 597 && quotaHeadroomCount < 600);
  });

  it("tells calls in flight and those that wait", async () => {
    server.setFault({ kind: "hang" });
    const abort = new AbortController();
    const calls = Array.from({ length: 5 }, () => fetchOne({ signal: abort.signal }).catch(() => {}));
    let provider = await list();
    while (provider.queuedCallCount < 3) provider = await list();
    assert.equal(provider.activeCallCount, 2);
    abort.abort();
    await Promise.all(calls);
    while (provider.activeCallCount + provider.queuedCallCount > 0) provider = await list();
    assert.equal(server.requests.length, 2);
  });

  it("tells the last failure, and keeps it", async () => {
    const beforeMs = Date.now();
    server.setFault({ kind: "status", status: 403 }, 1);
    await fetchOne();
    await fetchOne();
    const { lastErrorReason, lastErrorTime, state } = await list();
    assert.equal(toReason(lastErrorReason), "PROVIDER_ACCESS_DENIED");
    assert.ok(lastErrorTime && timestampMs(lastErrorTime) >= beforeMs);
    assert.equal(state, State.ACTIVE);
  });

  it("tells when a circuit is open, when it is tried again, and when it is closed", async () => {
    server.setFault({ kind: "html" });
    for (let call = 0; call < 5; call += 1) await fetchOne();
    assert.equal((await list()).state, State.SUSPENDED);
    while ((await list()).state === State.SUSPENDED) await delay(5);
    assert.equal((await list()).state, State.RECOVERING);
    server.setFault(undefined);
    assert.equal((await fetchOne()).outcome?.kind, Kind.CONTENT);
    assert.equal((await list()).state, State.ACTIVE);
  });

  it("tells which setting is missing, and calls no such provider", async () => {
    const keyed = plainProvider(
      "plain",
      {},
      { keySetting: "PLAIN_API_KEY", geocode: () => Promise.reject(new Error("it was asked")) },
    );
    const urls = { [plainOrigin("plain")]: server.baseUrl };
    const without = await startFetcherFor([keyed], urls);
    const [disabled] = (await without.client.listProviders({})).providers;
    assert.deepEqual([disabled?.state, disabled?.missingSetting], [State.DISABLED, "PLAIN_API_KEY"]);
    const { outcome } = await without.client.fetchContent({ target, query: lisbonQuery() });
    assert.deepEqual([outcome?.kind, outcome?.attemptCount], [Kind.SKIPPED, 0]);
    assert.equal(server.requests.length, 0);
    // Nor is anything left undecided by it.
    assert.deepEqual((await without.client.geocodeDestination({ query: "Lisbon" })).outcomes, []);
    await without.close();
    const having = await startFetcherFor([keyed], urls, {
      providerSettings: { keys: new Map([["PLAIN_API_KEY", new Secret("k")]]), switchedOn: new Set() },
    });
    const [enabled] = (await having.client.listProviders({})).providers;
    assert.deepEqual([enabled?.state, enabled?.missingSetting], [State.ACTIVE, ""]);
    await having.close();
  });

  it("tells which word of the operator is missing, and hands over those that are set", async () => {
    const seen: ReadonlyMap<string, string>[] = [];
    const worded = plainProvider(
      "plain",
      {},
      {
        textSettings: [
          { setting: "PLAIN_MODEL", description: "Which one." },
          { setting: "PLAIN_PATH", defaultText: "/v1", description: "Where." },
        ],
        fetch: (_kind, _query, { texts }) => {
          seen.push(texts);
          return Promise.resolve({ state: "nothing-found" });
        },
      },
    );
    const urls = { [plainOrigin("plain")]: server.baseUrl };
    const without = await startFetcherFor([worded], urls);
    const [disabled] = (await without.client.listProviders({})).providers;
    assert.deepEqual([disabled?.state, disabled?.missingSetting], [State.DISABLED, "PLAIN_MODEL"]);
    await without.client.fetchContent({ target, query: lisbonQuery() });
    await without.close();
    const texts = new Map([["PLAIN_MODEL", "m"]]);
    const having = await startFetcherFor([worded], urls, {
      providerSettings: { keys: new Map(), switchedOn: new Set(), texts },
    });
    await having.client.fetchContent({ target, query: lisbonQuery() });
    await having.close();
    assert.deepEqual(
      seen.map((each) => [...each]),
      [
        [
          ["PLAIN_MODEL", "m"],
          ["PLAIN_PATH", "/v1"],
        ],
      ],
    );
  });

  it("tells no limit and no quota of data that is embedded", async () => {
    const all = await startFetcherFor(PROVIDERS, {});
    const { providers } = await all.client.listProviders({});
    await all.close();
    const almanac = providers.find(({ name }) => name === "providers/almanac");
    assert.deepEqual([almanac?.concurrencyLimit, almanac?.quotaHeadroomCount], [0, undefined]);
    assert.equal(almanac?.state, State.ACTIVE);
  });

  it("says the same in metrics, by name", async () => {
    const telemetry = recordTelemetry();
    const measured = await startFetcherFor([plainProvider("plain", limits)], {
      [plainOrigin("plain")]: server.baseUrl,
    });
    await measured.client.fetchContent({ target, query: lisbonQuery() });
    const provider = "providers/plain";
    const metrics = await telemetry.metrics();
    const valueOf = (name: string, attributes: Readonly<Record<string, string>>): number | undefined =>
      metrics.find(
        (metric) =>
          metric.name === name &&
          Object.entries(attributes).every(([key, value]) => metric.attributes[key] === value),
      )?.value;
    assert.equal(
      valueOf("wayfarer.provider.circuit", { "wayfarer.provider": provider, "wayfarer.circuit": "closed" }),
      1,
    );
    assert.equal(
      valueOf("wayfarer.provider.circuit", { "wayfarer.provider": provider, "wayfarer.circuit": "open" }),
      0,
    );
    assert.equal(valueOf("wayfarer.provider.active", { "wayfarer.provider": provider }), 0);
    assert.equal(valueOf("wayfarer.provider.queued", { "wayfarer.provider": provider }), 0);
    assert.equal(valueOf("wayfarer.provider.concurrency_limit", { "wayfarer.provider": provider }), 2);
    assert.equal(valueOf("wayfarer.provider.quota_headroom", { "wayfarer.provider": provider }), 599);
    assert.equal(valueOf("wayfarer.provider.attempt.duration", { "wayfarer.provider": provider }), 1);
    assert.equal(valueOf("wayfarer.pool.sockets", { "wayfarer.socket_state": "open" }), 1);
    assert.equal(valueOf("wayfarer.pool.sockets", { "wayfarer.socket_state": "busy" }), 0);
    assert.equal(valueOf("wayfarer.pool.sockets", { "wayfarer.socket_state": "queued" }), 0);
    assert.equal(valueOf("wayfarer.dns.lookups", { "wayfarer.dns.lookup": "hit" }), 0);
    await measured.close();
    await telemetry.close();
  });
});
