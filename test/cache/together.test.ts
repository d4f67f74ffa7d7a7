import assert from "node:assert/strict";
import type { Cache } from "../../services/guide-composer/cache/cache.ts";
import { Redis } from "ioredis";
import { popularityKey } from "../../services/guide-composer/cache/keys.ts";
import { createPopularity } from "../../services/guide-composer/cache/popularity.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { createTestCache, eventually } from "./harness.ts";

const DAY_MS = 86_400_000;
const fail = (error: unknown): never => assert.fail(String(error));

describe("what composers know together", () => {
  it("counts what is asked for without a Redis too, long ago counting less", async () => {
    let nowMs = 1_800_000_000_000;
    const cache = await createTestCache(undefined, { now: () => nowMs });
    for (const member of ["a", "b", "b", "b"]) cache.popularity.count(member);
    nowMs += DAY_MS;
    for (const member of ["a", "c"]) cache.popularity.count(member);
    assert.deepEqual(await cache.popularity.top(0, 10), [
      { member: "a", score: 1.5 },
      { member: "b", score: 1.5 },
      { member: "c", score: 1 },
    ]);
    nowMs += 8 * DAY_MS;
    cache.popularity.count("d");
    assert.deepEqual(await cache.popularity.top(0, 10), [{ member: "d", score: 1 }]);
    assert.equal(cache.leadership.isLeader(), true);
    await cache.close();
  });

  it("forgets the least popular first when too many different ones are asked for", async () => {
    const popularity = createPopularity(undefined, () => 1_800_000_000_000, fail);
    for (let round = 0; round < 2; round += 1) popularity.count("asked for twice");
    for (let index = 0; index < 25_000; index += 1) popularity.count(`once ${index}`);
    const [first, ...others] = await popularity.top(0, 50_000);
    assert.deepEqual(first, { member: "asked for twice", score: 2 });
    assert.ok(others.length < 20_000);
    await popularity.close();
  });

  describe("with a real Redis", () => {
    let server: RedisServer;
    let caches: Cache[] = [];
    before(async function () {
      this.timeout(60_000);
      const started = await startRedisServer();
      if (started === undefined) return this.skip();
      server = started;
    });
    after(() => server?.close());
    beforeEach(() => server.restart());
    afterEach(async () => {
      await Promise.all(caches.map((cache) => cache.close()));
      caches = [];
    });
    const create = async (now: () => number = Date.now): Promise<Cache> => {
      const cache = await createTestCache(server.url, { now });
      caches.push(cache);
      return cache;
    };

    it("counts what all of them are asked for, page by page", async () => {
      let nowMs = Date.now();
      const [one, two] = [await create(() => nowMs), await create(() => nowMs)];
      for (const member of ["lisbon", "lisbon", "porto"]) one.popularity.count(member);
      await one.popularity.top(0, 1);
      nowMs += DAY_MS;
      for (const member of ["porto", "faro"]) two.popularity.count(member);
      assert.deepEqual(await two.popularity.top(0, 2), [
        { member: "porto", score: 1.5 },
        { member: "faro", score: 1 },
      ]);
      assert.deepEqual(await two.popularity.top(2, 2), [{ member: "lisbon", score: 1 }]);
    });

    it("reads the most popular of very many as quickly as of few", async () => {
      const names = Array.from({ length: 50_000 }, (_, index) => `place ${index}`);
      const day = Math.floor(Date.now() / DAY_MS);
      const key = popularityKey(Math.floor(day / 512));
      const operator = new Redis(server.url);
      await operator.zadd(key, ...names.flatMap((name, index) => [-index * 2 ** (day % 512), name]));
      operator.disconnect();
      const cache = await create();
      const top = await cache.popularity.top(0, 2);
      assert.deepEqual(
        top.map(({ member }) => member),
        ["place 49999", "place 49998"],
      );
      assert.equal(cache.redisLost(), false);
    });

    it("goes on from one era of days to the next", async () => {
      // The last day of an era.
      let nowMs = 512 * 50 * DAY_MS - 1;
      const [one, two] = [await create(() => nowMs), await create(() => nowMs)];
      for (const member of ["x", "y", "y"]) one.popularity.count(member);
      assert.deepEqual(await one.popularity.top(0, 9), [
        { member: "y", score: 2 },
        { member: "x", score: 1 },
      ]);
      nowMs += DAY_MS;
      two.popularity.count("x");
      const expected = [
        { member: "x", score: 1.5 },
        { member: "y", score: 1 },
      ];
      assert.deepEqual(await two.popularity.top(0, 9), expected);
      const alone = createPopularity(undefined, () => nowMs, fail);
      nowMs -= DAY_MS;
      for (const member of ["x", "y", "y"]) alone.count(member);
      nowMs += DAY_MS;
      alone.count("x");
      assert.deepEqual(await alone.top(0, 9), expected);
    });

    it("keeps what Redis could not take", async () => {
      const cache = await create();
      server.freeze();
      try {
        await cache.lookup.read("wayfarer/2/guide/{x}/y", new AbortController().signal);
        assert.equal(cache.redisLost(), true);
        cache.popularity.count("kept");
        cache.tally?.add("kept", 1);
        // Without Redis, of this process alone.
        assert.deepEqual(await cache.popularity.top(0, 1), [{ member: "kept", score: 1 }]);
        assert.equal(await cache.tally?.read(), undefined);
      } finally {
        server.thaw();
      }
      await eventually(() => !cache.redisLost());
      await eventually(async () =>
        (await cache.popularity.top(0, 99)).some(({ member }) => member === "kept"),
      );
      assert.equal((await cache.tally?.read())?.counts.get("kept"), 1);
    });

    it("adds up what each of them counts", async () => {
      const [one, two] = [await create(), await create()];
      one.tally?.add("hits", 2);
      two.tally?.add("hits", 3);
      two.tally?.add("misses", 1);
      await one.tally?.read();
      const read = await two.tally?.read();
      assert.ok(read !== undefined && read.startMs <= Date.now());
      assert.deepEqual(
        [...read.counts].sort(([a], [b]) => a.localeCompare(b)),
        [
          ["hits", 5],
          ["misses", 1],
        ],
      );
    });

    it("has one leader, and another one when that one closes", async () => {
      const first = await create();
      await eventually(() => first.leadership.isLeader());
      const second = await create();
      assert.equal(second.leadership.isLeader(), false);
      await first.close();
      caches = [second];
      await eventually(() => second.leadership.isLeader());
    });

    it("says of an eviction whether all of them know", async () => {
      const cache = await create();
      assert.deepEqual(await cache.evict({ destination: "destinations/1" }), { count: 0, complete: true });
      server.freeze();
      try {
        assert.equal((await cache.evict({ destination: "destinations/1" })).complete, false);
      } finally {
        server.thaw();
      }
    });
  });
});
