import assert from "node:assert/strict";
import { createCacheStats, GUIDE, toSnapshot } from "../services/guide-composer/stats/cache-stats.ts";
import { createLastSeen } from "../services/guide-composer/stats/last-seen.ts";

describe("what a content looked like when it was last seen", () => {
  it("is compared by its digest", () => {
    const lastSeen = createLastSeen();
    assert.equal(lastSeen.see("a", "1"), "first");
    assert.equal(lastSeen.see("a", "1"), "same");
    assert.equal(lastSeen.see("a", "2"), "changed");
    assert.equal(lastSeen.see("b", "2"), "first");
    assert.equal(lastSeen.see("a", "2"), "same");
  });

  it("is forgotten when it is the longest ago of too many", () => {
    const lastSeen = createLastSeen();
    lastSeen.see("old", "1");
    lastSeen.see("renewed", "1");
    for (let index = 0; index < 19_998; index += 1) lastSeen.see(`x${index}`, "1");
    assert.equal(lastSeen.see("renewed", "1"), "same");
    lastSeen.see("one more", "1");
    assert.equal(lastSeen.see("old", "1"), "first");
    assert.equal(lastSeen.see("renewed", "1"), "same");
  });
});

describe("statistics of the cache", () => {
  const NOTHING = { bytes: 0, savedCallCount: 0, savedCostUsdMicros: 0n };

  it("count decisions, bytes and what was saved by section, here and for the cluster", () => {
    const cluster = new Map<string, number>();
    const stats = createCacheStats(
      (counter, count) => cluster.set(counter, (cluster.get(counter) ?? 0) + count),
      createLastSeen(),
    );
    stats.lookedUp("WEATHER", ["HIT_MEMORY", "REFRESH_AHEAD"], {
      bytes: 10,
      savedCallCount: 1,
      savedCostUsdMicros: 5n,
    });
    stats.lookedUp("WEATHER", ["HIT_MEMORY"], { bytes: 10, savedCallCount: 0, savedCostUsdMicros: 0n });
    stats.lookedUp(GUIDE, ["MISS_COLD"], NOTHING);
    stats.loaded("WEATHER", "key", "1");
    stats.loaded("WEATHER", "key", "1");
    stats.loaded("WEATHER", "key", "2");
    stats.evicted(3);
    stats.evicted(0);
    for (const { sections, evictedCount } of [stats.snapshot(), toSnapshot(cluster)]) {
      assert.equal(evictedCount, 3);
      assert.deepEqual(Object.fromEntries(sections.get("WEATHER")?.decisions ?? []), {
        HIT_MEMORY: 2,
        REFRESH_AHEAD: 1,
      });
      assert.deepEqual(sections.get("WEATHER")?.counters, {
        "hit-bytes": 20,
        "saved-calls": 1,
        "saved-cost-usd-micros": 5,
        refreshes: 2,
        changed: 1,
      });
      assert.deepEqual(Object.fromEntries(sections.get(GUIDE)?.decisions ?? []), { MISS_COLD: 1 });
    }
  });

  it("pass over what another version of us has counted", () => {
    const { sections, evictedCount } = toSnapshot(
      new Map([
        ["WEATHER|HIT|of another form", 1],
        ["no counter", 1],
        ["|unknown", 1],
      ]),
    );
    assert.equal(sections.size, 0);
    assert.equal(evictedCount, 0);
  });
});
