import assert from "node:assert/strict";
import fc from "fast-check";
import type { CallScope } from "../../services/content-fetcher/resilience/policy.ts";
import { createQuota } from "../../services/content-fetcher/resilience/quota.ts";
import { callScope } from "../support/call-scope.ts";
import { createManualClock } from "../support/manual-clock.ts";

function setUp(maxCallsPerMinute: number | undefined, maxBurstCount: number) {
  const clock = createManualClock();
  const quota = createQuota({ clock, maxCallsPerMinute, maxBurstCount });
  const startsMs: number[] = [];
  const run = (scope: Partial<CallScope> = {}, onStart = (): void => {}): Promise<void> =>
    quota.execute(() => {
      startsMs.push(clock.now());
      onStart();
      return Promise.resolve();
    }, callScope(scope));
  return { clock, quota, startsMs, run };
}

describe("quota", () => {
  it("lets calls wait for their turn when that comes soon", async () => {
    const { clock, startsMs, run } = setUp(60, 1);
    const calls = [run(), run(), run()];
    await clock.advance(5000);
    await Promise.all(calls);
    assert.deepEqual(startsMs, [0, 1000, 2000]);
    assert.equal(clock.timerCount(), 0);
  });

  it("refuses at once a call whose turn comes too late, with the time to come back", async () => {
    const { clock, quota, run } = setUp(60, 1);
    await run();
    const waiting = Array.from({ length: 5 }, () => run());
    await assert.rejects(run(), { reason: "PROVIDER_RATE_LIMITED", retryDelayMs: 6000 });
    await assert.rejects(run({ endMs: 5000 }), { reason: "PROVIDER_RATE_LIMITED" });
    assert.equal(quota.queuedCount(), 5);
    await clock.advance(5000);
    await Promise.all(waiting);
  });

  it("lets callers in before refreshes, and those before warming", async () => {
    const { clock, run } = setUp(60, 1);
    await run();
    const order: string[] = [];
    const calls = (["warming", "refresh", "interactive"] as const).map((priority) =>
      run({ priority }, () => order.push(priority)),
    );
    await clock.advance(3000);
    await Promise.all(calls);
    assert.deepEqual(order, ["interactive", "refresh", "warming"]);
  });

  it("lets nobody pass who comes later at the same priority", async () => {
    const { clock, run } = setUp(60, 1);
    const order: number[] = [];
    const calls = [run({}, () => order.push(0)), run({}, () => order.push(1))];
    await clock.advance(999);
    calls.push(run({}, () => order.push(2)));
    await clock.advance(2000);
    await Promise.all(calls);
    assert.deepEqual(order, [0, 1, 2]);
  });

  it("forgets a caller that left, and its timer with the last one", async () => {
    const { clock, startsMs, run } = setUp(60, 1);
    await run();
    const abort = new AbortController();
    const leaving = run({ signal: abort.signal });
    const staying = run();
    abort.abort(new Error("gone"));
    await assert.rejects(leaving, /gone/);
    await clock.advance(1000);
    await staying;
    assert.deepEqual(startsMs, [0, 1000]);
    const last = new AbortController();
    const call = run({ signal: last.signal });
    last.abort(new Error("gone"));
    await assert.rejects(call, /gone/);
    assert.equal(clock.timerCount(), 0);
  });

  it("pauses for what the provider says, 30 s when it says nothing", async () => {
    const { clock, quota, startsMs, run } = setUp(undefined, 1);
    assert.equal(quota.headroomCount(), undefined);
    quota.pause(2000);
    assert.equal(quota.headroomCount(), 0);
    const waiting = run();
    await assert.rejects(run({ endMs: 2000 }), { reason: "PROVIDER_RATE_LIMITED", retryDelayMs: 2000 });
    await clock.advance(2000);
    await waiting;
    assert.deepEqual(startsMs, [2000]);
    quota.pause(undefined);
    await assert.rejects(run(), { reason: "PROVIDER_RATE_LIMITED", retryDelayMs: 30_000 });
    quota.pause(1000);
    await assert.rejects(run(), { retryDelayMs: 30_000 });
  });

  it("refuses those who wait when the pause grows too long for them", async () => {
    const { quota, run } = setUp(undefined, 1);
    quota.pause(2000);
    const waiting = assert.rejects(run(), { reason: "PROVIDER_RATE_LIMITED", retryDelayMs: 60_000 });
    quota.pause(60_000);
    await waiting;
  });

  it("follows the provider's own count until that is renewed", async () => {
    const { clock, quota, startsMs, run } = setUp(600, 600);
    quota.observe({ remainingCount: 2, resetMs: 3000 });
    assert.equal(quota.headroomCount(), 2);
    const calls = [run(), run(), run()];
    assert.equal(quota.headroomCount(), 0);
    await clock.advance(3000);
    await Promise.all(calls);
    assert.deepEqual(startsMs, [0, 0, 3000]);
    assert.equal(quota.headroomCount(), 599);
  });

  it("gives a repeated attempt its share only when there is one by then", async () => {
    const { clock, quota, run } = setUp(60, 1);
    await run();
    assert.equal(quota.take(999), false);
    assert.equal(quota.take(1000), true);
    await clock.advance(1000);
    assert.equal(quota.take(0), false);
  });

  it("sheds the least urgent when too many wait", async () => {
    const { quota, run } = setUp(undefined, 1);
    quota.pause(2000);
    const abort = new AbortController();
    const { signal } = abort;
    const calls = [
      ...Array.from({ length: 99 }, () => run({ signal })),
      run({ signal, priority: "warming" }),
    ];
    const shed = assert.rejects(calls[99] ?? Promise.resolve(), { reason: "OVERLOADED", retryDelayMs: 5000 });
    const urgent = run({ signal });
    await shed;
    await assert.rejects(run({ signal, priority: "refresh" }), { reason: "OVERLOADED" });
    abort.abort(new Error("gone"));
    await Promise.allSettled([...calls, urgent]);
  });

  it("never makes more calls in a span of time than the rate and the burst allow", async () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 40 });
    const rate = fc.integer({ min: 6, max: 600 });
    const burst = fc.integer({ min: 1, max: 10 });
    await fc.assert(
      fc.asyncProperty(arrivals, rate, burst, async (gapsMs, perMinute, burstCount) => {
        const { clock, startsMs, run } = setUp(perMinute, burstCount);
        const calls: Promise<unknown>[] = [];
        for (const gapMs of gapsMs) {
          await clock.advance(gapMs);
          calls.push(run().catch(() => {}));
        }
        await clock.advance(10_000);
        await Promise.all(calls);
        for (const [index, startMs] of startsMs.entries()) {
          for (const [further, laterMs] of startsMs.slice(index).entries()) {
            const allowed = burstCount + ((laterMs - startMs) / 60_000) * perMinute;
            assert.ok(further + 1 <= allowed + 1e-6);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
