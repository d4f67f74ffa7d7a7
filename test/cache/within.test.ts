import assert from "node:assert/strict";
import { RedisUnavailableError } from "../../services/guide-composer/cache/redis-unavailable.ts";
import { within } from "../../services/guide-composer/cache/within.ts";

const TIMEOUT_MS = 8;
const PART_MS = TIMEOUT_MS / 4;

describe("waiting for Redis", () => {
  it("hands over what comes in time, a failure too", async () => {
    const now = (): number => performance.now();
    assert.equal(await within(Promise.resolve("here"), TIMEOUT_MS, now), "here");
    await assert.rejects(within(Promise.reject(new Error("no")), TIMEOUT_MS, now), /no/);
  });

  it("ends when the time is up", async () => {
    let nowMs = 0;
    // As timers fire: each part ends when it should.
    const now = (): number => (nowMs += PART_MS);
    await assert.rejects(within(new Promise(() => {}), TIMEOUT_MS, now), RedisUnavailableError);
  });

  it("does not count the time in which this process stood still", async () => {
    let nowMs = 0;
    let stalledCount = 0;
    const answer = Promise.withResolvers<string>();
    const now = (): number => {
      // Every part ends far too late: the loop was busy with other things.
      nowMs += 100 * PART_MS;
      stalledCount += 1;
      if (stalledCount === 20) answer.resolve("late, and read all the same");
      return nowMs;
    };
    assert.equal(await within(answer.promise, TIMEOUT_MS, now), "late, and read all the same");
  });

  it("stops waiting in the end, however busy this process is", async () => {
    let nowMs = 0;
    const now = (): number => (nowMs += 100 * PART_MS);
    await assert.rejects(within(new Promise(() => {}), TIMEOUT_MS, now), RedisUnavailableError);
  });
});
