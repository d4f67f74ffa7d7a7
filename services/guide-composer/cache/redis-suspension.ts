/** First wait before a suspended node is asked again; it doubles up to the other. */
const FIRST_PROBE_MS = 100;
const MAX_PROBE_MS = 500;

/** Which nodes of Redis are left alone, and who looks whether they are back: never a request. */
export interface Suspensions {
  readonly isSuspended: (node: string) => boolean;
  readonly count: () => number;
  /** Leaves a node alone until a probe succeeds. */
  readonly suspend: (node: string, cause: unknown) => void;
  /** Asks every suspended node now, because a connection has come up. */
  readonly probeNow: () => void;
  readonly close: () => void;
}

/**
 * @param probe resolves when the node is back, and rejects when it is not
 * @param onChanged told of each suspension with its cause, and of its end with undefined
 */
export function createSuspensions(
  probe: (node: string) => Promise<unknown>,
  onChanged: (node: string, cause: unknown) => void,
): Suspensions {
  const timers = new Map<string, NodeJS.Timeout>();
  let closed = false;

  function schedule(node: string, waitMs: number): void {
    timers.set(node, setTimeout(() => void check(node, waitMs), waitMs).unref());
  }

  async function check(node: string, waitedMs: number): Promise<void> {
    const back = await probe(node).then(
      () => true,
      () => false,
    );
    if (closed || !timers.has(node)) return;
    clearTimeout(timers.get(node));
    if (back) {
      timers.delete(node);
      onChanged(node, undefined);
    } else {
      schedule(node, Math.min(waitedMs * 2, MAX_PROBE_MS));
    }
  }

  return {
    isSuspended: (node) => timers.has(node),
    count: () => timers.size,
    suspend: (node, cause) => {
      if (closed || timers.has(node)) return;
      schedule(node, FIRST_PROBE_MS);
      onChanged(node, cause);
    },
    probeNow: () => {
      for (const [node, timer] of timers) {
        clearTimeout(timer);
        void check(node, FIRST_PROBE_MS);
      }
    },
    close: () => {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
