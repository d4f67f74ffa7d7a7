import assert from "node:assert/strict";
import fc from "fast-check";
import type { CallScope } from "../../services/content-fetcher/resilience/policy.ts";
import { createRetryBudget } from "../../services/content-fetcher/resilience/retry-budget.ts";
import { createRetry, type RetryOptions } from "../../services/content-fetcher/resilience/retry.ts";
import { ServiceError, type Reason } from "../../shared/errors.ts";
import { callScope } from "../support/call-scope.ts";
import { createManualClock } from "../support/manual-clock.ts";

const unlimited = { earn: () => {}, spend: () => true };

function setUp(change: Partial<RetryOptions> = {}) {
  const clock = createManualClock();
  const retry = createRetry({
    clock,
    random: () => 0.5,
    budget: unlimited,
    expectedMs: () => undefined,
    takeQuota: () => true,
    ...change,
  });
  const attemptsMs: number[] = [];
  const run = (errors: readonly Error[], scope: Partial<CallScope> = {}): Promise<string> =>
    retry.execute(() => {
      const error = errors[attemptsMs.length];
      attemptsMs.push(clock.now());
      return error === undefined ? Promise.resolve("answer") : Promise.reject(error);
    }, callScope(scope));
  return { clock, attemptsMs, run };
}
const failure = (reason: Reason, retryDelayMs?: number): ServiceError =>
  new ServiceError(reason, "", retryDelayMs === undefined ? {} : { retryDelayMs });

describe("retry", () => {
  it("tries three times, after random pauses below 200 and 400 ms", async () => {
    const { clock, attemptsMs, run } = setUp();
    const call = run([failure("PROVIDER_UNAVAILABLE"), failure("PROVIDER_TIMEOUT")]);
    await clock.advance(1000);
    assert.equal(await call, "answer");
    assert.deepEqual(attemptsMs, [0, 100, 300]);
  });

  it("ends with the last error", async () => {
    const { clock, attemptsMs, run } = setUp();
    const call = assert.rejects(
      run([failure("PROVIDER_UNAVAILABLE"), failure("PROVIDER_UNAVAILABLE"), failure("PROVIDER_TIMEOUT")]),
      { reason: "PROVIDER_TIMEOUT" },
    );
    await clock.advance(1000);
    await call;
    assert.equal(attemptsMs.length, 3);
  });

  const NEVER = [
    "PROVIDER_RESPONSE_INVALID",
    "PROVIDER_ACCESS_DENIED",
    "PROVIDER_CIRCUIT_OPEN",
    "PROVIDER_RATE_LIMITED",
    "OVERLOADED",
    "DEADLINE_TOO_SHORT",
    "CALLER_GONE",
    "INTERNAL",
  ] as const;
  for (const reason of NEVER) {
    it(`does not repeat after ${reason}`, async () => {
      const { attemptsMs, run } = setUp();
      await assert.rejects(run([failure(reason)]), { reason });
      assert.equal(attemptsMs.length, 1);
    });
  }

  it("waits exactly as long as the provider says", async () => {
    const { clock, attemptsMs, run } = setUp();
    const call = run([failure("PROVIDER_RATE_LIMITED", 1500), failure("PROVIDER_UNAVAILABLE", 2000)]);
    await clock.advance(5000);
    assert.equal(await call, "answer");
    assert.deepEqual(attemptsMs, [0, 1500, 3500]);
  });

  it("gives up at once on a delay beyond the deadline or above 5 s, and hands it on", async () => {
    const { attemptsMs, run } = setUp();
    await assert.rejects(run([failure("PROVIDER_RATE_LIMITED", 1500)], { endMs: 1499 }), {
      retryDelayMs: 1500,
    });
    await assert.rejects(run([failure("PROVIDER_UNAVAILABLE"), failure("PROVIDER_RATE_LIMITED", 5001)]), {
      retryDelayMs: 5001,
    });
    assert.deepEqual(attemptsMs, [0, 0]);
  });

  it("starts nothing that cannot end by the deadline", async () => {
    const { attemptsMs, run } = setUp({ expectedMs: () => 400 });
    await assert.rejects(run([failure("PROVIDER_UNAVAILABLE")], { endMs: 499 }), {
      reason: "PROVIDER_UNAVAILABLE",
    });
    assert.equal(attemptsMs.length, 1);
  });

  it("does not repeat what may have taken effect and costs money, only what was refused", async () => {
    const paid = { repeatable: false };
    const { clock, attemptsMs, run } = setUp();
    await assert.rejects(run([failure("PROVIDER_TIMEOUT")], paid));
    await assert.rejects(run([failure("PROVIDER_UNAVAILABLE"), failure("PROVIDER_UNAVAILABLE")], paid));
    assert.equal(attemptsMs.length, 2);
    const call = run(
      [failure("PROVIDER_TIMEOUT"), failure("PROVIDER_TIMEOUT"), failure("PROVIDER_RATE_LIMITED", 10)],
      paid,
    );
    await clock.advance(10);
    assert.equal(await call, "answer");
  });

  it("leaves the pause with the caller", async () => {
    const { clock, attemptsMs, run } = setUp();
    const abort = new AbortController();
    const call = assert.rejects(run([failure("PROVIDER_UNAVAILABLE")], { signal: abort.signal }), /gone/);
    await clock.advance(50);
    abort.abort(new Error("gone"));
    await call;
    assert.equal(attemptsMs.length, 1);
    assert.equal(clock.timerCount(), 0);
  });

  it("tells the provider's failure when the circuit opens meanwhile", async () => {
    const { clock, run } = setUp();
    const call = assert.rejects(run([failure("PROVIDER_TIMEOUT"), failure("PROVIDER_CIRCUIT_OPEN")]), {
      reason: "PROVIDER_TIMEOUT",
    });
    await clock.advance(1000);
    await call;
  });

  it("asks the quota for each attempt more", async () => {
    const delaysMs: number[] = [];
    const { attemptsMs, run } = setUp({
      takeQuota: (delayMs) => {
        delaysMs.push(delayMs);
        return false;
      },
    });
    await assert.rejects(run([failure("PROVIDER_UNAVAILABLE")]), { reason: "PROVIDER_UNAVAILABLE" });
    assert.deepEqual(delaysMs, [100]);
    assert.equal(attemptsMs.length, 1);
  });
});

describe("retry budget", () => {
  it("gives two at the start and one for every ten calls", () => {
    const budget = createRetryBudget(createManualClock());
    assert.deepEqual([budget.spend(), budget.spend(), budget.spend()], [true, true, false]);
    for (let call = 0; call < 9; call += 1) budget.earn();
    assert.equal(budget.spend(), false);
    budget.earn();
    budget.earn();
    assert.equal(budget.spend(), true);
  });

  it("gives one to a provider that is called seldom, every 10 s", async () => {
    const clock = createManualClock();
    const budget = createRetryBudget(clock);
    budget.spend();
    budget.spend();
    await clock.advance(9_999);
    assert.equal(budget.spend(), false);
    await clock.advance(1);
    assert.deepEqual([budget.spend(), budget.spend()], [true, false]);
  });

  it("keeps the retries of any span of time to a tenth of its calls, what was saved and one per 10 s", async () => {
    const step = fc.record({
      advanceMs: fc.integer({ min: 0, max: 30_000 }),
      callCount: fc.integer({ min: 0, max: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const clock = createManualClock();
        const budget = createRetryBudget(clock);
        let callCount = 0;
        let retryCount = 0;
        for (const { advanceMs, callCount: more } of steps) {
          await clock.advance(advanceMs);
          for (let call = 0; call < more; call += 1) {
            budget.earn();
            callCount += 1;
            while (budget.spend()) retryCount += 1;
          }
        }
        assert.ok(retryCount <= 2 + callCount * 0.1 + clock.now() / 10_000 + 1e-6);
      }),
      { numRuns: 50 },
    );
  });
});
