import assert from "node:assert/strict";
import type { Cache } from "../../services/guide-composer/cache/cache.ts";
import { createBus } from "../../services/guide-composer/cache/bus.ts";
import {
  createClusterLoad,
  type ClusterLoad,
  type ClusterLoadOptions,
} from "../../services/guide-composer/cache/cluster-load.ts";
import { createLeases } from "../../services/guide-composer/cache/leases.ts";
import type { Settled } from "../../services/guide-composer/cache/loads.ts";
import type { RedisLink } from "../../services/guide-composer/cache/redis-link.ts";
import { createRedisStore } from "../../services/guide-composer/cache/redis-store.ts";
import { RedisUnavailableError } from "../../services/guide-composer/cache/redis-unavailable.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { ask, createTestCache, eventually, keysOf, LIFE_MS, Source, textOf, valueOf } from "./harness.ts";

const signal = new AbortController().signal;

describe("a load under leases, with a real Redis that answers late or not at all", () => {
  let server: RedisServer;
  let other: Cache;
  let link: RedisLink;
  let source: Source;
  let number = 0;
  let keys: string[];
  before(async function () {
    this.timeout(60_000);
    const started = await startRedisServer();
    if (started === undefined) return this.skip();
    server = started;
    other = await createTestCache(server.url);
    assert.ok(other.redis);
    link = other.redis;
  });
  after(async () => {
    await other?.close();
    await server?.close();
  });
  beforeEach(() => {
    number += 1;
    keys = keysOf(String(number));
    source = new Source((key) => ({ state: "loaded", loaded: valueOf(`of ${key}`, Date.now()) }));
  });

  function create(change: Partial<ClusterLoadOptions>): ClusterLoad {
    return createClusterLoad({
      store: createRedisStore(link, "this", 0, Date.now, Math.random),
      leases: createLeases(link),
      bus: createBus(
        link,
        "this",
        () => {},
        () => {},
      ),
      self: "this",
      now: Date.now,
      createToken: () => `${number} ${Math.random()}`,
      physicalLifeMs: () => LIFE_MS,
      onRedisError: () => {},
      ...change,
    });
  }
  async function run(load: ClusterLoad): Promise<Map<string, Settled>> {
    const settled = new Map<string, Settled>();
    for await (const [key, each] of load.wrap(source.load, () => -Infinity)(keys, signal))
      settled.set(key, each);
    return settled;
  }

  it("shares what it loaded under a lease that Redis gave it without its hearing of it", async () => {
    const leases = createLeases(link);
    const load = create({
      leases: {
        ...leases,
        acquire: async (...asked) => {
          await leases.acquire(...asked);
          throw new RedisUnavailableError("the answer came too late");
        },
      },
    });
    source.hold();
    const running = run(load);
    await eventually(() => source.calls.length === keys.length);
    const waiting = ask(other, keys, source);
    await eventually(() => other.lookup.activeLoadCount() === keys.length);
    source.open();
    for (const settled of (await running).values()) assert.equal(settled.state, "loaded");
    for (const [key, found] of await waiting) {
      assert.equal(textOf(found), `of ${key}`);
      assert.equal(source.callCount(key), 1);
    }
  });

  it("loads in the end what Redis has and nobody can read", async () => {
    await ask(other, keys, source);
    await eventually(async () => !(await createLeases(link).isHeld(keys[0] ?? "")));
    const store = createRedisStore(link, "this", 0, Date.now, Math.random);
    const load = create({
      store: { ...store, getMany: (asked) => Promise.resolve(asked.map(() => ({ state: "unreadable" }))) },
    });
    for (const [key, settled] of await run(load)) {
      assert.equal(settled.state, "loaded");
      assert.equal(source.callCount(key), 2);
    }
  });

  it("loads without leases when Redis goes away between two steps", async () => {
    const leases = createLeases(link);
    const gone = (): Promise<never> => Promise.reject(new RedisUnavailableError("gone"));
    const load = create({
      leases: { ...leases, acquire: gone, renew: gone, commit: gone, release: gone, isHeld: gone },
    });
    for (const settled of (await run(load)).values()) assert.equal(settled.state, "loaded");
    await load.close();
  });
});
