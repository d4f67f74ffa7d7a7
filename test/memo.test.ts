import assert from "node:assert/strict";
import { createMemo, type Memo } from "../services/guide-composer/memo.ts";

const MAX_AGE_MS = 250;

describe("a memo", () => {
  let nowMs: number;
  let timers: { readonly atMs: number; readonly onDue: () => void }[];
  let madeCount: number;
  let memo: Memo<{ readonly number: number }>;
  const [one, two] = [{ a: 1 }, { a: 1 }];
  const make = (): { readonly number: number } => {
    madeCount += 1;
    return { number: madeCount };
  };
  function pass(ms: number): void {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter((timer) => !due.includes(timer));
    for (const { onDue } of due) onDue();
  }
  beforeEach(() => {
    [nowMs, timers, madeCount] = [0, [], 0];
    memo = createMemo(
      2,
      () => nowMs,
      (delayMs, onDue) => timers.push({ atMs: nowMs + delayMs, onDue }),
    );
  });

  it("makes once what is made of the same things in the same way", () => {
    const first = memo.of("x", [one, two], make);
    assert.equal(memo.of("x", [one, two], make), first);
    // Equal things are others, and so is another order or another way.
    assert.notEqual(memo.of("x", [two, one], make), first);
    assert.notEqual(memo.of("y", [one, two], make), first);
    assert.equal(madeCount, 3);
  });

  it("makes anew what was made a quarter of a second ago", () => {
    const first = memo.of("x", [one], make);
    nowMs += MAX_AGE_MS - 1;
    assert.equal(memo.of("x", [one], make), first);
    nowMs += 1;
    assert.notEqual(memo.of("x", [one], make), first);
  });

  it("keeps so many, the newest", () => {
    const first = memo.of("1", [one], make);
    const second = memo.of("2", [one], make);
    memo.of("3", [one], make);
    assert.equal(memo.of("2", [one], make), second);
    assert.notEqual(memo.of("1", [one], make), first);
  });

  it("holds on to nothing once its time is over, and to no timer then", () => {
    memo.of("x", [one], make);
    pass(MAX_AGE_MS / 2);
    memo.of("y", [one], make);
    pass(MAX_AGE_MS / 2);
    // The first has gone, the second has half of its time left.
    assert.deepEqual(
      timers.map(({ atMs }) => atMs),
      [1.5 * MAX_AGE_MS],
    );
    pass(MAX_AGE_MS / 2);
    assert.deepEqual(timers, []);
    memo.of("x", [one], make);
    assert.equal(timers.length, 1);
  });
});
