import assert from "node:assert/strict";
import { createAttemptTimeout } from "../../services/content-fetcher/resilience/attempt-timeout.ts";
import { createDeadlineGuard } from "../../services/content-fetcher/resilience/deadline-guard.ts";
import type { CallScope } from "../../services/content-fetcher/resilience/policy.ts";
import { callScope } from "../support/call-scope.ts";
import { createManualClock } from "../support/manual-clock.ts";

const untilAborted = ({ signal }: CallScope): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("attempt timeout", () => {
  it("ends an attempt by its signal, with PROVIDER_TIMEOUT", async () => {
    const clock = createManualClock();
    const call = createAttemptTimeout(3000, clock).execute(untilAborted, callScope());
    const ended = assert.rejects(call, { reason: "PROVIDER_TIMEOUT" });
    await clock.advance(2999);
    assert.equal(clock.timerCount(), 1);
    await clock.advance(1);
    await ended;
  });

  it("leaves the end to the call's deadline where that comes first", async () => {
    const clock = createManualClock();
    const abort = new AbortController();
    const scope = callScope({ endMs: 3000, signal: abort.signal });
    const call = createAttemptTimeout(3000, clock).execute(untilAborted, scope);
    assert.equal(clock.timerCount(), 0);
    abort.abort(new Error("deadline"));
    await assert.rejects(call, /deadline/);
  });

  it("tells the attempt when its caller has gone", async () => {
    const clock = createManualClock();
    const abort = new AbortController();
    const call = createAttemptTimeout(3000, clock).execute(untilAborted, callScope({ signal: abort.signal }));
    abort.abort(new Error("gone"));
    await assert.rejects(call, /gone/);
    assert.equal(clock.timerCount(), 0);
    await assert.rejects(
      createAttemptTimeout(3000, clock).execute(untilAborted, callScope({ signal: abort.signal })),
      /gone/,
    );
  });

  it("leaves neither timer nor listener behind", async () => {
    const clock = createManualClock();
    const { signal } = new AbortController();
    let listenerCount = 0;
    const counted = Object.assign(signal, {
      addEventListener: () => (listenerCount += 1),
      removeEventListener: () => (listenerCount -= 1),
    });
    const timeout = createAttemptTimeout(3000, clock);
    await timeout.execute(() => Promise.resolve(listenerCount), callScope({ signal: counted }));
    assert.deepEqual([clock.timerCount(), listenerCount], [0, 0]);
  });
});

describe("deadline guard", () => {
  const clock = createManualClock();
  const guard = (expectedMs: number | undefined) => createDeadlineGuard(clock, () => expectedMs);
  const answer = (): Promise<string> => Promise.resolve("answer");

  it("refuses at once what usually takes longer than is left", async () => {
    await assert.rejects(guard(800).execute(answer, callScope({ endMs: 799 })), {
      reason: "DEADLINE_TOO_SHORT",
      metadata: { remaining_ms: "799", needed_ms: "800" },
    });
    assert.equal(await guard(800).execute(answer, callScope({ endMs: 800 })), "answer");
  });

  it("lets everything pass while nothing is known", async () => {
    assert.equal(await guard(undefined).execute(answer, callScope({ endMs: 1 })), "answer");
  });
});
