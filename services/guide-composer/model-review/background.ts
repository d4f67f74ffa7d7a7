import { setImmediate } from "node:timers/promises";
import { startDeadline, type Deadline } from "../../../shared/deadline.ts";
import { ServiceError } from "../../../shared/errors.ts";
import { withinActiveSpan } from "../../../shared/telemetry/spans.ts";

/** Reviews under way at once, behind calls: they have time, callers do not. */
const MAX_RUNNING_COUNT = 2;
/** Reviews that wait for their turn; further guides are left for the next caller. */
const MAX_WAITING_COUNT = 100;
/** What a review behind calls has, milliseconds: twice the slowest attempt, and its turn at the provider. */
const TIMEOUT_MS = 30_000;

type Work = (deadline: Pick<Deadline, "signal" | "remainingMs">) => Promise<void>;

/** Work that nobody waits for: a few at a time, each with a deadline of its own, and all of it ended by `close`. */
export interface Background {
  /** Runs it when it is its turn, once the present call has had its own; false when too much is waiting. */
  readonly start: (work: Work, onError: (error: unknown) => void) => boolean;
  /** Makes `close` wait for something that is under way. */
  readonly track: (running: Promise<unknown>, onError: (error: unknown) => void) => void;
  readonly close: () => Promise<void>;
}

export function createBackground(monotonicNow: () => number): Background {
  const closing = new AbortController();
  const pending = new Set<Promise<unknown>>();
  const waiting: (() => Promise<void>)[] = [];
  let runningCount = 0;

  function track(running: Promise<unknown>, onError: (error: unknown) => void): void {
    const ended: Promise<unknown> = running
      .catch((error: unknown) => {
        if (!closing.signal.aborted) onError(error);
      })
      .finally(() => pending.delete(ended));
    pending.add(ended);
  }

  async function run(work: Work): Promise<void> {
    await setImmediate(undefined, { signal: closing.signal });
    const deadline = startDeadline({
      timeoutMs: undefined,
      defaultMs: TIMEOUT_MS,
      reserveMs: 0,
      callerSignal: closing.signal,
      now: monotonicNow,
    });
    try {
      await work(deadline);
    } finally {
      deadline.close();
    }
  }

  async function runWaiting(): Promise<void> {
    runningCount += 1;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
    runningCount -= 1;
  }

  return {
    start: (work, onError) => {
      if (closing.signal.aborted || waiting.length >= MAX_WAITING_COUNT) return false;
      // In the trace of the call that gave rise to it.
      const within = withinActiveSpan();
      waiting.push(async () => {
        if (closing.signal.aborted) return;
        await within(() => run(work)).catch((error: unknown) => {
          if (!closing.signal.aborted) onError(error);
        });
      });
      if (runningCount < MAX_RUNNING_COUNT) track(runWaiting(), onError);
      return true;
    },
    track,
    close: async () => {
      closing.abort(new ServiceError("SHUTTING_DOWN", "The composer is shutting down"));
      // What is tracked can give rise to more: the last write of a review that has just come.
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}
