import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createDnsCache,
  type DnsAnswer,
  type DnsLimits,
  type ResolvedAddress,
} from "../../services/content-fetcher/http/dns-cache.ts";
import { createManualClock } from "../support/manual-clock.ts";

const address = (last: number): ResolvedAddress => ({ address: `192.0.2.${last}`, family: 4 });
const MINUTE_MS = 60_000;

type Reply = readonly ResolvedAddress[] | Error | "hang";

function setUp(limits: Partial<DnsLimits> = {}) {
  const clock = createManualClock();
  const asked: string[] = [];
  const resolver: { reply: Reply } = { reply: [address(1)] };
  const cache = createDnsCache({
    clock,
    limits,
    resolve: (hostname) => {
      asked.push(hostname);
      if (resolver.reply === "hang") return new Promise(() => {});
      return resolver.reply instanceof Error
        ? Promise.reject(resolver.reply)
        : Promise.resolve(resolver.reply);
    },
  });
  return { clock, asked, resolver, cache };
}

describe("DNS cache", () => {
  it("asks once for all who wait, and serves the answer for 5 minutes", async () => {
    const { clock, asked, resolver, cache } = setUp();
    await Promise.all(Array.from({ length: 20 }, () => cache.lookup("a.test")));
    resolver.reply = [address(2)];
    await clock.advance(3 * MINUTE_MS);
    assert.deepEqual((await cache.lookup("a.test")).addresses, [address(1)]);
    assert.deepEqual(asked, ["a.test"]);
    assert.deepEqual(cache.counts(), { hit: 1, miss: 20, stale: 0, error: 0 });
  });

  it("renews an answer in the background before it ends, so that nobody waits", async () => {
    const { clock, asked, resolver, cache } = setUp();
    await cache.lookup("a.test");
    await clock.advance(4.5 * MINUTE_MS);
    resolver.reply = [address(2)];
    assert.deepEqual((await cache.lookup("a.test")).addresses, [address(1)]);
    await clock.advance(0);
    assert.deepEqual((await cache.lookup("a.test")).addresses, [address(2)]);
    await clock.advance(3 * MINUTE_MS);
    await cache.lookup("a.test");
    assert.equal(asked.length, 2);
    assert.equal(cache.counts().miss, 1);
  });

  it("serves the last answer, marked, while the resolver fails, and asks it every 5 s", async () => {
    const { clock, asked, resolver, cache } = setUp();
    await cache.lookup("a.test");
    resolver.reply = new Error("SERVFAIL");
    await clock.advance(6 * MINUTE_MS);
    for (let second = 0; second < 10; second += 1) {
      assert.deepEqual(await cache.lookup("a.test"), { addresses: [address(1)], stale: true });
      await clock.advance(1000);
    }
    assert.equal(asked.length, 3);
    resolver.reply = [address(2)];
    await cache.lookup("a.test");
    await clock.advance(0);
    assert.deepEqual(await cache.lookup("a.test"), { addresses: [address(2)], stale: false });
  });

  it("does so for an hour, and no longer", async () => {
    const { clock, resolver, cache } = setUp();
    await cache.lookup("a.test");
    resolver.reply = new Error("SERVFAIL");
    await clock.advance(64 * MINUTE_MS);
    assert.equal((await cache.lookup("a.test")).stale, true);
    await clock.advance(2 * MINUTE_MS);
    await assert.rejects(cache.lookup("a.test"), /SERVFAIL/);
    assert.equal(cache.counts().error, 1);
  });

  it("remembers a failure for 5 s", async () => {
    const { clock, asked, resolver, cache } = setUp();
    resolver.reply = new Error("ENOTFOUND");
    await assert.rejects(cache.lookup("a.test"), /ENOTFOUND/);
    await clock.advance(4_999);
    await assert.rejects(cache.lookup("a.test"), /ENOTFOUND/);
    assert.equal(asked.length, 1);
    resolver.reply = [address(1)];
    await clock.advance(1);
    assert.deepEqual((await cache.lookup("a.test")).addresses, [address(1)]);
  });

  it("waits 2 s for a resolver that hangs, once", async () => {
    const { clock, resolver, cache } = setUp();
    await cache.lookup("a.test");
    resolver.reply = "hang";
    await clock.advance(6 * MINUTE_MS);
    const answers: DnsAnswer[] = [];
    void cache.lookup("a.test").then((answer) => answers.push(answer));
    await clock.advance(1_999);
    assert.equal(answers.length, 0);
    await clock.advance(1);
    assert.equal(answers[0]?.stale, true);
    await clock.advance(10_000);
    assert.equal((await cache.lookup("a.test")).stale, true);
  });

  it("puts another address first each time", async () => {
    const { resolver, cache } = setUp();
    resolver.reply = [address(1), address(2), address(3)];
    const firsts: (string | undefined)[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const { addresses } = await cache.lookup("a.test");
      firsts.push(addresses[0]?.address);
      assert.equal(new Set(addresses).size, 3);
    }
    assert.deepEqual(
      firsts,
      [1, 2, 3, 1, 2, 3].map((last) => address(last).address),
    );
  });

  it("counts an empty answer as a failure", async () => {
    const { resolver, cache } = setUp();
    resolver.reply = [];
    await assert.rejects(cache.lookup("a.test"), /no address/);
  });

  it("remembers a number of hosts, those that were used last", async () => {
    const { asked, cache } = setUp({ maxHostCount: 2 });
    for (const host of ["a.test", "b.test", "a.test", "c.test", "a.test", "b.test"]) await cache.lookup(host);
    assert.deepEqual(asked, ["a.test", "b.test", "c.test", "b.test"]);
  });

  it("never serves an address past its life and the hour, whatever the resolver does", async () => {
    const step = fc.record({
      advanceMs: fc.integer({ min: 0, max: 40 * MINUTE_MS }),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { clock, resolver, cache } = setUp();
        const resolvedMs = new Map<string, number>();
        for (const { advanceMs, fails } of steps) {
          await clock.advance(advanceMs);
          const now: ResolvedAddress = { address: String(clock.now()), family: 4 };
          resolver.reply = fails ? new Error("SERVFAIL") : [now];
          if (!fails) resolvedMs.set(now.address, clock.now());
          const answer = await cache.lookup("a.test").catch(() => undefined);
          const atMs = resolvedMs.get(answer?.addresses[0]?.address ?? "");
          if (answer !== undefined) assert.ok(clock.now() - (atMs ?? Number.NaN) <= 65 * MINUTE_MS);
          if (answer?.stale === false) assert.ok(clock.now() - (atMs ?? Number.NaN) <= 5 * MINUTE_MS);
        }
      }),
      { numRuns: 50 },
    );
  });
});
