import assert from "node:assert/strict";
import type { Cache } from "../../services/guide-composer/cache/cache.ts";
import type { Decision } from "../../services/guide-composer/cache/probe.ts";
import { ask, createTestCache, eventually, keysOf, Source, textOf, valueOf } from "../cache/harness.ts";
import { isWhole, startRedisCluster, type RedisCluster } from "../support/redis/cluster.ts";
import type { RedisServer } from "../support/redis/server.ts";

const NODE_COUNT = 3;
/** Policy 7: what a call may lose once, and what the machine of a test may add to it. */
const ONCE_MS = 50 + 100;
const CALL_COUNT = 40;
/** Calls in which a living node may be too slow to be waited for, because its machine is busy with others. */
const MAX_BUSY_COUNT = 4;

describe("a Redis Cluster", () => {
  let cluster: RedisCluster;
  let caches: Cache[] = [];
  let source: Source;
  let number = 0;

  before(async function () {
    const started = await startRedisCluster(NODE_COUNT);
    if (started === undefined) return this.skip();
    cluster = started;
  });
  after(() => cluster?.close());
  beforeEach(async () => {
    source = new Source((key) => ({ state: "loaded", loaded: valueOf(`of ${key}`, Date.now()) }));
    caches = await Promise.all([1, 2, 3].map(() => createTestCache(cluster.url)));
  });
  afterEach(() => Promise.all(caches.map((cache) => cache.close())));

  const at = (index: number): Cache => {
    const cache = caches[index];
    assert.ok(cache);
    return cache;
  };
  /** A destination that nobody has asked for before, whose keys lie on a node. */
  function newOn(node: RedisServer): string {
    for (;;) {
      number += 1;
      const destination = String(number);
      if (cluster.nodeOf(keysOf(destination)[0] ?? "") === node) return destination;
    }
  }
  interface Answer {
    readonly tookMs: number;
    readonly decisions: readonly Decision[];
  }
  async function call(cache: Cache, destination: string): Promise<Answer> {
    const keys = keysOf(destination);
    const startMs = performance.now();
    const found = await ask(cache, keys, source);
    const tookMs = performance.now() - startMs;
    for (const key of keys) assert.equal(textOf(found.get(key)), `of ${key}`);
    return { tookMs, decisions: found.get(keys[0] ?? "")?.decisions ?? [] };
  }
  /** A client that has just begun may lose its first connection to a node, which is then passed over for a moment. */
  async function beInUse(cache: Cache): Promise<void> {
    for (const node of cluster.nodes)
      await eventually(async () => !(await call(cache, newOn(node))).decisions.includes("BYPASS_REDIS"));
  }
  const isStored = async (destination: string): Promise<boolean> =>
    (await call(at(2), destination)).decisions.includes("HIT_REDIS");

  it("holds one load for all composers, whichever node a destination lies on", async () => {
    for (const node of cluster.nodes) {
      // Once more when a node was too slow to be waited for, because its machine is busy with others.
      await eventually(async () => {
        const keys = keysOf(newOn(node));
        source.hold();
        const all = Array.from({ length: 30 }, (_, index) => ask(at(index % 3), keys, source));
        await eventually(() => keys.every((key) => source.callCount(key) > 0));
        source.open();
        const answers = await Promise.all(all);
        for (const found of answers)
          for (const key of keys) assert.equal(textOf(found.get(key)), `of ${key}`);
        const passedOver = answers.some((found) =>
          [...found.values()].some(({ decisions }) => decisions.includes("BYPASS_REDIS")),
        );
        if (!passedOver) for (const key of keys) assert.equal(source.callCount(key), 1);
        return !passedOver;
      });
    }
  });

  it("evicts on every node, and from the memory of every composer", async () => {
    for (const cache of caches) await beInUse(cache);
    await at(0).evict({});
    await eventually(() => caches.every(({ memory }) => memory.entryCount() === 0), 1_000);
    const destinations = cluster.nodes.map(newOn);
    for (const cache of caches) for (const destination of destinations) await call(cache, destination);
    const [first = "", ...others] = destinations;
    const one = await at(0).evict({ destination: `destinations/${first}` });
    assert.deepEqual(one, { count: keysOf(first).length, complete: true });
    const memoryCount = others.length * keysOf(first).length;
    await eventually(() => caches.every(({ memory }) => memory.entryCount() === memoryCount), 1_000);
    const { count, complete } = await at(1).evict({});
    assert.ok(complete && count >= memoryCount);
    await eventually(() => caches.every(({ memory }) => memory.entryCount() === 0), 1_000);
    for (const destination of destinations)
      assert.deepEqual((await call(at(2), destination)).decisions, ["MISS_COLD"]);
  });

  it("counts popularity and statistics for all, and has one leader", async () => {
    for (const member of ["lisbon", "lisbon", "porto"]) at(0).popularity.count(member);
    at(1).popularity.count("porto");
    at(1).popularity.count("lisbon");
    await at(0).popularity.top(0, 1);
    assert.deepEqual(await at(1).popularity.top(0, 9), [
      { member: "lisbon", score: 3 },
      { member: "porto", score: 2 },
    ]);
    at(0).tally?.add("hits", 2);
    at(1).tally?.add("hits", 3);
    await at(0).tally?.read();
    assert.equal((await at(1).tally?.read())?.counts.get("hits"), 5);
    await eventually(() => caches.filter(({ leadership }) => leadership.isLeader()).length === 1);
  });

  it("serves without a dead node what lies on it, uses the others, and uses it again when it is back", async () => {
    const [dead, ...living] = cluster.nodes;
    assert.ok(dead);
    await beInUse(at(0));
    await dead.kill();
    try {
      const slow: number[] = [];
      let bypassedCount = 0;
      for (let count = 0; count < CALL_COUNT; count += 1) {
        const answer = await call(at(0), newOn(dead));
        assert.ok(answer.decisions.includes("BYPASS_REDIS"), String(answer.decisions));
        if (answer.tookMs > 10) slow.push(answer.tookMs);
        for (const node of living) {
          const destination = newOn(node);
          const { decisions, tookMs } = await call(at(0), destination);
          bypassedCount += Number(decisions.includes("BYPASS_REDIS"));
          assert.ok(tookMs < ONCE_MS, `${tookMs} ms`);
          if (count % 10 === 0) await eventually(() => isStored(destination));
        }
        // Long enough in all for the cluster to notice, and for every kind of probe.
        await new Promise<void>((resolve) => setTimeout(resolve, 20));
      }
      assert.ok(
        slow.every((tookMs) => tookMs < ONCE_MS) && slow.length <= 3,
        `slow calls: ${slow.join(", ")}`,
      );
      assert.ok(bypassedCount <= MAX_BUSY_COUNT, `${bypassedCount} of the living passed over`);
      assert.equal(at(0).redisLost(), true);
      const evicted = await at(0).evict({ destination: `destinations/${newOn(dead)}` });
      assert.equal(evicted.complete, false);
    } finally {
      await dead.restart();
      // A node that has come back takes no writes for its first two seconds.
      for (const node of cluster.nodes) await eventually(() => isWhole(node), 10_000);
    }
    await eventually(async () => {
      const { decisions } = await call(at(0), newOn(dead));
      return !decisions.includes("BYPASS_REDIS");
    }, 2_000);
    assert.equal(at(0).redisLost(), false);
  });

  it("waits once for a frozen node, and not for what lies elsewhere", async () => {
    const [frozen, living] = cluster.nodes;
    assert.ok(frozen && living);
    await beInUse(at(0));
    frozen.freeze();
    try {
      const slow: number[] = [];
      let bypassedCount = 0;
      for (let count = 0; count < CALL_COUNT; count += 1) {
        const { decisions, tookMs } = await call(at(0), newOn(frozen));
        assert.ok(decisions.includes("BYPASS_REDIS"));
        if (tookMs > 20) slow.push(tookMs);
        bypassedCount += Number((await call(at(0), newOn(living))).decisions.includes("BYPASS_REDIS"));
        await new Promise<void>((resolve) => setTimeout(resolve, 20));
      }
      assert.ok(
        slow.every((tookMs) => tookMs < ONCE_MS) && slow.length <= 3,
        `slow calls: ${slow.join(", ")}`,
      );
      assert.ok(bypassedCount <= MAX_BUSY_COUNT, `${bypassedCount} of the living passed over`);
    } finally {
      frozen.thaw();
      for (const node of cluster.nodes) await eventually(() => isWhole(node), 10_000);
    }
    await eventually(async () => (await call(at(0), newOn(frozen))).decisions[0] === "MISS_COLD", 2_000);
  });

  it("tells composers of refreshes whichever node is dead", async () => {
    const [living] = cluster.nodes;
    assert.ok(living);
    for (const dead of cluster.nodes.slice(1)) {
      const keys = keysOf(newOn(living));
      const [key = ""] = keys;
      await dead.kill();
      try {
        for (const cache of caches) await ask(cache, keys, source);
        let version = 0;
        // What was told while a composer looked for another node is lost; what is told afterwards is not.
        await eventually(async () => {
          version += 1;
          const text = `${version} of ${key}`;
          source.answer(() => ({ state: "loaded", loaded: valueOf(text, Date.now()) }));
          await ask(at(0), keys, source, { mode: "refresh" });
          await new Promise<void>((resolve) => setTimeout(resolve, 20));
          const seen = await Promise.all(
            caches.map(async (cache) => textOf((await ask(cache, keys, source)).get(key))),
          );
          return seen.every((each) => each === text);
        });
      } finally {
        await dead.restart();
        await eventually(() => isWhole(living), 10_000);
      }
    }
  });
});
