import type { ServiceError } from "../../../shared/errors.ts";
import type { Clock } from "./clock.ts";
import type { CallScope, Priority } from "./policy.ts";

export interface WaitingRoomOptions {
  /** Calls that may wait. When it is full, the last one of a lower priority makes room, or the newcomer is refused. */
  readonly maxCount: number;
  /** Longest wait, milliseconds; undefined when only the call's own signal ends it. */
  readonly maxWaitMs: number | undefined;
  readonly clock: Clock;
  /** What a call is refused with when the room is full or its wait was too long. */
  readonly refusal: () => ServiceError;
}

/** Calls that wait for their turn: by priority, then in the order of their coming. Each holds a ticket. */
export interface WaitingRoom<T> {
  readonly count: () => number;
  /** Calls that would be let in before a newcomer of that priority. */
  readonly countAhead: (priority: Priority) => number;
  /**
   * Resolves when the call is let in.
   *
   * @throws the refusal, or the signal's reason
   */
  readonly wait: (ticket: T, scope: CallScope) => Promise<void>;
  /** Lets in the first call whose ticket fits, and returns that; undefined when there is none. */
  readonly admit: (fits: (ticket: T) => boolean) => T | undefined;
  /** Refuses everybody. */
  readonly clear: (reason: unknown) => void;
}

interface Waiter<T> {
  readonly ticket: T;
  readonly enter: () => void;
  readonly refuse: (reason: unknown) => void;
}

const RANK = { interactive: 0, refresh: 1, warming: 2 } as const satisfies Record<Priority, number>;

export function createWaitingRoom<T>(options: WaitingRoomOptions): WaitingRoom<T> {
  const queues: readonly Waiter<T>[][] = Object.values(RANK).map(() => []);
  const count = (): number => queues.reduce((sum, queue) => sum + queue.length, 0);

  /** Refuses the last call of the lowest priority below `rank`; false when there is none. */
  function displace(rank: number): boolean {
    const queue = queues.slice(rank + 1).findLast(({ length }) => length > 0);
    const last = queue?.at(-1);
    last?.refuse(options.refusal());
    return last !== undefined;
  }

  return {
    count,
    countAhead: (priority) =>
      queues.slice(0, RANK[priority] + 1).reduce((sum, queue) => sum + queue.length, 0),
    wait: (ticket, { signal, priority }) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const rank = RANK[priority];
        if (count() >= options.maxCount && !displace(rank)) return reject(options.refusal());
        const queue = queues[rank] ?? [];
        const leave = (): void => {
          queue.splice(queue.indexOf(waiter), 1);
          stopTimer?.();
          signal.removeEventListener("abort", onAbort);
        };
        const waiter: Waiter<T> = {
          ticket,
          enter: () => {
            leave();
            resolve();
          },
          refuse: (reason) => {
            leave();
            reject(reason);
          },
        };
        const onAbort = (): void => waiter.refuse(signal.reason);
        const stopTimer =
          options.maxWaitMs === undefined
            ? undefined
            : options.clock.startTimer(options.maxWaitMs, () => waiter.refuse(options.refusal()));
        queue.push(waiter);
        signal.addEventListener("abort", onAbort, { once: true });
      }),
    admit: (fits) => {
      for (const queue of queues) {
        const first = queue.find(({ ticket }) => fits(ticket));
        if (first === undefined) continue;
        first.enter();
        return first.ticket;
      }
      return undefined;
    },
    clear: (reason) => {
      for (const queue of queues) while (queue[0] !== undefined) queue[0].refuse(reason);
    },
  };
}
