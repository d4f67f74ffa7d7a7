import assert from "node:assert/strict";
import fc from "fast-check";
import { createBreaker } from "../../services/content-fetcher/resilience/breaker.ts";
import { ServiceError, type Reason } from "../../shared/errors.ts";
import { callScope } from "../support/call-scope.ts";
import { createManualClock } from "../support/manual-clock.ts";

const FAILURES = ["PROVIDER_UNAVAILABLE", "PROVIDER_TIMEOUT", "PROVIDER_RESPONSE_INVALID"] as const;
const NO_FAILURES = [
  "PROVIDER_RATE_LIMITED",
  "PROVIDER_ACCESS_DENIED",
  "CALLER_GONE",
  "DEADLINE_EXPIRED",
  "OVERLOADED",
] as const;

function setUp(random: () => number = () => 1) {
  const clock = createManualClock();
  const breaker = createBreaker(clock, random);
  const counts = { calls: 0 };
  const run = (call: () => Promise<unknown>): Promise<unknown> =>
    breaker.execute(() => {
      counts.calls += 1;
      return call();
    }, callScope());
  const fail = async (reason: Reason, metadata: Record<string, string> = {}): Promise<void> => {
    await run(() => Promise.reject(new ServiceError(reason, "", { metadata }))).catch(() => {});
  };
  return { clock, breaker, counts, run, fail, answer: () => run(() => Promise.resolve("answer")) };
}

describe("breaker", () => {
  for (const reason of FAILURES) {
    it(`opens after 5 times ${reason} in a row, and refuses without a call`, async () => {
      const { breaker, counts, fail, answer } = setUp();
      for (let failure = 0; failure < 5; failure += 1) await fail(reason);
      assert.equal(breaker.state(), "open");
      await assert.rejects(answer(), { reason: "PROVIDER_CIRCUIT_OPEN", retryDelayMs: 500 });
      assert.equal(counts.calls, 5);
    });
  }

  for (const reason of NO_FAILURES) {
    it(`stays closed after ${reason}, however often`, async () => {
      const { breaker, fail } = setUp();
      for (let failure = 0; failure < 50; failure += 1) await fail(reason);
      assert.equal(breaker.state(), "closed");
    });
  }

  it("takes a 404 for an answer", async () => {
    const { breaker, fail } = setUp();
    for (let failure = 0; failure < 50; failure += 1)
      await fail("PROVIDER_RESPONSE_INVALID", { status: "404" });
    assert.equal(breaker.state(), "closed");
  });

  it("opens when 10 of the last 20 attempts failed, though never 5 in a row", async () => {
    const { breaker, fail, answer } = setUp();
    for (let turn = 0; turn < 9; turn += 1) {
      await fail("PROVIDER_UNAVAILABLE");
      await answer();
    }
    assert.equal(breaker.state(), "closed");
    await fail("PROVIDER_UNAVAILABLE");
    assert.equal(breaker.state(), "open");
  });

  it("never lets 11 failures of 20 attempts pass, whatever their order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 30, maxLength: 60 }), async (answers) => {
        const { breaker, fail, answer } = setUp();
        const seen: boolean[] = [];
        for (const answered of answers) {
          if (breaker.state() !== "closed") break;
          await (answered ? answer() : fail("PROVIDER_TIMEOUT"));
          seen.push(answered);
          assert.ok(seen.slice(-20).filter((other) => !other).length <= 10);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("lets one probe through after the pause, refuses beside it, and closes with its answer", async () => {
    const { clock, breaker, counts, fail, run, answer } = setUp();
    for (let failure = 0; failure < 5; failure += 1) await fail("PROVIDER_UNAVAILABLE");
    await clock.advance(499);
    await assert.rejects(answer(), { reason: "PROVIDER_CIRCUIT_OPEN" });
    await clock.advance(1);
    assert.equal(breaker.state(), "half-open");
    const probe = Promise.withResolvers<string>();
    const probing = run(() => probe.promise);
    await assert.rejects(answer(), { reason: "PROVIDER_CIRCUIT_OPEN" });
    assert.equal(counts.calls, 6);
    probe.resolve("answer");
    assert.equal(await probing, "answer");
    assert.equal(breaker.state(), "closed");
    assert.equal(await answer(), "answer");
  });

  it("stays open longer with each failed probe, 1.5 s at most", async () => {
    const { clock, breaker, fail } = setUp();
    for (let failure = 0; failure < 5; failure += 1) await fail("PROVIDER_UNAVAILABLE");
    for (const openMs of [500, 1000, 1500, 1500]) {
      await clock.advance(openMs - 1);
      assert.equal(breaker.state(), "open");
      await clock.advance(1);
      assert.equal(breaker.state(), "half-open");
      await fail("PROVIDER_UNAVAILABLE");
    }
  });

  it("spreads probes between half of the pause and all of it", async () => {
    const { clock, breaker, fail } = setUp(() => 0);
    for (let failure = 0; failure < 5; failure += 1) await fail("PROVIDER_UNAVAILABLE");
    await clock.advance(250);
    assert.equal(breaker.state(), "half-open");
  });

  it("lets the next attempt probe when the caller of a probe leaves", async () => {
    const { clock, breaker, fail, answer } = setUp();
    for (let failure = 0; failure < 5; failure += 1) await fail("PROVIDER_UNAVAILABLE");
    await clock.advance(500);
    await fail("CALLER_GONE");
    assert.equal(breaker.state(), "half-open");
    await answer();
    assert.equal(breaker.state(), "closed");
  });

  it("leaves a provider alone that fails once and says for how long, a minute at most", async () => {
    const { clock, breaker, run, answer } = setUp();
    const failFor = (retryDelayMs: number): Promise<unknown> =>
      run(() => Promise.reject(new ServiceError("PROVIDER_UNAVAILABLE", "", { retryDelayMs }))).catch(
        () => {},
      );
    await failFor(5_000);
    await assert.rejects(answer(), { reason: "PROVIDER_CIRCUIT_OPEN", retryDelayMs: 4_998 });
    await clock.advance(5_000);
    assert.equal(breaker.state(), "half-open");
    await failFor(3_600_000);
    await assert.rejects(answer(), { reason: "PROVIDER_CIRCUIT_OPEN", retryDelayMs: 59_998 });
    await clock.advance(60_000);
    assert.equal(await answer(), "answer");
  });

  it("ignores what was under way when it opened", async () => {
    const { clock, breaker, fail, run } = setUp();
    const late = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
    const calls = late.map(({ promise }) => run(() => promise));
    for (let failure = 0; failure < 5; failure += 1) await fail("PROVIDER_UNAVAILABLE");
    late[0].resolve("answer");
    await calls[0];
    assert.equal(breaker.state(), "open");
    await clock.advance(500);
    const probe = Promise.withResolvers<string>();
    const probing = run(() => probe.promise);
    late[1].resolve("answer");
    await calls[1];
    assert.equal(breaker.state(), "half-open");
    probe.resolve("answer");
    await probing;
    assert.equal(breaker.state(), "closed");
  });

  it("refuses at the gate while it is open or tried, and takes no probe there", async () => {
    const { clock, breaker, fail, run } = setUp();
    const pass = (): Promise<string> => breaker.gate.execute(() => Promise.resolve("passed"), callScope());
    assert.equal(await pass(), "passed");
    for (let failure = 0; failure < 5; failure += 1) await fail("PROVIDER_UNAVAILABLE");
    await assert.rejects(pass(), { reason: "PROVIDER_CIRCUIT_OPEN", retryDelayMs: 500 });
    await clock.advance(500);
    assert.equal(await pass(), "passed");
    assert.equal(breaker.state(), "half-open");
    const probe = Promise.withResolvers<string>();
    const probing = run(() => probe.promise);
    await assert.rejects(pass(), { reason: "PROVIDER_CIRCUIT_OPEN" });
    probe.resolve("answer");
    await probing;
    assert.equal(await pass(), "passed");
  });
});
