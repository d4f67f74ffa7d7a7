import assert from "node:assert/strict";
import fc from "fast-check";
import { identifyGuide } from "../../services/guide-composer/cache/keys.ts";
import { createLookup, NO_LIMITS, type Lookup } from "../../services/guide-composer/cache/lookup.ts";
import { createMemoryStore } from "../../services/guide-composer/cache/memory-store.ts";
import { createRefreshAhead, refreshIsDue } from "../../services/guide-composer/cache/refresh-ahead.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import {
  createTestCache,
  ask,
  eventually,
  keysOf,
  LIFE_MS,
  MAX_STALE_MS,
  Source,
  valueOf,
} from "./harness.ts";

const SWEEP_MS = 2;
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 4 * SWEEP_MS));

describe("refresh ahead", () => {
  let nowMs: number;
  let mayStart: boolean;
  let lookup: Lookup;
  let source: Source;
  const keys = keysOf("1", 2);
  const [first = "", second = ""] = keys;

  beforeEach(() => {
    nowMs = 1_800_000_000_000;
    mayStart = true;
    const now = (): number => nowMs;
    source = new Source((key) => ({ state: "loaded", loaded: valueOf(key, nowMs) }));
    lookup = createLookup({
      tiers: [createMemoryStore(1 << 20, MAX_STALE_MS, now)],
      clusterLoad: undefined,
      refreshAhead: createRefreshAhead(
        now,
        () => 0.5,
        () => mayStart,
        SWEEP_MS,
      ),
      now,
      onTierError: () => {},
    });
  });
  afterEach(() => lookup.close());

  const LOOK = {
    ...NO_LIMITS,
    mode: "prefer-cache",
    maxStaleMs: 0,
    signal: new AbortController().signal,
  } as const;
  const call = (asked: readonly string[] = keys) => ask({ lookup }, asked, source);

  it("reloads what was asked for since its load, and nothing else, before it expires", async () => {
    await call();
    nowMs += 0.5 * LIFE_MS;
    await call([first]);
    nowMs += 0.37 * LIFE_MS;
    await turn();
    assert.equal(source.calls.length, 2, "not before its time");
    nowMs += 0.01 * LIFE_MS;
    await eventually(() => source.callCount(first) === 2);
    nowMs += 0.1 * LIFE_MS;
    await turn();
    assert.equal(source.callCount(second), 1);
    assert.deepEqual((await call([first])).get(first)?.decisions, ["HIT_MEMORY"]);
    // Not asked for since: it is left to expire.
    nowMs += 0.7 * LIFE_MS;
    await call([first]);
    nowMs += 0.05 * LIFE_MS;
    await turn();
    assert.equal(source.callCount(first), 2);
  });

  it("tells a caller that a refresh was due", async () => {
    mayStart = false;
    await call();
    nowMs += 0.9 * LIFE_MS;
    assert.deepEqual((await call()).get(first)?.decisions, ["HIT_MEMORY", "REFRESH_AHEAD"]);
    await turn();
    assert.equal(source.calls.length, 2, "there was no room for it");
    mayStart = true;
    await eventually(() => source.calls.length === 4);
  });

  it("keeps what it has when the provider fails, and tries again later", async () => {
    await call();
    await call();
    source.answer(() => ({ state: "failed", error: new Error("down") }));
    nowMs += 0.9 * LIFE_MS;
    await eventually(() => source.calls.length === 4);
    await turn();
    assert.equal(source.calls.length, 4, "not at once");
    assert.deepEqual((await call()).get(first)?.decisions, ["HIT_MEMORY"]);
    source.answer((key) => ({ state: "loaded", loaded: valueOf(`new ${key}`, nowMs) }));
    nowMs += 0.06 * LIFE_MS;
    await eventually(() => source.calls.length === 6);
  });

  it("counts a caller of what was made of entries as a caller of them", async () => {
    await call();
    const { startMark } = await lookup.lookUp({ ...LOOK, keys, load: source.load, refreshLoad: source.load });
    lookup.write("made", valueOf("made", nowMs), { ofKeys: keys, startMark });
    await lookup.find("made", NO_LIMITS, new AbortController().signal);
    nowMs += 0.9 * LIFE_MS;
    await eventually(() => source.calls.length === 4);
  });

  it("is due between 80 and 95 % of a life, wherever chance falls", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 ** 9 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (life, spread) => {
          assert.equal(refreshIsDue(0.799 * life, life, spread), false);
          assert.equal(refreshIsDue(0.951 * life, life, spread), true);
        },
      ),
    );
  });
});

describe("refresh ahead, with a real Redis", () => {
  let server: RedisServer;
  before(async function () {
    this.timeout(60_000);
    const started = await startRedisServer();
    if (started === undefined) return this.skip();
    server = started;
  });
  after(() => server?.close());

  it("happens once in the cluster", async () => {
    let nowMs = Date.now();
    const source = new Source((key) => ({ state: "loaded", loaded: valueOf(key, nowMs) }));
    const caches = await Promise.all(
      [1, 2, 3].map(() => createTestCache(server.url, { now: () => nowMs, sweepEveryMs: SWEEP_MS })),
    );
    const keys = keysOf("refreshed");
    try {
      for (const cache of [...caches, ...caches]) await ask(cache, keys, source);
      assert.equal(source.calls.length, keys.length);
      nowMs += 0.96 * LIFE_MS;
      await eventually(() => keys.every((key) => source.callCount(key) === 2));
      for (let count = 0; count < 10; count += 1) await turn();
      for (const key of keys) assert.equal(source.callCount(key), 2);
    } finally {
      await Promise.all(caches.map((cache) => cache.close()));
    }
  });

  it("goes on for what a process made that is gone, by those that serve it", async () => {
    let nowMs = Date.now();
    const now = (): number => nowMs;
    const source = new Source((key) => ({ state: "loaded", loaded: valueOf(key, nowMs) }));
    const keys = keysOf("left", 2);
    const guide = identifyGuide("destinations/left", []).key;
    const { signal } = new AbortController();
    const maker = await createTestCache(server.url, { now, sweepEveryMs: SWEEP_MS });
    await ask(maker, keys, source);
    maker.lookup.write(guide, valueOf("guide", nowMs), { ofKeys: keys, startMark: 0 });
    await maker.close();
    const other = await createTestCache(server.url, { now, sweepEveryMs: SWEEP_MS });
    try {
      const found = await other.lookup.find(guide, NO_LIMITS, signal);
      assert.deepEqual(found.decisions, ["HIT_REDIS"]);
      assert.equal(found.partsKnown, false);
      other.lookup.adopt(guide, keys, source.load);
      assert.equal((await other.lookup.find(guide, NO_LIMITS, signal)).partsKnown, true);
      assert.equal(other.memory.entryCount(), 1, "nobody has asked for the contents themselves");
      nowMs += 0.96 * LIFE_MS;
      await eventually(() => keys.every((key) => source.callCount(key) === 2));
    } finally {
      await other.close();
    }
  });
});
