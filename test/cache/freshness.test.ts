import assert from "node:assert/strict";
import fc from "fast-check";
import type { Cache } from "../../services/guide-composer/cache/cache.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { ask, createTestCache, keysOf, LIFE_MS, Source, valueOf } from "./harness.ts";

const KEY_COUNT = 3;

/** One thing that happens, as the test makes it up. */
type Step =
  | { readonly type: "pass"; readonly ms: number }
  | { readonly type: "clock step"; readonly ms: number }
  | { readonly type: "evict" }
  | {
      readonly type: "provider";
      readonly state: "well" | "failing" | "cut off" | "not to be stored";
      readonly lifeMs: number;
    }
  | { readonly type: "ask"; readonly at: number; readonly maxAgeMs: number; readonly maxStaleMs: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant("pass" as const), ms: fc.nat(LIFE_MS) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("evict" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("provider" as const),
      state: fc.constantFrom("well", "failing", "cut off", "not to be stored" as const),
      lifeMs: fc.integer({ min: 1, max: LIFE_MS }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("ask" as const),
      at: fc.nat(1),
      maxAgeMs: fc.oneof(fc.constant(Infinity), fc.nat(LIFE_MS)),
      maxStaleMs: fc.oneof(fc.constant(0), fc.nat(2 * LIFE_MS)),
    }),
  },
);
const clockStep: fc.Arbitrary<Step> = fc.record({
  type: fc.constant("clock step" as const),
  ms: fc.integer({ min: -LIFE_MS, max: LIFE_MS }),
});

/** Plays the steps on composers that share a clock, and checks every answer against what was promised. */
async function play(
  steps: readonly Step[],
  create: (now: () => number) => Promise<readonly Cache[]>,
  destination: string,
  seen: Set<string> = new Set(),
): Promise<void> {
  let nowMs = 1_800_000_000_000;
  /** How far the clock has been wrong at most: that much past a promise is not ours. */
  let toleranceMs = 0;
  let evictedMs = -Infinity;
  let state: "well" | "failing" | "cut off" | "not to be stored" = "well";
  let lifeMs = LIFE_MS;
  const keys = keysOf(destination, KEY_COUNT);
  const source = new Source((key) =>
    state === "failing"
      ? { state: "failed", error: new Error("the provider is down") }
      : {
          state: "loaded",
          loaded: valueOf(key, nowMs, {
            expireMs: nowMs + lifeMs,
            storable: state === "well",
            forbidden: state === "not to be stored",
          }),
        },
  );
  const caches = await create(() => nowMs);
  try {
    for (const now of steps) {
      if (now.type === "pass") nowMs += now.ms;
      if (now.type === "clock step") {
        nowMs += now.ms;
        toleranceMs += Math.abs(now.ms);
      }
      if (now.type === "provider") [state, lifeMs] = [now.state, now.lifeMs];
      if (now.type === "evict") {
        await caches[0]?.evict({ destination: `destinations/${destination}` });
        evictedMs = nowMs;
      }
      if (now.type !== "ask") continue;
      const cache = caches[now.at % caches.length];
      assert.ok(cache);
      for (const [key, found] of await ask(cache, keys, source, now)) {
        for (const decision of found.decisions) seen.add(decision);
        if (found.state !== "found") {
          assert.equal(state, "failing");
          continue;
        }
        assert.equal(Buffer.from(found.entry.bytes).toString(), key);
        if (found.loadedNow) continue;
        const { storedMs, expireMs } = found.entry;
        const stale = found.decisions.includes("HIT_STALE");
        assert.ok(expireMs + (stale ? now.maxStaleMs : 0) + toleranceMs > nowMs, "served past its promise");
        if (!stale) assert.ok(nowMs - storedMs <= now.maxAgeMs, "older than asked for");
        assert.ok(storedMs + toleranceMs >= evictedMs, "served after its eviction");
        // What may not be kept was kept by nobody.
        if (!stale) assert.ok(found.decisions.every((decision) => !decision.startsWith("NO")));
      }
    }
  } finally {
    await Promise.all(caches.map((cache) => cache.close()));
  }
}

describe("freshness", () => {
  const alone = async (now: () => number): Promise<readonly Cache[]> => [
    await createTestCache(undefined, { now }),
  ];

  it("serves nothing past its promise, older than asked for, or evicted, whatever happens in which order", () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => play(steps, alone, "1")),
      { numRuns: 300 },
    ));

  it("R18: when the clock steps, past its promise by the step at most", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(step, clockStep), { maxLength: 40 }), (steps) =>
        play(steps, alone, "1"),
      ),
      { numRuns: 300 },
    ));

  describe("with a real Redis", () => {
    let server: RedisServer;
    before(async function () {
      this.timeout(60_000);
      const started = await startRedisServer();
      if (started === undefined) return this.skip();
      server = started;
    });
    after(() => server?.close());

    it("is the same when everything comes from Redis", async function () {
      this.timeout(30_000);
      let number = 0;
      const seen = new Set<string>();
      const forgetful = async (now: () => number): Promise<readonly Cache[]> => [
        await createTestCache(server.url, { now, memoryBytes: 1 }),
      ];
      await fc.assert(
        fc.asyncProperty(fc.array(fc.oneof(step, clockStep), { maxLength: 20 }), (steps) => {
          number += 1;
          return play(steps, forgetful, String(number), seen);
        }),
        { numRuns: 30 },
      );
      assert.ok(seen.has("HIT_REDIS") && !seen.has("HIT_MEMORY"));
    });
  });
});
