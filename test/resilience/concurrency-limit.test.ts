import assert from "node:assert/strict";
import fc from "fast-check";
import { createConcurrencyLimit } from "../../services/content-fetcher/resilience/concurrency-limit.ts";
import type { CallScope } from "../../services/content-fetcher/resilience/policy.ts";
import { callScope } from "../support/call-scope.ts";
import { createManualClock } from "../support/manual-clock.ts";

function setUp(maxActiveCount: number | undefined, ceilingCount = 30) {
  const limit = createConcurrencyLimit(createManualClock(), maxActiveCount, ceilingCount);
  const running: PromiseWithResolvers<void>[] = [];
  const run = (scope: Partial<CallScope> = {}, onStart = (): void => {}): Promise<void> =>
    limit.execute(() => {
      onStart();
      const call = Promise.withResolvers<void>();
      running.push(call);
      return call.promise;
    }, callScope(scope));
  return { limit, running, run };
}
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("concurrency limit", () => {
  it("runs as many at the same time as the provider allows", async () => {
    const { limit, running, run } = setUp(2);
    const calls = [run(), run(), run()];
    await settle();
    assert.equal(running.length, 2);
    assert.deepEqual([limit.activeCount(), limit.queuedCount()], [2, 1]);
    running[0]?.resolve();
    await settle();
    assert.equal(running.length, 3);
    for (const call of running) call.resolve();
    await Promise.all(calls);
    assert.deepEqual([limit.activeCount(), limit.queuedCount()], [0, 0]);
  });

  it("gives the place of a call that fails to the next one", async () => {
    const { running, run } = setUp(1);
    const failing = assert.rejects(run(), /failed/);
    const next = run();
    running[0]?.reject(new Error("failed"));
    await failing;
    await settle();
    running[1]?.resolve();
    await next;
  });

  it("lets callers in before refreshes, and those before warming", async () => {
    const { running, run } = setUp(1);
    const order: string[] = [];
    const calls = [run()];
    for (const priority of ["warming", "refresh", "interactive"] as const)
      calls.push(run({ priority }, () => order.push(priority)));
    for (let call = 0; call < 4; call += 1) {
      running[call]?.resolve();
      await settle();
    }
    await Promise.all(calls);
    assert.deepEqual(order, ["interactive", "refresh", "warming"]);
  });

  it("refuses with a delay when 100 wait", async () => {
    const { run } = setUp(1);
    const abort = new AbortController();
    const { signal } = abort;
    const calls = Array.from({ length: 101 }, () => run({ signal }));
    await assert.rejects(run({ signal }), { reason: "OVERLOADED", retryDelayMs: 10_000 });
    abort.abort(new Error("gone"));
    await Promise.allSettled(calls.slice(1));
  });

  describe("that nobody has published", () => {
    /** Keeps the limiter full while attempts take what the provider makes of so many at the same time. */
    async function load(setup: ReturnType<typeof setUp>, latencyMs: (activeCount: number) => number) {
      const { limit, running, run } = setup;
      const calls: Promise<void>[] = [];
      for (let attempt = 0; attempt < 400; attempt += 1) {
        while (limit.queuedCount() === 0) calls.push(run());
        limit.observe(latencyMs(limit.activeCount()), "answered");
        running.shift()?.resolve();
        await settle();
      }
      while (running.length > 0) {
        running.shift()?.resolve();
        await settle();
      }
      await Promise.all(calls);
    }

    it("grows to all sockets while latency stays", async () => {
      const setup = setUp(undefined);
      assert.equal(setup.limit.limitCount(), 8);
      await load(setup, () => 100);
      assert.equal(setup.limit.limitCount(), 30);
    });

    it("is found below where the provider begins to queue", async () => {
      const setup = setUp(undefined);
      // Ten at a time, the others wait for each other.
      await load(setup, (activeCount) => 100 * Math.max(1, activeCount / 10));
      const found = setup.limit.limitCount();
      assert.ok(found >= 6 && found <= 24, `${found}`);
    });

    it("shrinks with failures, never below one, and recovers", async () => {
      const setup = setUp(undefined);
      for (let failure = 0; failure < 50; failure += 1) setup.limit.observe(10, "failed");
      assert.equal(setup.limit.limitCount(), 1);
      await load(setup, () => 100);
      setup.limit.observe(10, "failed");
      assert.equal(setup.limit.limitCount(), 24);
    });
  });

  it("stays between one and what is allowed, whatever is observed", () => {
    const observation = fc.tuple(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.constantFrom("answered", "failed" as const),
    );
    fc.assert(
      fc.property(fc.array(observation), fc.integer({ min: 1, max: 8 }), (observations, allowed) => {
        const { limit } = setUp(allowed);
        for (const [latencyMs, end] of observations) {
          limit.observe(latencyMs, end);
          assert.ok(limit.limitCount() >= 1 && limit.limitCount() <= allowed);
        }
      }),
    );
  });
});
