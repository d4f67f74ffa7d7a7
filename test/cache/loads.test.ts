import assert from "node:assert/strict";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { createLoads, type Joined, type LoadBatch } from "../../services/guide-composer/cache/loads.ts";
import { createRecentEvictions } from "../../services/guide-composer/cache/recent-evictions.ts";
import { Source, valueOf } from "./harness.ts";

const never = new AbortController().signal;

describe("loads of one process", () => {
  let kept: string[];
  let source: Source;
  let evictions: ReturnType<typeof createRecentEvictions>;
  let loads: ReturnType<typeof createLoads>;
  beforeEach(() => {
    kept = [];
    evictions = createRecentEvictions();
    loads = createLoads((key) => kept.push(key), evictions);
    source = new Source((key) => ({ state: "loaded", loaded: valueOf(key, 1) }));
  });
  afterEach(async () => {
    await loads.close();
    assert.equal(loads.activeCount(), 0);
  });

  const join = (keys: readonly string[], signal: AbortSignal = never): readonly Joined[] =>
    loads.join(keys, source.load, signal);
  const textsOf = async (joined: readonly Joined[]): Promise<string[]> =>
    (await Promise.all(joined.map(({ loaded }) => loaded))).map(({ bytes }) => Buffer.from(bytes).toString());

  it("load a key once for all who want it while it is being loaded, and the rest of each call beside it", async () => {
    source.hold();
    const first = join(["a", "b"]);
    const second = join(["b", "c"]);
    assert.deepEqual(
      [...first, ...second].map(({ key, coalesced }) => [key, coalesced]),
      [
        ["a", false],
        ["b", false],
        ["b", true],
        ["c", false],
      ],
    );
    assert.equal(loads.activeCount(), 3);
    source.open();
    assert.deepEqual(await textsOf([...first, ...second]), ["a", "b", "b", "c"]);
    assert.deepEqual(source.calls.toSorted(), ["a", "b", "c"]);
    // What has settled is not being loaded any more.
    await textsOf(join(["b"]));
    assert.equal(source.callCount("b"), 2);
    assert.deepEqual(kept.toSorted(), ["a", "b", "b", "c"]);
  });

  it("hand over each key when it settles, not with the last of its call", async () => {
    const gate = Promise.withResolvers<void>();
    const slow: LoadBatch = async function* () {
      yield ["a", { state: "loaded", loaded: valueOf("a", 1) }];
      await gate.promise;
      yield ["b", { state: "loaded", loaded: valueOf("b", 1) }];
    };
    const [a, b] = loads.join(["a", "b"], slow, never);
    assert.ok(a && b);
    assert.deepEqual(await textsOf([a]), ["a"]);
    assert.equal(loads.isRunning("a"), false);
    assert.equal(loads.isRunning("b"), true);
    gate.resolve();
    assert.deepEqual(await textsOf([b]), ["b"]);
  });

  it("let each waiter leave by itself, and stop when the last of them has left", async () => {
    source.hold();
    const leaving = [new AbortController(), new AbortController()];
    const joined = leaving.flatMap(({ signal }) => join(["a"], signal));
    leaving[0]?.abort(new Error("first"));
    await assert.rejects(joined[0]?.loaded ?? Promise.resolve(), /first/);
    assert.equal(source.abortedCount, 0);
    assert.equal(loads.activeCount(), 1);
    leaving[1]?.abort(new Error("second"));
    await assert.rejects(joined[1]?.loaded ?? Promise.resolve(), /second/);
    assert.equal(source.abortedCount, 1);
    assert.equal(loads.activeCount(), 0);
    // Whoever comes then does not join what has been given up.
    source.open();
    const [next] = join(["a"]);
    assert.equal(next?.coalesced, false);
    await next.loaded;
  });

  it("go on for who waits for one key of a call that has left", async () => {
    source.hold();
    const leaving = new AbortController();
    join(["a", "b"], leaving.signal);
    const [b] = join(["b"]);
    leaving.abort(new Error("gone"));
    assert.equal(source.abortedCount, 0);
    source.open();
    assert.deepEqual(await textsOf(b ? [b] : []), ["b"]);
  });

  it("refuse who had left before joining, and abort nothing that others wait for", async () => {
    source.hold();
    const [waiting] = join(["a"]);
    const gone = AbortSignal.abort(new Error("gone"));
    for (const { loaded } of join(["a", "b"], gone)) await assert.rejects(loaded, /gone/);
    source.open();
    assert.deepEqual(await textsOf(waiting ? [waiting] : []), ["a"]);
    assert.equal(source.abortedCount, 1, "of b nobody waited");
  });

  it("tell every waiter of a failure, and keep nothing", async () => {
    source.answer(() => ({ state: "failed", error: new Error("down") }));
    source.hold();
    const joined = [...join(["a"]), ...join(["a"])];
    source.open();
    for (const { loaded } of joined) await assert.rejects(loaded, /down/);
    assert.deepEqual(kept, []);
  });

  it("keep nothing that was evicted while it was being loaded, and hand it to who waits", async () => {
    source.hold();
    const joined = join(["a", "b"]);
    evictions.add((key) => key === "a");
    source.open();
    assert.deepEqual(await textsOf(joined), ["a", "b"]);
    assert.deepEqual(kept, ["b"]);
  });

  for (const [what, load, message] of [
    [
      "that settles a key which it was not asked for",
      async function* () {
        yield ["other", { state: "loaded", loaded: valueOf("x", 1) }];
      },
      /not asked for/,
    ],
    [
      "that settles a key twice",
      async function* () {
        yield ["a", { state: "loaded", loaded: valueOf("a", 1) }];
        yield ["a", { state: "loaded", loaded: valueOf("a", 1) }];
      },
      /settled it twice/,
    ],
    ["that ends before all have settled", async function* () {}, /ended before/],
    [
      "that throws",
      // oxlint-disable-next-line require-yield
      async function* () {
        throw new Error("broken");
      },
      /broken/,
    ],
  ] as const satisfies readonly (readonly [string, LoadBatch, RegExp])[]) {
    it(`fail what is left of a load ${what}`, async () => {
      const joined = loads.join(["a", "b"], load, never);
      await assert.rejects(joined[1]?.loaded ?? Promise.resolve(), message);
      assert.equal(loads.activeCount(), 0);
      await turnOfTheLoop();
    });
  }

  it("end what is running when they close, and wait for its end", async () => {
    let ended = false;
    const stubborn: LoadBatch = async function* (_keys, signal) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => setTimeout(resolve, 5)));
      ended = true;
      yield ["a", { state: "failed", error: signal.reason }];
    };
    const [joined] = loads.join(["a"], stubborn, never);
    const rejected = assert.rejects(joined?.loaded ?? Promise.resolve(), /closing/);
    await loads.close();
    assert.equal(ended, true);
    await rejected;
  });

  it("leave no rejection unhandled when nobody looks", async () => {
    source.answer(() => ({ state: "failed", error: new Error("down") }));
    join(["a", "b"]);
    await turnOfTheLoop();
    await turnOfTheLoop();
    assert.equal(loads.activeCount(), 0);
  });
});
