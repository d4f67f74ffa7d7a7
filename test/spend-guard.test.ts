import assert from "node:assert/strict";
import fc from "fast-check";
import { createSpendGuard, type Purpose } from "../services/guide-composer/cost/spend-guard.ts";

describe("spend guard", () => {
  it("lets callers go before refreshes and those before warming", () => {
    const guard = createSpendGuard(
      100,
      () => true,
      () => 0,
    );
    assert.equal(guard.take(40, "warming"), undefined);
    assert.equal(guard.take(1, "warming"), 60_000);
    assert.equal(guard.take(30, "refresh"), undefined);
    assert.equal(guard.take(1, "refresh"), 60_000);
    assert.equal(guard.take(30, "caller"), undefined);
    assert.equal(guard.take(1, "caller"), 60_000);
    assert.equal(guard.callCount(), 100);
  });

  it("refuses nothing while the cache is there, and counts it for when it is lost", () => {
    let lost = false;
    const guard = createSpendGuard(
      10,
      () => lost,
      () => 0,
    );
    assert.equal(guard.take(500, "warming"), undefined);
    lost = true;
    assert.notEqual(guard.take(1, "caller"), undefined);
  });

  it("says when there is room again", () => {
    let nowMs = 0;
    const guard = createSpendGuard(
      10,
      () => true,
      () => nowMs,
    );
    guard.take(6, "caller");
    nowMs = 20_000;
    guard.take(4, "caller");
    nowMs = 30_000;
    const waitMs = guard.take(5, "caller");
    assert.equal(waitMs, 30_000);
    nowMs += waitMs;
    assert.equal(guard.take(5, "caller"), undefined);
  });

  it("R9: lets no minute exceed the limit, whoever calls when", () => {
    const call = fc.record({
      afterMs: fc.nat(20_000),
      count: fc.integer({ min: 1, max: 15 }),
      purpose: fc.constantFrom<Purpose>("caller", "refresh", "warming"),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        let nowMs = 0;
        const guard = createSpendGuard(
          40,
          () => true,
          () => nowMs,
        );
        const made: { readonly atMs: number; readonly count: number }[] = [];
        for (const { afterMs, count, purpose } of calls) {
          nowMs += afterMs;
          if (guard.take(count, purpose) === undefined) made.push({ atMs: nowMs, count });
        }
        for (const { atMs } of made) {
          const sum = made
            .filter((other) => other.atMs > atMs - 60_000 && other.atMs <= atMs)
            .reduce((total, { count }) => total + count, 0);
          assert.ok(sum <= 40, `${sum} in a minute`);
        }
      }),
    );
  });
});
