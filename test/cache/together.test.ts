import assert from "node:assert/strict";
import type { Cache } from "../../services/guide-composer/cache/cache.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { createTestCache, eventually } from "./harness.ts";

const DAY_MS = 86_400_000;

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
    nowMs += 7 * DAY_MS;
    cache.popularity.count("d");
    assert.deepEqual(await cache.popularity.top(0, 10), [{ member: "d", score: 1 }]);
    assert.equal(cache.leadership.isLeader(), true);
    await cache.close();
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
