import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { createPipeline } from "../../services/content-fetcher/resilience/pipeline.ts";
import { ServiceError, toReason } from "../../shared/errors.ts";
import { Provider_State as State } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { ProviderOutcome_Kind as Kind, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { callScope } from "../support/call-scope.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type Fault, type ProviderServer } from "../support/provider-server.ts";

describe("R4: a provider that is fully down", () => {
  let server: ProviderServer;
  let fetcher: FetcherUnderTest;
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
  });
  after(() => server.close());
  beforeEach(async () => {
    server.reset();
    fetcher = await startFetcherFor([plainProvider("plain", { attemptTimeoutMs: 50 })], {
      [plainOrigin("plain")]: server.baseUrl,
    });
  });
  afterEach(() => fetcher.close());

  const ask = async () => {
    const { outcome } = await fetcher.client.fetchContent({
      target: { provider: "providers/plain", sectionKind: SectionKind.OVERVIEW },
      query: lisbonQuery(),
    });
    assert.ok(outcome);
    return outcome;
  };
  const listed = async () => {
    const { providers } = await fetcher.client.listProviders({});
    const [provider] = providers;
    assert.ok(provider);
    return provider;
  };

  const DOWN: Readonly<Record<string, Fault>> = {
    "server errors": { kind: "status", status: 503 },
    "reset connections": { kind: "reset" },
    silence: { kind: "hang" },
  };
  for (const [how, fault] of Object.entries(DOWN)) {
    it(`is left alone within 10 failures, with ${how}, and back with its first answer`, async () => {
      server.setFault(fault);
      let outcome = await ask();
      assert.equal((await listed()).lastErrorReason, outcome.reason);
      while (toReason(outcome.reason) !== "PROVIDER_CIRCUIT_OPEN") outcome = await ask();
      assert.ok(server.requests.length <= 10, `${server.requests.length} requests`);
      assert.deepEqual([outcome.kind, outcome.attemptCount], [Kind.SKIPPED, 0]);
      assert.ok(outcome.retryDelay);
      assert.notEqual((await listed()).state, State.ACTIVE);
      const before = server.requests.length;
      for (let call = 0; call < 10 && (await listed()).state === State.SUSPENDED; call += 1) await ask();
      assert.ok(server.requests.length <= before + 1);

      server.setFault(undefined);
      server.requests.length = 0;
      while ((outcome = await ask()).kind !== Kind.CONTENT) {
        assert.equal(server.requests.length, 0);
        await delay(5);
      }
      assert.deepEqual([outcome.attemptCount, server.requests.length], [1, 1]);
      assert.equal((await listed()).state, State.ACTIVE);
    });
  }

  it("for 60 s at 50 calls a second: hardly an attempt, and 95 % answered 2 s after it is back", async function () {
    this.timeout(20_000);
    const clock = createManualClock();
    let seed = 1;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const pipeline = createPipeline({
      origins: ["PLAIN"],
      attemptTimeoutMs: 5_000,
      maxConcurrentCount: 30,
      maxCallsPerMinute: undefined,
      maxBurstCount: 1,
      hedged: false,
      clock,
      random,
    });
    const DOWN_MS = 60_000;
    const attemptsMs: number[] = [];
    const calls: { readonly startMs: number; readonly ended: Promise<boolean> }[] = [];
    const attempt = (): Promise<void> => {
      attemptsMs.push(clock.now());
      return clock.now() < DOWN_MS
        ? Promise.reject(new ServiceError("PROVIDER_UNAVAILABLE", "down"))
        : Promise.resolve();
    };
    while (clock.now() < DOWN_MS + 4_000) {
      const scope = callScope({ endMs: clock.now() + 15_000 });
      const ended = pipeline
        .to("PLAIN")
        .execute(attempt, scope)
        .then(
          () => true,
          () => false,
        );
      calls.push({ startMs: clock.now(), ended });
      await clock.advance(20);
    }
    const between = (fromMs: number, toMs: number) => (ms: number) => ms >= fromMs && ms < toMs;
    const whileDown = between(1_000, DOWN_MS);
    const callCount = calls.filter(({ startMs }) => whileDown(startMs)).length;
    const attemptCount = attemptsMs.filter(whileDown).length;
    assert.equal(callCount, 2_950);
    assert.ok(attemptCount <= 1.1 * callCount, `${attemptCount} attempts`);
    // A probe now and then is all.
    assert.ok(attemptCount <= 100, `${attemptCount} attempts`);
    const later = calls.filter(({ startMs }) => startMs >= DOWN_MS + 2_000);
    const answered = (await Promise.all(later.map(({ ended }) => ended))).filter(Boolean).length;
    assert.ok(answered >= 0.95 * later.length, `${answered} of ${later.length}`);
  });

  it("gets at most 1.1 attempts a call even where its circuit cannot open", async () => {
    const clock = createManualClock();
    const pipeline = createPipeline({
      origins: ["PLAIN"],
      attemptTimeoutMs: 5_000,
      maxConcurrentCount: 30,
      maxCallsPerMinute: undefined,
      maxBurstCount: 1,
      hedged: false,
      clock,
      random: () => 0.5,
    });
    let callCount = 0;
    let attemptCount = 0;
    // Every third attempt fails, never two in a row in time for the circuit.
    const attempt = (): Promise<void> => {
      attemptCount += 1;
      return attemptCount % 3 === 0
        ? Promise.reject(new ServiceError("PROVIDER_UNAVAILABLE", "down"))
        : Promise.resolve();
    };
    const calls: Promise<unknown>[] = [];
    for (; callCount < 1_000; callCount += 1) {
      if (clock.now() === 1_000) {
        callCount = 0;
        attemptCount = 0;
      }
      calls.push(
        pipeline
          .to("PLAIN")
          .execute(attempt, callScope())
          .catch(() => {}),
      );
      await clock.advance(20);
    }
    await clock.advance(1_000);
    await Promise.all(calls);
    assert.equal(pipeline.status().circuit, "closed");
    assert.ok(attemptCount <= 1.1 * callCount, `${attemptCount} attempts of ${callCount} calls`);
  });
});
