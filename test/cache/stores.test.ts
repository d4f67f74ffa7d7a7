import assert from "node:assert/strict";
import { createMemoryStore } from "../../services/guide-composer/cache/memory-store.ts";
import { createRedisLink, type RedisLink } from "../../services/guide-composer/cache/redis-link.ts";
import { createRedisStore } from "../../services/guide-composer/cache/redis-store.ts";
import { parseRedisUrl } from "../../services/guide-composer/cache/redis-url.ts";
import { contentKey } from "../../services/guide-composer/cache/keys.ts";
import { encodeEntry } from "../../services/guide-composer/cache/entry-codec.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { describeStore } from "./store-contract.ts";

const MAX_STALE_MS = 7 * 86_400_000;

describeStore(
  "memory",
  (now) => Promise.resolve(createMemoryStore(1 << 20, MAX_STALE_MS, now)),
  MAX_STALE_MS,
);

describe("with a real Redis", () => {
  let server: RedisServer | undefined;
  let link: RedisLink;

  before(async function () {
    this.timeout(60_000);
    server = await startRedisServer();
    if (server === undefined) return this.skip();
    const target = parseRedisUrl(server.url);
    assert.ok(target);
    link = createRedisLink(target, {
      monotonicNow: () => performance.now(),
      onStateChanged: () => {},
      inSpan: (_operation, _node, command) => command(),
    });
    await link.firstAnswer(5_000);
  });
  after(async () => {
    link?.close();
    await server?.close();
  });

  describeStore(
    "redis",
    async (now) => {
      await link.run("FLUSHALL", "x", (client) => client.flushall());
      return createRedisStore(link, "self", MAX_STALE_MS, now, Math.random);
    },
    MAX_STALE_MS,
  );

  describe("redis store", () => {
    const key = contentKey("destinations/1", "WEATHER", "providers/x", []);
    const signal = new AbortController().signal;
    const entry = { bytes: Buffer.from("x".repeat(9000)), storedMs: 1, expireMs: 2, negative: false };
    const good = encodeEntry(entry);

    for (const [name, value] of [
      ["foreign text", Buffer.from("hello")],
      ["an empty value", Buffer.alloc(0)],
      ["a truncated entry", good.subarray(0, good.length - 3)],
      ["a damaged entry", Buffer.from(good).fill(7, 40, 41)],
      ["an entry of another format", Buffer.from(good).fill(9, 2, 3)],
    ] as const) {
      it(`takes ${name} for nothing and removes it`, async () => {
        const store = createRedisStore(link, "self", MAX_STALE_MS, Date.now, Math.random);
        await link.run("SET", key, (client) => client.set(key, value));
        assert.deepEqual(await store.getMany([key], signal), [{ state: "unreadable" }]);
        // The removal was sent before this read, on the same connection.
        assert.deepEqual(await store.getMany([key], signal), [{ state: "none" }]);
      });
    }

    it("lets Redis forget an entry when nobody may be served it any more", async () => {
      const store = createRedisStore(
        link,
        "self",
        1_000,
        () => 50_000,
        () => 0.5,
      );
      await store.set(key, { ...entry, storedMs: 40_000, expireMs: 60_000 });
      const lifeMs = await link.run("PTTL", key, (client) => client.pttl(key));
      // 10 s of life and 1 s of staleness, a twentieth more.
      assert.ok(lifeMs > 11_000 && lifeMs <= 11_550, String(lifeMs));
    });
  });
});

describe("REDIS_URL", () => {
  it("takes one Redis, Sentinels and a Cluster, with and without TLS", () => {
    assert.deepEqual(parseRedisUrl("redis://h")?.topology, {
      mode: "standalone",
      address: { host: "h", port: 6379 },
    });
    const secured = parseRedisUrl("rediss://user:p%40ss@h:1/3");
    assert.ok(
      secured?.tls && secured.password === "p@ss" && secured.username === "user" && secured.database === 3,
    );
    assert.deepEqual(parseRedisUrl("redis+sentinel://a:1,[::1]:2/main?db=2")?.topology, {
      mode: "sentinel",
      sentinels: [
        { host: "a", port: 1 },
        { host: "::1", port: 2 },
      ],
      master: "main",
    });
    assert.equal(parseRedisUrl("rediss+cluster://a,b:7001")?.topology.mode, "cluster");
  });

  it("refuses what is none", () => {
    for (const text of [
      "",
      "http://h",
      "redis://",
      "redis://h:0",
      "redis://h:99999",
      "redis://a,b",
      "redis://h/x",
      "redis+sentinel://a",
      "redis+cluster://a/1",
      "redis://%zz@h",
    ])
      assert.equal(parseRedisUrl(text), undefined, text);
  });
});
