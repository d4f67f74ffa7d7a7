import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { toJsonString } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import { ContentSchema, QueryAspect } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  BudgetLevel,
  ProviderOutcome_Kind as OutcomeKind,
  ProviderOutcomeSchema,
  SectionKindSchema,
  TravelGroup,
  type ProviderOutcome,
  type SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import type { Pool } from "../../services/content-fetcher/http/pool.ts";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { startProviderServer, type Fault, type ProviderServer } from "../support/provider-server.ts";
import { checkContent, isEmbedded, uriOf } from "./check-content.ts";
import { CONTRACT_FIXTURES, MAY_BE_EMPTY, type Answerer, type ContractFixture } from "./fixtures.ts";
import {
  NOW_MS,
  openAdapter,
  OPERATOR_CONTACT,
  TEST_KEY,
  queryOf,
  startPool,
  withAttemptTimeout,
  type Adapter,
  type QueryParts,
} from "./harness.ts";

/** What a caller can ask of a provider: a section, or places of a name. */
type Operation =
  | { readonly name: string; readonly kind: SectionKind }
  | { readonly name: "geocode"; readonly kind: undefined };

const kindName = (kind: SectionKind): string => SectionKindSchema.value[kind]?.localName ?? String(kind);

const operationsOf = (provider: Provider): Operation[] => [
  ...provider.offerings.map(({ kind }) => ({ name: kindName(kind), kind })),
  ...(provider.geocode === undefined ? [] : [{ name: "geocode" as const, kind: undefined }]),
];

/** Attempt timeout in tests, milliseconds: long enough for a true answer, short enough to wait for. */
const TIMEOUT_MS = 150;
/** What a test machine may be late by, milliseconds. */
const SLACK_MS = 100;

/** Looks until it is so. */
async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs) assert.fail(`not so within ${withinMs} ms: ${String(holds)}`);
    await delay(2);
  }
}

function statesItsTerms(provider: Provider): void {
  it("states its terms", () => {
    const { terms, limits } = provider;
    assert.ok(uriOf(terms.uri).startsWith("https://"));
    assert.notEqual(terms.attribution, "");
    if (!terms.storable) assert.equal(terms.maxStorageMs, undefined);
    assert.match(terms.license, /^([A-Za-z0-9.+-]+( AND [A-Za-z0-9.+-]+)*)?$/);
    assert.ok(provider.displayName !== "" && /^[a-z][a-z0-9-]*$/.test(provider.id));
    assert.ok(provider.offerings.length > 0 || provider.geocode !== undefined);
    for (const { setting, defaultUrl } of provider.origins) {
      assert.match(setting, /^[A-Z][A-Z0-9_]*_BASE_URL$/);
      assert.equal(new URL(defaultUrl).protocol, "https:");
    }
    if (!isEmbedded(provider)) assert.ok(limits.attemptTimeoutMs > 0 && limits.attemptTimeoutMs <= 10_000);
  });
}

function answersWithoutNetwork(provider: Provider): void {
  for (const { kind, dependsOn } of provider.offerings) {
    it(`answers ${kindName(kind)} with content that is cited, without a request`, async () => {
      const pool = startPool();
      const adapter = openAdapter(provider, { pool, baseUrl: "http://127.0.0.1:1" });
      const { content, outcome } = await adapter.fetch(kind);
      assert.equal(outcome.kind, OutcomeKind.CONTENT);
      assert.equal(outcome.attemptCount, 0);
      checkContent(provider, kind, content);
      adapter.close();
      await pool.close();
    });
    dependsOnWhatItDeclares(provider, kind, dependsOn, {}, () => undefined);
  }
}

/** A value for each aspect that differs from the default query's. */
const OTHER_VALUES: ReadonlyMap<QueryAspect, QueryParts> = new Map<QueryAspect, QueryParts>([
  [QueryAspect.LANGUAGE, { languageCode: "pt" }],
  [QueryAspect.MAX_LISTING_COUNT, { maxListingCount: 3 }],
  [QueryAspect.BUDGET_LEVEL, { preferences: { budgetLevel: BudgetLevel.LUXURY } }],
  [QueryAspect.CUISINES, { preferences: { cuisines: ["sushi"] } }],
  [QueryAspect.DIETARY_TAGS, { preferences: { dietaryTags: ["vegan"] } }],
  [QueryAspect.INTERESTS, { preferences: { interests: ["museums"] } }],
  [QueryAspect.TRAVEL_GROUP, { preferences: { travelGroup: TravelGroup.FAMILY } }],
  [QueryAspect.ACCESSIBILITY_NEEDS, { preferences: { accessibilityNeeds: ["wheelchair"] } }],
  [QueryAspect.MUST_SEE, { preferences: { mustSee: ["Castelo de São Jorge"] } }],
  [QueryAspect.AVOID, { preferences: { avoid: ["fado"] } }],
  [QueryAspect.DATES, { startDate: "2026-12-05", dayCount: 2 }],
]);

const combine = (base: QueryParts, others: readonly QueryParts[]): QueryParts =>
  others.reduce<QueryParts>(
    (all, other) => ({ ...all, ...other, preferences: { ...all.preferences, ...other.preferences } }),
    base,
  );

/** What a call sent and got, without the instants of the call itself. */
interface Exchange {
  readonly sent: readonly string[];
  readonly got: string;
}

function dependsOnWhatItDeclares(
  provider: Provider,
  kind: SectionKind,
  dependsOn: readonly QueryAspect[],
  base: QueryParts,
  server: () => ProviderServer | undefined,
): void {
  const undeclared = [...OTHER_VALUES.keys()].filter((aspect) => !dependsOn.includes(aspect));
  it(`asks and answers ${kindName(kind)} the same whatever it does not depend on`, async () => {
    const baseUrl = server()?.baseUrl ?? "http://127.0.0.1:1";
    const pool = startPool(baseUrl);
    const exchange = async (parts: QueryParts): Promise<Exchange> => {
      const adapter = openAdapter(provider, { pool, baseUrl });
      const before = server()?.requests.length ?? 0;
      const { content } = await adapter.fetch(kind, queryOf(parts));
      adapter.close();
      const sent = (server()?.requests ?? [])
        .slice(before)
        .map(({ method, url, body }) => `${method} ${url.pathname}${url.search} ${body}`)
        .sort();
      return { sent, got: content === undefined ? "" : toJsonString(ContentSchema, content) };
    };
    try {
      const expected = await exchange(base);
      await fc.assert(
        fc.asyncProperty(fc.subarray(undeclared, { minLength: 1 }), async (aspects) => {
          const parts = combine(
            base,
            aspects.flatMap((aspect) => OTHER_VALUES.get(aspect) ?? []),
          );
          assert.deepEqual(await exchange(parts), expected);
        }),
        { numRuns: 12, examples: [[undeclared]] },
      );
    } finally {
      await pool.close();
    }
  });
}

function keepsTheContract(provider: Provider, fixture: ContractFixture): void {
  let server: ProviderServer;
  let pool: Pool;
  let answer: Answerer = fixture.answer;

  before(async () => {
    server = await startProviderServer((request) => answer(request), { faultReplies: fixture.faultReplies });
    pool = startPool(server.baseUrl);
  });
  after(async () => {
    await pool.close();
    await server.close();
  });
  beforeEach(() => {
    server.reset();
    answer = fixture.answer;
  });

  const open = (attemptTimeoutMs?: number): Adapter =>
    openAdapter(attemptTimeoutMs === undefined ? provider : withAttemptTimeout(provider, attemptTimeoutMs), {
      pool,
      baseUrl: server.baseUrl,
    });
  const run = async (
    operation: Operation,
    adapter: Adapter = open(),
    signal?: AbortSignal,
  ): Promise<ProviderOutcome> => {
    const options = signal === undefined ? {} : { signal };
    if (operation.kind !== undefined)
      return (await adapter.fetch(operation.kind, queryOf(fixture.query), options)).outcome;
    const { outcomes } = await adapter.geocode(fixture.geocodeQuery ?? "", options);
    const [outcome] = outcomes;
    assert.ok(outcome);
    assert.deepEqual(adapter.defects, []);
    return outcome;
  };
  const assertFailed = (outcome: ProviderOutcome, reason: string, what: string): void => {
    assert.equal(toReason(outcome.reason), reason, what);
    assert.equal(outcome.kind, OutcomeKind.FAILED, what);
    assert.notEqual(outcome.detail, "", what);
  };

  for (const operation of operationsOf(provider)) {
    describe(operation.name, () => {
      it("gives what is there, complete and cited", async () => {
        if (operation.kind === undefined) {
          const { destinations, outcomes } = await open().geocode(fixture.geocodeQuery ?? "");
          assert.equal(outcomes[0]?.kind, OutcomeKind.CONTENT);
          assert.ok(destinations.length > 0 && destinations.length <= 5);
          for (const found of destinations) {
            assert.match(found.name, /^destinations\/(\d+|osm-[nwr]\d+|at-[ns]\d+-[ew]\d+)$/);
            assert.ok(found.displayName !== "" && found.location);
            assert.match(found.countryCode, /^([A-Z]{2})?$/);
            assert.ok(new Intl.DateTimeFormat("en", { timeZone: found.timeZone }));
          }
        } else {
          const { content, outcome } = await open().fetch(operation.kind, queryOf(fixture.query));
          if (MAY_BE_EMPTY.has(operation.kind) && outcome.kind === OutcomeKind.NOTHING_FOUND) return;
          assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
          checkContent(provider, operation.kind, content);
        }
        for (const request of server.requests) fixture.check(request);
      });

      it("says who is asking, and takes compressed answers", async () => {
        await run(operation);
        assert.ok(server.requests.length > 0);
        for (const { headers } of server.requests) {
          assert.equal(headers["user-agent"], `Wayfarer/0.1 (${OPERATOR_CONTACT})`);
          assert.match(String(headers["accept-encoding"]), /gzip/);
          assert.equal(headers["traceparent"], undefined);
        }
      });

      if (provider.keySetting !== undefined) {
        it("sends its key, and tells nobody of it", async () => {
          const told = [await run(operation)];
          const { requests } = server;
          const sent = requests.filter(({ url, headers }) =>
            [...url.searchParams.values(), ...Object.values(headers).flat()].some(
              (value) => value === TEST_KEY || value?.endsWith(` ${TEST_KEY}`),
            ),
          );
          assert.ok(sent.length > 0);
          for (const status of [400, 401, 403, 404, 500]) {
            server.setFault({ kind: "status", status, body: JSON.stringify({ message: TEST_KEY }) });
            told.push(await run(operation));
          }
          for (const outcome of told)
            assert.ok(!toJsonString(ProviderOutcomeSchema, outcome).includes(TEST_KEY));
        });
      }

      it("tells nothing there from a failure", async () => {
        answer = fixture.nothing.answer;
        const outcome = await run(operation);
        if (fixture.nothing.outcome === "NOTHING_FOUND") {
          assert.equal(outcome.kind, OutcomeKind.NOTHING_FOUND, outcome.detail);
          assert.equal(outcome.reason, 0);
        } else {
          // Asked to know: the answer ends before the dates.
          assert.equal(toReason(outcome.reason), fixture.nothing.outcome);
        }
      });

      it("obeys a 429, whether it names seconds, a date or no time", async () => {
        const cases: readonly [what: string, fault: Fault, minMs: number, maxMs: number][] = [
          ["seconds", { kind: "rate-limit", retryAfterSeconds: 90 }, 89_000, 90_000],
          ["date", { kind: "rate-limit", retryAtMs: NOW_MS + 120_000 }, 119_000, 120_000],
          ["no time", { kind: "rate-limit" }, 1, 86_400_000],
        ];
        for (const [what, fault, minMs, maxMs] of cases) {
          server.reset();
          server.setFault(fault);
          const adapter = open();
          const outcome = await run(operation, adapter);
          assertFailed(outcome, "PROVIDER_RATE_LIMITED", what);
          const sentCount = server.requests.length;
          const again = await run(operation, adapter);
          assert.equal(toReason(again.reason), "PROVIDER_RATE_LIMITED", what);
          assert.equal(again.kind, OutcomeKind.SKIPPED, what);
          assert.equal(server.requests.length, sentCount, `${what}: nothing is sent during the pause`);
          const delayMs = again.retryDelay === undefined ? 0 : durationMs(again.retryDelay);
          assert.ok(delayMs >= minMs && delayMs <= maxMs, `${what}: ${delayMs} ms`);
        }
      });

      const FAILURES: Readonly<Record<string, readonly [fault: Fault, reason: string]>> = {
        "500": [{ kind: "status", status: 500, body: "oops" }, "PROVIDER_UNAVAILABLE"],
        "503": [{ kind: "status", status: 503, body: "" }, "PROVIDER_UNAVAILABLE"],
        "504 with a web page": [
          { kind: "status", status: 504, body: "<html>timeout</html>" },
          "PROVIDER_UNAVAILABLE",
        ],
        "403": [{ kind: "status", status: 403, body: "<html>no</html>" }, "PROVIDER_ACCESS_DENIED"],
        "400": [{ kind: "status", status: 400, body: "<html>no</html>" }, "PROVIDER_RESPONSE_INVALID"],
        "a web page instead of JSON": [{ kind: "html" }, "PROVIDER_RESPONSE_INVALID"],
        "JSON that is cut off": [{ kind: "truncated" }, "PROVIDER_RESPONSE_INVALID"],
        "JSON of another shape": [{ kind: "wrong-schema" }, "PROVIDER_RESPONSE_INVALID"],
        "an empty body": [{ kind: "empty" }, "PROVIDER_RESPONSE_INVALID"],
        "a broken connection": [{ kind: "reset" }, "PROVIDER_UNAVAILABLE"],
        "a body that breaks off": [{ kind: "cut" }, "PROVIDER_UNAVAILABLE"],
        ...(fixture.remarkReason !== undefined && {
          "a failure inside a 200": [{ kind: "remark" }, fixture.remarkReason] as const,
        }),
      };
      for (const [what, [fault, reason]] of Object.entries(FAILURES)) {
        it(`names the failure: ${what}`, async () => {
          server.setFault(fault);
          assertFailed(await run(operation), reason, what);
          server.setFault(undefined);
          const { kind } = await run(operation);
          assert.ok(kind === OutcomeKind.CONTENT || kind === OutcomeKind.NOTHING_FOUND, "recovers");
        });
      }

      for (const kind of ["hang", "drip"] as const) {
        it(`gives up at its attempt timeout when the provider ${kind === "hang" ? "hangs" : "drips"}`, async () => {
          server.setFault({ kind });
          const startMs = performance.now();
          const outcome = await run(operation, open(TIMEOUT_MS));
          const tookMs = performance.now() - startMs;
          assertFailed(outcome, "PROVIDER_TIMEOUT", kind);
          assert.ok(tookMs >= TIMEOUT_MS - 5, `${tookMs} ms`);
          assert.ok(tookMs <= (TIMEOUT_MS + SLACK_MS) * Math.max(1, outcome.attemptCount), `${tookMs} ms`);
        });
      }

      it("closes its socket when nobody waits any more", async () => {
        server.setFault({ kind: "hang" });
        const caller = new AbortController();
        const gone = new Error("the caller has gone");
        const outcome = run(operation, open(), caller.signal);
        outcome.catch(() => {});
        await until(() => server.requests.length > 0, 1_000);
        const idleCount = server.openSocketCount() - server.requests.length;
        caller.abort(gone);
        await assert.rejects(outcome, (error) => error === gone);
        await until(() => server.openSocketCount() <= idleCount, SLACK_MS);
      });
    });
  }

  for (const { kind, dependsOn } of provider.offerings)
    dependsOnWhatItDeclares(provider, kind, dependsOn, fixture.query, () => server);
}

describe("adapters: the contract", () => {
  it("has fixtures for every provider of the registry", () => {
    for (const provider of PROVIDERS) {
      if (isEmbedded(provider)) continue;
      assert.ok(provider.id in CONTRACT_FIXTURES, `test/adapters/fixtures.ts has no row for ${provider.id}`);
      const folder = new URL(`../fixtures/${provider.id}/`, import.meta.url);
      assert.ok(existsSync(folder), `test/fixtures/${provider.id}/ is missing`);
    }
  });

  for (const provider of PROVIDERS) {
    describe(provider.id, () => {
      statesItsTerms(provider);
      if (isEmbedded(provider)) {
        answersWithoutNetwork(provider);
        return;
      }
      const fixture = CONTRACT_FIXTURES[provider.id];
      if (fixture !== undefined) keepsTheContract(provider, fixture);
    });
  }
});
