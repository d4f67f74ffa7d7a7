import assert from "node:assert/strict";
import type { Cache } from "../../services/guide-composer/cache/cache.ts";
import { identifyGuide, leaseKey } from "../../services/guide-composer/cache/keys.ts";
import { NO_LIMITS } from "../../services/guide-composer/cache/lookup.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { ask, createTestCache, eventually, keysOf, Source, textOf, valueOf } from "./harness.ts";

const LOOK = {
  ...NO_LIMITS,
  mode: "prefer-cache",
  maxStaleMs: 0,
  signal: new AbortController().signal,
} as const;

describe("one load per cluster, with a real Redis", () => {
  let server: RedisServer;
  let caches: Cache[];
  let source: Source;
  let number = 0;
  let keys: string[];

  before(async function () {
    this.timeout(60_000);
    const started = await startRedisServer();
    if (started === undefined) return this.skip();
    server = started;
  });
  after(() => server?.close());
  beforeEach(async () => {
    caches = await Promise.all([1, 2, 3].map(() => createTestCache(server.url)));
    source = new Source((key) => ({ state: "loaded", loaded: valueOf(`of ${key}`, Date.now()) }));
    number += 1;
    keys = keysOf(String(number));
  });
  afterEach(() => Promise.all(caches.map((cache) => cache.close())));

  const at = (index: number): Cache => {
    const cache = caches[index];
    assert.ok(cache);
    return cache;
  };
  const raw = async (key: string): Promise<Buffer | null> => {
    const { redis } = at(0);
    assert.ok(redis);
    return await redis.run("GET", key, (client) => client.getBuffer(key));
  };

  it("R6: asks once for what 300 calls on three composers want at the same time", async () => {
    source.hold();
    const all = Array.from({ length: 300 }, (_, index) => ask(at(index % 3), keys, source));
    await eventually(() => source.calls.length === keys.length);
    source.open();
    for (const found of await Promise.all(all))
      for (const key of keys) assert.equal(textOf(found.get(key)), `of ${key}`);
    for (const key of keys) assert.equal(source.callCount(key), 1);
  });

  it("shows what was replaced to every composer, and nothing to those that have another one", async () => {
    const [key = "", other = ""] = keys;
    const entry = valueOf("old", Date.now());
    at(0).lookup.write(key, entry);
    at(0).lookup.write(other, entry);
    const textAt = async (index: number, of: string): Promise<string | undefined> => {
      const found = await at(index).lookup.read(of, LOOK.signal);
      return found && Buffer.from(found.bytes).toString();
    };
    for (const index of [1, 2]) await eventually(async () => (await textAt(index, key)) === "old");
    assert.equal(await at(1).lookup.replace(key, entry, { ...entry, bytes: Buffer.from("new") }), true);
    for (const index of [0, 1, 2]) await eventually(async () => (await textAt(index, key)) === "new");
    assert.equal(await at(2).lookup.replace(key, entry, { ...entry, bytes: Buffer.from("late") }), false);
    assert.equal(await textAt(2, key), "new");
    await at(0).evict({});
    assert.equal(await at(1).lookup.replace(other, entry, { ...entry, bytes: Buffer.from("late") }), false);
    assert.equal(await textAt(0, other), undefined);
  });

  it("tells who shared whose load", async () => {
    source.hold();
    const first = ask(at(0), keys, source);
    await eventually(() => source.calls.length === keys.length);
    const others = [ask(at(0), keys, source), ask(at(1), keys, source)];
    await eventually(() => at(1).lookup.activeLoadCount() === keys.length);
    source.open();
    const [key = ""] = keys;
    assert.deepEqual((await first).get(key)?.decisions, ["MISS_COLD"]);
    const [local, cluster] = await Promise.all(others);
    for (const each of keys) await eventually(async () => (await raw(each)) !== null);
    assert.deepEqual(local?.get(key)?.decisions, ["MISS_COLD", "COALESCED_LOCAL"]);
    assert.deepEqual(cluster?.get(key)?.decisions, ["MISS_COLD", "COALESCED_CLUSTER"]);
    assert.deepEqual((await ask(at(2), keys, source)).get(key)?.decisions, ["HIT_REDIS"]);
    assert.deepEqual((await ask(at(2), keys, source)).get(key)?.decisions, ["HIT_MEMORY"]);
  });

  it("shares a failure with who waits for it, and keeps it nowhere", async () => {
    source.hold();
    source.answer((key) => ({
      state: "loaded",
      loaded: valueOf(`failed ${key}`, Date.now(), { storable: false }),
    }));
    const all = caches.map((cache) => ask(cache, keys, source));
    await eventually(() => caches.every((cache) => cache.lookup.activeLoadCount() === keys.length));
    source.open();
    for (const found of await Promise.all(all))
      for (const key of keys) assert.equal(textOf(found.get(key)), `failed ${key}`);
    for (const key of keys) {
      assert.equal(source.callCount(key), 1);
      assert.equal(await raw(key), null);
    }
  });

  it("sends nothing through Redis that may not be stored", async () => {
    source.hold();
    source.answer((key) => ({
      state: "loaded",
      loaded: valueOf(`secret ${key}`, Date.now(), { storable: false, forbidden: true }),
    }));
    const all = caches.map((cache) => ask(cache, keys, source));
    await eventually(() => caches.every((cache) => cache.lookup.activeLoadCount() === keys.length));
    source.open();
    const [key = ""] = keys;
    for (const found of await Promise.all(all)) {
      assert.equal(textOf(found.get(key)), `secret ${key}`);
      assert.ok(found.get(key)?.decisions.includes("NO_STORE"));
    }
    // Each composer had to ask for itself.
    assert.equal(source.callCount(key), 3);
    assert.equal(await raw(key), null);
  });

  it("R7: takes over from a holder that has died", async () => {
    const { redis } = at(0);
    assert.ok(redis);
    // What a process leaves behind that was killed while it was loading.
    for (const key of keys)
      await redis.run("SET", key, (client) => client.set(leaseKey(key), "of a dead process", "PX", 200));
    const all = await Promise.all(caches.map((cache) => ask(cache, keys, source)));
    for (const found of all) for (const key of keys) assert.equal(textOf(found.get(key)), `of ${key}`);
    for (const key of keys) assert.equal(source.callCount(key), 1);
  });

  it("takes over at once when nobody waits any more at the holder", async () => {
    source.hold();
    const leaving = new AbortController();
    const first = ask(at(0), keys, source, { signal: leaving.signal });
    await eventually(() => source.calls.length === keys.length);
    const second = ask(at(1), keys, source);
    await eventually(() => at(1).lookup.activeLoadCount() === keys.length);
    leaving.abort(new Error("the caller has gone"));
    for (const found of (await first).values()) assert.equal(found.state, "failed");
    await eventually(() => source.calls.length === 2 * keys.length);
    source.open();
    for (const [key, found] of await second) assert.equal(textOf(found), `of ${key}`);
    assert.equal(source.abortedCount, 1);
  });

  it("lets a holder that has lost its lease write nothing", async () => {
    source.hold();
    const first = ask(at(0), keys, source);
    await eventually(() => source.calls.length === keys.length);
    const { redis } = at(0);
    assert.ok(redis);
    const [key = ""] = keys;
    await redis.run("SET", key, (client) => client.set(leaseKey(key), "of another one"));
    source.open();
    // The caller has what it wanted all the same.
    assert.equal(textOf((await first).get(key)), `of ${key}`);
    await eventually(async () => (await raw(keys[1] ?? "")) !== null);
    assert.equal(await raw(key), null);
  });

  it("does not keep what was evicted while it was being loaded", async () => {
    source.hold();
    const first = ask(at(0), keys, source);
    await eventually(() => source.calls.length === keys.length);
    await at(1).evict({ destination: `destinations/${number}` });
    await eventually(async () => (await raw(leaseKey(keys[0] ?? ""))) === null);
    source.open();
    await first;
    const [key = ""] = keys;
    assert.equal(await raw(key), null);
    source.answer((asked) => ({ state: "loaded", loaded: valueOf(`new ${asked}`, Date.now()) }));
    assert.equal(textOf((await ask(at(1), keys, source)).get(key)), `new ${key}`);
    // Nor in the memory of the composer that was loading it.
    assert.equal(textOf((await ask(at(0), keys, source)).get(key)), `new ${key}`);
  });

  it("does not keep what was made of entries that have been evicted since", async () => {
    const made = identifyGuide(`destinations/${number}`, []).key;
    const found = await at(0).lookup.lookUp({ ...LOOK, keys, load: source.load, refreshLoad: source.load });
    await Promise.all(found.results.values());
    await at(1).evict({ provider: "providers/p0" });
    await eventually(async () => (await at(0).lookup.read(keys[0] ?? "", LOOK.signal)) === undefined);
    at(0).lookup.write(made, valueOf("of evicted entries", Date.now()), {
      ofKeys: keys,
      startMark: found.startMark,
    });
    const again = await at(0).lookup.lookUp({ ...LOOK, keys, load: source.load, refreshLoad: source.load });
    at(0).lookup.write(identifyGuide("destinations/other", []).key, valueOf("of others", Date.now()), {
      ofKeys: [],
      startMark: again.startMark,
    });
    await eventually(async () => (await raw(identifyGuide("destinations/other", []).key)) !== null);
    assert.equal(await raw(made), null);
    assert.equal(await at(0).lookup.read(made, LOOK.signal), undefined);
  });

  it("brings a guide that was made anew to the memory of every composer", async () => {
    const guide = identifyGuide(`destinations/${number}`, []).key;
    const readBy = async (cache: Cache): Promise<string> =>
      Buffer.from((await cache.lookup.read(guide, LOOK.signal))?.bytes ?? []).toString();
    const nowMs = Date.now();
    at(0).lookup.write(guide, valueOf("first", nowMs - 1_000));
    for (const cache of caches) await eventually(async () => (await readBy(cache)) === "first");
    at(1).lookup.write(guide, valueOf("second", nowMs));
    for (const cache of caches) await eventually(async () => (await readBy(cache)) === "second", 1_000);
    // One that was made before it and comes later changes nothing.
    at(2).lookup.write(guide, valueOf("late", nowMs - 500));
    await ask(at(2), keys, source);
    for (const cache of caches) assert.equal(await readBy(cache), "second");
  });

  it("has in Redis what was loaded when a composer closes, and nothing that it gave up", async () => {
    await ask(at(0), keys, source);
    await at(0).close();
    assert.deepEqual((await ask(at(1), keys, source)).get(keys[0] ?? "")?.decisions, ["HIT_REDIS"]);
    const others = keysOf(`${number}-given-up`);
    source.hold();
    const lost = ask(at(1), others, source);
    await eventually(() => others.every((key) => source.callCount(key) === 1));
    const waiting = ask(at(2), others, source);
    await eventually(() => at(2).lookup.activeLoadCount() === others.length);
    await at(1).close();
    for (const found of (await lost).values()) assert.equal(found.state, "failed");
    // Sooner than a waiter looks for itself.
    await eventually(() => others.every((key) => source.callCount(key) === 2), 400);
    source.open();
    for (const [key, found] of await waiting) assert.equal(textOf(found), `of ${key}`);
    caches = caches.slice(2);
  });

  it("brings an eviction to the memory of every composer", async () => {
    for (const cache of caches) await ask(cache, keys, source);
    assert.equal(source.calls.length, keys.length);
    const evicted = await at(2).evict({ destination: `destinations/${number}` });
    assert.deepEqual(evicted, { count: keys.length, complete: true });
    await eventually(() => caches.every((cache) => cache.memory.entryCount() === 0), 1_000);
  });

  it("brings an eviction to a composer that missed the message, when it reads the log", async () => {
    for (const cache of caches) await ask(cache, keys, source);
    const { redis } = at(0);
    assert.ok(redis);
    // The log alone, without the message on the bus.
    const scope = JSON.stringify({ destination: `destinations/${number}` });
    await redis.run("XADD", "wayfarer/2/evictions", (client) =>
      client.xadd("wayfarer/2/evictions", "*", "scope", scope),
    );
    await eventually(() => caches.every((cache) => cache.memory.entryCount() === 0), 1_500);
  });

  it("brings a refresh to the memory of every composer", async () => {
    for (const cache of caches) await ask(cache, keys, source);
    source.answer((key) => ({ state: "loaded", loaded: valueOf(`new ${key}`, Date.now()) }));
    await ask(at(0), keys, source, { mode: "refresh" });
    const [key = ""] = keys;
    await eventually(async () => textOf((await ask(at(1), keys, source)).get(key)) === `new ${key}`, 1_000);
    assert.equal(source.callCount(key), 2);
  });

  it("loads anew what is older than asked for, once", async () => {
    let nowMs = Date.now();
    const aged = await Promise.all([1, 2].map(() => createTestCache(server.url, { now: () => nowMs })));
    caches.push(...aged);
    const [one, two] = aged;
    assert.ok(one && two);
    source.answer((key) => ({ state: "loaded", loaded: valueOf(`at ${nowMs} ${key}`, nowMs) }));
    await ask(one, keys, source);
    for (const key of keys) await eventually(async () => (await raw(key)) !== null);
    nowMs += 60_000;
    const [key = ""] = keys;
    const young = (await ask(two, keys, source, { maxAgeMs: 60_000 })).get(key);
    assert.deepEqual(young?.decisions, ["HIT_REDIS"]);
    const old = await ask(two, keys, source, { maxAgeMs: 59_999 });
    assert.deepEqual(old.get(key)?.decisions, ["MISS_TOO_OLD"]);
    assert.equal(source.callCount(key), 2);
  });
});
