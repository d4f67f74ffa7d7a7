import assert from "node:assert/strict";
import { createSuspensions, type Suspensions } from "../../services/guide-composer/cache/redis-suspension.ts";
import { eventually } from "./harness.ts";

describe("nodes of Redis that are left alone", () => {
  let probes: string[];
  let answers: Map<string, () => Promise<unknown>>;
  let changes: [string, unknown][];
  let suspensions: Suspensions;
  beforeEach(() => {
    [probes, answers, changes] = [[], new Map(), []];
    suspensions = createSuspensions(
      async (node) => {
        probes.push(node);
        await (answers.get(node) ?? (() => Promise.reject(new Error("still away"))))();
      },
      (node, cause) => changes.push([node, cause]),
    );
  });
  afterEach(() => suspensions.close());

  it("are told of once, with the cause, however many calls fail", () => {
    const cause = new Error("gone");
    suspensions.suspend("a", cause);
    suspensions.suspend("a", new Error("gone again"));
    assert.deepEqual(changes, [["a", cause]]);
    assert.equal(suspensions.isSuspended("a"), true);
    assert.equal(suspensions.isSuspended("b"), false);
    assert.equal(suspensions.count(), 1);
  });

  it("stay so until a probe succeeds, each by itself", async () => {
    suspensions.suspend("a", "gone");
    suspensions.suspend("b", "gone");
    answers.set("a", () => Promise.resolve());
    await eventually(() => !suspensions.isSuspended("a"));
    assert.equal(suspensions.isSuspended("b"), true);
    assert.deepEqual(changes.at(-1), ["a", undefined]);
    answers.set("b", () => Promise.resolve());
    await eventually(() => suspensions.count() === 0);
  });

  it("are probed at once when a connection has come up, and told of once", async () => {
    suspensions.suspend("a", "gone");
    answers.set("a", () => Promise.resolve());
    suspensions.probeNow();
    suspensions.probeNow();
    await eventually(() => suspensions.count() === 0, 50);
    assert.deepEqual(changes, [
      ["a", "gone"],
      ["a", undefined],
    ]);
    const probeCount = probes.length;
    suspensions.probeNow();
    assert.equal(probes.length, probeCount, "nobody is suspended");
  });

  it("are forgotten on closing, a probe under way included", async () => {
    const probe = Promise.withResolvers<void>();
    answers.set("a", () => probe.promise);
    suspensions.suspend("a", "gone");
    suspensions.probeNow();
    suspensions.close();
    probe.resolve();
    await probe.promise;
    suspensions.suspend("b", "gone");
    assert.equal(suspensions.count(), 0);
    assert.equal(changes.length, 1);
  });
});
