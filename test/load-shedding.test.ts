import assert from "node:assert/strict";
import fc from "fast-check";
import { createAdaptiveLimit } from "../shared/load-shedding.ts";

const CALM_MS = 1;
const LATE_MS = 30;
/** Long enough to be overload by itself. */
const LOOK_MS = 1_000;

describe("load shedding", () => {
  const fill = (limit: ReturnType<typeof createAdaptiveLimit>): number => {
    let count = 0;
    while (limit.admit() === undefined) count += 1;
    return count;
  };

  it("lets in as many calls as the setting says while the loop does well, and says when to come back", () => {
    const limit = createAdaptiveLimit({ maxConcurrentCount: 10 });
    assert.equal(fill(limit), 10);
    assert.ok((limit.admit() ?? 0) > 0);
    assert.equal(limit.refusedCount(), 2);
    limit.release();
    assert.equal(limit.admit(), undefined);
  });

  it("takes a loop that is late for a moment for no overload, and one that stays late for one", () => {
    const limit = createAdaptiveLimit({ maxConcurrentCount: 100 });
    for (let count = 0; count < 50; count += 1) limit.admit();
    limit.look(LATE_MS, 999);
    assert.equal(limit.limit(), 100);
    limit.look(CALM_MS, 50);
    limit.look(LATE_MS, 500);
    assert.equal(limit.limit(), 100);
    limit.look(LATE_MS, 500);
    // From what was under way, not from a limit that nobody had reached.
    assert.equal(limit.limit(), 40);
  });

  it("refuses never all, however late the loop is", () => {
    const limit = createAdaptiveLimit({ maxConcurrentCount: 100 });
    for (let look = 0; look < 100; look += 1) limit.look(LATE_MS, LOOK_MS);
    assert.ok(fill(limit) >= 1);
  });

  it("comes back to the setting when the loop does well", () => {
    const limit = createAdaptiveLimit({ maxConcurrentCount: 100 });
    for (let count = 0; count < 100; count += 1) limit.admit();
    for (let look = 0; look < 20; look += 1) limit.look(LATE_MS, LOOK_MS);
    assert.ok(limit.limit() < 20);
    for (let count = 0; count < 100; count += 1) limit.release();
    for (let look = 0; look < 20; look += 1) limit.look(CALM_MS, LOOK_MS);
    assert.equal(limit.limit(), 100);
  });

  it("finds what a server can work on, and stays near it", () => {
    // A server whose loop is late as soon as more than 20 calls are under way.
    const limit = createAdaptiveLimit({ maxConcurrentCount: 1_000 });
    const limits: number[] = [];
    for (let look = 0; look < 400; look += 1) {
      const admitted = fill(limit);
      const active = limit.activeCount();
      limit.look(active > 20 ? LATE_MS : CALM_MS, LOOK_MS);
      for (let count = 0; count < admitted; count += 1) limit.release();
      if (look > 100) limits.push(active);
    }
    const mean = limits.reduce((sum, count) => sum + count, 0) / limits.length;
    assert.ok(mean > 15 && mean < 25, String(mean));
  });

  it("counts every call once, whatever comes in which order", () => {
    const step = fc.oneof(
      fc.constant("admit" as const),
      fc.constant("release" as const),
      fc.double({ min: 0, max: 100, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step), (maxConcurrentCount, steps) => {
        const limit = createAdaptiveLimit({ maxConcurrentCount });
        let active = 0;
        for (const now of steps) {
          if (now === "admit") active += limit.admit() === undefined ? 1 : 0;
          else if (now === "release") {
            if (active === 0) continue;
            limit.release();
            active -= 1;
          } else limit.look(now, LOOK_MS);
          assert.equal(limit.activeCount(), active);
          assert.ok(active <= maxConcurrentCount && limit.limit() >= 1);
          assert.ok(limit.limit() <= maxConcurrentCount);
        }
      }),
    );
  });
});
