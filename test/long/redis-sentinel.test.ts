import assert from "node:assert/strict";
import type { Cache } from "../../services/guide-composer/cache/cache.ts";
import { ask, createTestCache, eventually, keysOf, Source, textOf, valueOf } from "../cache/harness.ts";
import { startRedisFailover, type RedisFailover } from "../support/redis/sentinel.ts";

/** Policy 7: what a call may lose once, and what the machine of a test may add to it. */
const ONCE_MS = 50 + 100;

describe("a Redis behind Sentinels", () => {
  let redis: RedisFailover;
  let caches: readonly Cache[] = [];
  let number = 0;
  const source = new Source(() => assert.fail("it was not said what to answer"));

  before(async function () {
    const started = await startRedisFailover();
    if (started === undefined) return this.skip();
    redis = started;
    caches = await Promise.all([1, 2].map(() => createTestCache(redis.url)));
  });
  after(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await redis?.close();
  });

  beforeEach(() => source.answer((key) => ({ state: "loaded", loaded: valueOf(`of ${key}`, Date.now()) })));

  const at = (index: number): Cache => {
    const cache = caches[index];
    assert.ok(cache);
    return cache;
  };
  async function callAnew() {
    number += 1;
    const keys = keysOf(String(number));
    const startMs = performance.now();
    const found = await ask(at(0), keys, source);
    const tookMs = performance.now() - startMs;
    for (const key of keys) assert.equal(textOf(found.get(key)), `of ${key}`);
    return { keys, tookMs, decisions: found.get(keys[0] ?? "")?.decisions ?? [] };
  }
  /** Whether what one composer loads is found by the other. */
  async function isShared(): Promise<boolean> {
    const { keys } = await callAnew();
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
    return (await ask(at(1), keys, source)).get(keys[0] ?? "")?.decisions.includes("HIT_REDIS") === true;
  }

  it("is found through the Sentinel that answers, and used", async () => {
    await eventually(isShared);
  });

  it("is used again after a failover, and no call fails meanwhile", async () => {
    await redis.master.kill();
    const slow: number[] = [];
    await eventually(async () => {
      const { tookMs, decisions } = await callAnew();
      if (tookMs > 20) slow.push(tookMs);
      await new Promise<void>((resolve) => setTimeout(resolve, 10));
      return !decisions.includes("BYPASS_REDIS");
    }, 15_000);
    assert.ok(slow.every((tookMs) => tookMs < ONCE_MS) && slow.length <= 3, `slow calls: ${slow.join(", ")}`);
    await eventually(isShared);
    assert.equal(at(0).redisLost(), false);
    // Evictions and refreshes are told over the new master.
    const { keys } = await callAnew();
    const [key = ""] = keys;
    await ask(at(1), keys, source);
    source.answer((asked) => ({ state: "loaded", loaded: valueOf(`new ${asked}`, Date.now()) }));
    await eventually(async () => {
      await ask(at(0), keys, source, { mode: "refresh" });
      await new Promise<void>((resolve) => setTimeout(resolve, 20));
      return textOf((await ask(at(1), keys, source)).get(key)) === `new ${key}`;
    });
    assert.deepEqual(await at(0).evict({ destination: `destinations/${number}` }), {
      count: keys.length,
      complete: true,
    });
    await eventually(
      async () => (await at(1).lookup.read(key, AbortSignal.timeout(1_000))) === undefined,
      1_000,
    );
  });

  it("goes on when the old master comes back as a replica", async () => {
    await redis.master.restart();
    for (let count = 0; count < 50; count += 1) {
      await callAnew();
      await new Promise<void>((resolve) => setTimeout(resolve, 10));
    }
    await eventually(isShared);
  });
});
