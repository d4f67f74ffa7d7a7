import assert from "node:assert/strict";
import { createRecentEvictions } from "../../services/guide-composer/cache/recent-evictions.ts";

describe("recent evictions", () => {
  it("tell of what was evicted since a moment, and of nothing else", () => {
    const evictions = createRecentEvictions();
    evictions.add((key) => key === "earlier");
    const mark = evictions.mark();
    assert.equal(evictions.isEvicted("earlier", mark), false);
    evictions.add((key) => key.startsWith("a"));
    evictions.add((key) => key.startsWith("b"));
    assert.deepEqual(
      ["a1", "b1", "c1", "earlier"].map((key) => evictions.isEvicted(key, mark)),
      [true, true, false, false],
    );
    assert.equal(evictions.isEvicted("a1", evictions.mark()), false);
  });

  it("say yes when they do not remember so far back", () => {
    const evictions = createRecentEvictions();
    const mark = evictions.mark();
    for (let count = 0; count < 1_000; count += 1) evictions.add(() => false);
    assert.equal(evictions.isEvicted("x", mark), false);
    evictions.add(() => false);
    assert.equal(evictions.isEvicted("x", mark), true);
  });
});
