import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import type { ProviderOutcome } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ProviderOutcome_Kind as Kind, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason, type Reason } from "../../shared/errors.ts";
import type { ProviderId } from "../providers/servers.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { startPairFor } from "../support/pair.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type Fault, type Reply } from "../support/provider-server.ts";

/** A provider of each shape: GET with forecasts, GET behind a union of schemas, POST. */
const SUBJECTS: readonly (readonly [ProviderId, SectionKind])[] = [
  ["met-norway", SectionKind.WEATHER],
  ["open-meteo", SectionKind.WEATHER],
  ["overpass", SectionKind.RESTAURANTS],
];

const FAULTS: Readonly<Record<string, readonly [Fault, Reason]>> = {
  "500": [{ kind: "status", status: 500 }, "PROVIDER_UNAVAILABLE"],
  "503": [{ kind: "status", status: 503, body: "busy" }, "PROVIDER_UNAVAILABLE"],
  "403": [{ kind: "status", status: 403 }, "PROVIDER_ACCESS_DENIED"],
  "404": [{ kind: "status", status: 404 }, "PROVIDER_RESPONSE_INVALID"],
  HTML: [{ kind: "html" }, "PROVIDER_RESPONSE_INVALID"],
  "truncated JSON": [{ kind: "truncated" }, "PROVIDER_RESPONSE_INVALID"],
  "another schema": [{ kind: "wrong-schema" }, "PROVIDER_RESPONSE_INVALID"],
  "an empty body": [{ kind: "empty" }, "PROVIDER_RESPONSE_INVALID"],
  "a body that is cut off": [{ kind: "cut" }, "PROVIDER_UNAVAILABLE"],
  "a reset connection": [{ kind: "reset" }, "PROVIDER_UNAVAILABLE"],
};

const reasonOf = (outcome: ProviderOutcome | undefined): Reason | undefined =>
  outcome === undefined ? undefined : toReason(outcome.reason);

describe("R1: a provider that answers badly", () => {
  let providers: TestProviders;
  let fetcher: FetcherUnderTest;
  // A fetcher for each test, so that no circuit is left open by the one before.
  beforeEach(async () => {
    fetcher = await startFetcherFor(PROVIDERS, providers.settings);
    providers.reset();
  });
  afterEach(() => fetcher.close());
  before(async () => {
    providers = await startTestProviders({ seed: 1, now: Date.now });
  });
  after(() => providers.close());

  const ask = async (id: ProviderId, sectionKind: SectionKind) =>
    await fetcher.client.fetchContent({
      target: { provider: `providers/${id}`, sectionKind },
      query: lisbonQuery(),
    });

  for (const [id, kind] of SUBJECTS) {
    for (const [what, [fault, reason]] of Object.entries(FAULTS)) {
      it(`${id}: ${what} is ${reason}, and the next call after it recovers has content`, async () => {
        providers.setFault(id, fault);
        const { content, outcome } = await ask(id, kind);
        assert.equal(content, undefined);
        assert.equal(outcome?.kind, Kind.FAILED);
        assert.equal(reasonOf(outcome), reason);
        assert.equal(outcome?.attemptCount, reason === "PROVIDER_UNAVAILABLE" ? 3 : 1);
        providers.setFault(id, undefined);
        const recovered = await ask(id, kind);
        assert.equal(recovered.outcome?.kind, Kind.CONTENT);
        assert.ok(recovered.content);
      });
    }
  }

  it("overpass: a remark inside a 200 is PROVIDER_RESPONSE_INVALID", async () => {
    providers.setFault("overpass", { kind: "remark" });
    const { content, outcome } = await ask("overpass", SectionKind.RESTAURANTS);
    assert.equal(content, undefined);
    assert.equal(reasonOf(outcome), "PROVIDER_RESPONSE_INVALID");
  });

  it("opens the circuit for answers that cannot be used", async () => {
    providers.setFault("overpass", { kind: "remark" });
    for (let call = 0; call < 5; call += 1) await ask("overpass", SectionKind.RESTAURANTS);
    const { outcome } = await ask("overpass", SectionKind.RESTAURANTS);
    assert.equal(outcome?.kind, Kind.SKIPPED);
    assert.equal(reasonOf(outcome), "PROVIDER_CIRCUIT_OPEN");
    assert.equal(providers.server("overpass").requests.length, 5);
  });

  it("hides a failure that another attempt mends, and counts both", async () => {
    providers.setFault("met-norway", { kind: "status", status: 503 }, 1);
    const { content, outcome } = await ask("met-norway", SectionKind.WEATHER);
    assert.ok(content);
    assert.equal(outcome?.attemptCount, 2);
  });
});

describe("R1: an answer that attacks", () => {
  const attack = async (
    reply: Reply,
  ): Promise<{ outcome: ProviderOutcome | undefined; requestCount: number }> => {
    const server = await startProviderServer(() => reply);
    const provider = plainProvider("plain");
    const fetcher = await startFetcherFor([provider], { [plainOrigin("plain")]: server.baseUrl });
    try {
      const { outcome } = await fetcher.client.fetchContent({
        target: { provider: "providers/plain", sectionKind: SectionKind.OVERVIEW },
        query: lisbonQuery(),
      });
      return { outcome, requestCount: server.requests.length };
    } finally {
      await fetcher.close();
      await server.close();
    }
  };
  const gzip = { "content-encoding": "gzip" };
  const bomb = gzipSync(Buffer.alloc(64 << 20, 0x20));

  const ATTACKS: Readonly<Record<string, Reply>> = {
    "a gzip bomb": { headers: gzip, body: bomb },
    "a gzip bomb within gzip": { headers: { "content-encoding": "gzip, gzip" }, body: gzipSync(bomb) },
    "a gzip bomb with an error status": { status: 500, headers: gzip, body: bomb },
    "a body of 17 MiB": { body: Buffer.alloc(17 << 20, 0x20) },
    "gzip that is none": { headers: gzip, body: "no gzip" },
  };
  for (const [what, reply] of Object.entries(ATTACKS)) {
    it(`takes ${what} for unreadable`, async () => {
      const { outcome } = await attack(reply);
      assert.equal(reasonOf(outcome), "PROVIDER_RESPONSE_INVALID");
    });
  }

  it("reads what is honestly compressed", async () => {
    const { outcome } = await attack({ headers: gzip, body: gzipSync(PLAIN_ANSWER.body) });
    assert.equal(outcome?.kind, Kind.CONTENT);
  });

  it("does not follow a redirect, wherever it leads", async () => {
    const other = await startProviderServer(() => PLAIN_ANSWER);
    const { outcome, requestCount } = await attack({
      status: 302,
      headers: { location: other.baseUrl },
      body: "",
    });
    await other.close();
    assert.equal(reasonOf(outcome), "PROVIDER_RESPONSE_INVALID");
    assert.deepEqual([requestCount, other.requests.length], [1, 0]);
  });
});

describe("R1: a guide with a provider that answers badly", () => {
  it("omits its section with the reason, caches nothing of it, and has it with the next call after it recovers", async () => {
    const servers = [
      await startProviderServer(() => PLAIN_ANSWER),
      await startProviderServer(() => PLAIN_ANSWER),
    ];
    const [healthy, failing] = servers;
    assert.ok(healthy && failing);
    const practical = { offerings: [{ kind: SectionKind.PRACTICAL, dependsOn: [] }] };
    const pair = await startPairFor([plainProvider("healthy"), plainProvider("failing", {}, practical)], {
      [plainOrigin("healthy")]: healthy.baseUrl,
      [plainOrigin("failing")]: failing.baseUrl,
    });
    const compose = async () => {
      const { guide } = await pair.client.composeGuide({
        spec: {
          destination: { case: "destinationQuery", value: "Lisbon" },
          sectionKinds: [SectionKind.OVERVIEW, SectionKind.PRACTICAL],
        },
      });
      return {
        kinds: guide?.sections.map(({ kind }) => kind),
        omissions: guide?.omissions.map(({ kind, reason }) => [kind, toReason(reason)]),
      };
    };
    failing.setFault({ kind: "html" });
    const omitted = {
      kinds: [SectionKind.OVERVIEW],
      omissions: [[SectionKind.PRACTICAL, "PROVIDER_RESPONSE_INVALID"]],
    };
    assert.deepEqual(await compose(), omitted);
    assert.deepEqual(await compose(), omitted);
    failing.setFault(undefined);
    assert.deepEqual(await compose(), {
      kinds: [SectionKind.OVERVIEW, SectionKind.PRACTICAL],
      omissions: [],
    });
    // What the healthy one answered was kept; the failure was not.
    assert.deepEqual(
      servers.map(({ requests }) => requests.length),
      [1, 3],
    );
    await pair.close();
    for (const server of servers) await server.close();
  });
});
