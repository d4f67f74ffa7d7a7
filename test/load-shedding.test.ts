import assert from "node:assert/strict";
import fc from "fast-check";
import { createTurningShedder } from "../shared/load-shedding.ts";

const MAX_WAIT_MS = 25;
const WORK_MS = 2;

const LOOK_EVERY_MS = 50;

/** A shedder on a clock of its own, in front of a process of which each call takes so much. */
function createSubject(maxConcurrentCount = 1_000, workMs = WORK_MS) {
  let nowMs = 0;
  let lookedMs = 0;
  let longestTurnMs = 0;
  const turns: (() => void)[] = [];
  const waitedMs: number[] = [];
  const shedder = createTurningShedder(
    { maxConcurrentCount, maxWaitMs: MAX_WAIT_MS },
    () => nowMs,
    (turn) => void turns.push(turn),
  );
  const call = (dueMs: number): boolean => {
    const retryDelayMs = shedder.admit(() => {
      waitedMs.push(nowMs - dueMs);
      nowMs += workMs;
      shedder.release();
      return true;
    });
    assert.ok(retryDelayMs === undefined || retryDelayMs > 0);
    return retryDelayMs === undefined;
  };
  /** What came is read, then there is a turn. */
  const loop = (read: () => void): void => {
    const startMs = nowMs;
    read();
    turns.shift()?.();
    if (nowMs === startMs) nowMs += 0.1;
    longestTurnMs = Math.max(longestTurnMs, nowMs - startMs);
    if (nowMs - lookedMs < LOOK_EVERY_MS) return;
    shedder.look(longestTurnMs, nowMs - lookedMs);
    longestTurnMs = 0;
    lookedMs = nowMs;
  };
  return {
    shedder,
    /** So many calls that come at once. */
    burst: (count: number): void => {
      loop(() => {
        for (let index = 0; index < count; index += 1) call(nowMs);
      });
      while (turns.length > 0) loop(() => {});
    },
    /** Lets calls come by the clock, whatever becomes of them. */
    load: (callsPerS: number, durationMs: number) => {
      const endMs = nowMs + durationMs;
      let dueMs = nowMs;
      const startedBefore = waitedMs.length;
      const refusedBefore = shedder.refusedCount();
      for (let readMs = nowMs; readMs < endMs; readMs = nowMs) {
        loop(() => {
          for (; dueMs <= readMs; dueMs += 1_000 / callsPerS) call(dueMs);
        });
      }
      const waited = waitedMs.slice(startedBefore);
      return {
        startedCount: waited.length,
        refusedCount: shedder.refusedCount() - refusedBefore,
        longestWaitMs: Math.max(...waited),
      };
    },
  };
}

describe("load shedding", () => {
  /** Calls that a process with so much work in each can do in a second. */
  const CAPACITY = 1_000 / WORK_MS;

  it("starts calls as they come, and once it is late each in a turn of its own", () => {
    const started: number[] = [];
    const turns: (() => void)[] = [];
    const shedder = createTurningShedder(
      { maxConcurrentCount: 10, maxWaitMs: MAX_WAIT_MS },
      () => 0,
      (turn) => void turns.push(turn),
    );
    const admit = (...calls: readonly number[]): void => {
      for (const call of calls) shedder.admit(() => started.push(call) > 0);
    };
    admit(1, 2);
    assert.deepEqual(started, [1, 2]);
    shedder.look(MAX_WAIT_MS + 1, 100);
    admit(3, 4, 5);
    assert.deepEqual(started, [1, 2, 3]);
    turns.shift()?.();
    assert.deepEqual(started, [1, 2, 3, 4]);
    turns.shift()?.();
    assert.deepEqual(started, [1, 2, 3, 4, 5]);
    turns.shift()?.();
    assert.deepEqual(turns, [], "no turns pass when there is nothing to do");
    shedder.look(MAX_WAIT_MS - 1, 50);
    admit(6, 7);
    assert.deepEqual(started, [1, 2, 3, 4, 5, 6, 7]);
  });

  it("lets in no more calls at a time than the setting says", () => {
    const shedder = createTurningShedder(
      { maxConcurrentCount: 2, maxWaitMs: MAX_WAIT_MS },
      () => 0,
      () => {},
    );
    assert.equal(
      shedder.admit(() => true),
      undefined,
    );
    assert.equal(
      shedder.admit(() => true),
      undefined,
    );
    assert.ok((shedder.admit(() => true) ?? 0) > 0);
    assert.deepEqual([shedder.activeCount(), shedder.refusedCount()], [2, 1]);
    shedder.release();
    assert.equal(
      shedder.admit(() => true),
      undefined,
    );
  });

  it("starts whoever is still there behind those who have left, in one turn", () => {
    const started: number[] = [];
    const turns: (() => void)[] = [];
    let nowMs = 0;
    const shedder = createTurningShedder(
      { maxConcurrentCount: 10_000, maxWaitMs: MAX_WAIT_MS },
      () => nowMs,
      (turn) => void turns.push(turn),
    );
    shedder.look(MAX_WAIT_MS + 1, 100);
    shedder.admit(() => started.push(0) > 0);
    for (let call = 1; call <= 1_000; call += 1) {
      shedder.admit(() => false);
      shedder.release();
    }
    shedder.admit(() => started.push(1) > 0);
    nowMs += 10;
    turns.shift()?.();
    assert.deepEqual(started, [0, 1]);
    // Whoever had left took no time, from which nothing follows for those who have not.
    for (let look = 0; look < 10; look += 1) shedder.look(MAX_WAIT_MS + 1, 50);
    assert.ok(shedder.limit() <= 20, `${shedder.limit()}`);
  });

  it("refuses none of a thousand who come at once, however long the last of them waits", () => {
    const { burst, load, shedder } = createSubject();
    for (let time = 0; time < 3; time += 1) {
      burst(1_000);
      load(1, 2_000);
    }
    assert.deepEqual([shedder.activeCount(), shedder.refusedCount()], [0, 0]);
  });

  it("refuses none while it can do what comes", () => {
    const { load } = createSubject();
    assert.equal(load(0.9 * CAPACITY, 5_000).refusedCount, 0);
  });

  it("does all that it can of twice as much, and lets nobody wait long", () => {
    const { load } = createSubject();
    // By lasting it is known that it is overload; until then half of the calls that came are waiting.
    const beginning = load(2 * CAPACITY, 1_500);
    assert.ok(beginning.longestWaitMs < 600, `${beginning.longestWaitMs} ms`);
    const { startedCount, refusedCount, longestWaitMs } = load(2 * CAPACITY, 5_000);
    assert.ok(startedCount >= 0.99 * 5 * CAPACITY, `${startedCount} calls`);
    assert.ok(refusedCount >= 0.99 * 5 * CAPACITY, `${refusedCount} refused`);
    assert.ok(longestWaitMs <= MAX_WAIT_MS + WORK_MS, `${longestWaitMs} ms`);
  });

  it("has no longer waits at ten times as much", () => {
    const { load } = createSubject();
    load(10 * CAPACITY, 8_000);
    const { longestWaitMs } = load(10 * CAPACITY, 2_000);
    assert.ok(longestWaitMs <= MAX_WAIT_MS + WORK_MS, `${longestWaitMs} ms`);
  });

  it("lets some calls wait even when each takes long", () => {
    const { load } = createSubject(1_000, 50);
    load(60, 5_000);
    assert.ok(load(60, 5_000).startedCount >= 99);
  });

  it("says what it lets in: less in an overload, and as much as ever after it", () => {
    const { load, shedder } = createSubject(100);
    assert.equal(shedder.limit(), 100);
    load(2 * CAPACITY, 3_000);
    assert.ok(shedder.limit() < 20, `${shedder.limit()} calls`);
    load(CAPACITY / 2, 3_000);
    assert.equal(shedder.limit(), 100);
  });

  it("counts every call once, whatever comes in which order", () => {
    const step = fc.oneof(
      fc.constant("admit" as const),
      fc.constant("release" as const),
      fc.constant("turn" as const),
      fc.double({ min: 0, max: 1_000, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step), (maxConcurrentCount, steps) => {
        let nowMs = 0;
        const turns: (() => void)[] = [];
        let startedCount = 0;
        let admittedCount = 0;
        let active = 0;
        const shedder = createTurningShedder(
          { maxConcurrentCount, maxWaitMs: MAX_WAIT_MS },
          () => nowMs,
          (turn) => void turns.push(turn),
        );
        for (const now of steps) {
          if (now === "admit") {
            if (shedder.admit(() => (startedCount += 1) > 0) !== undefined) continue;
            active += 1;
            admittedCount += 1;
          } else if (now === "release") {
            if (active === 0) continue;
            shedder.release();
            active -= 1;
          } else if (now === "turn") turns.shift()?.();
          else nowMs += now;
          assert.equal(shedder.activeCount(), active);
          assert.ok(active <= maxConcurrentCount && turns.length <= 1);
          assert.ok(shedder.limit() >= 1 && shedder.limit() <= maxConcurrentCount);
        }
        while (turns.length > 0) turns.shift()?.();
        assert.equal(startedCount, admittedCount);
      }),
    );
  });
});
