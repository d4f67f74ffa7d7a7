/** A signal that fires with another one, and can be ended before. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  /** Fires the signal, and lets go of the other one; only the first time counts. */
  readonly end: (reason: Error) => void;
}

/**
 * What `AbortSignal.any` is for, of one signal and oneself. That one refers to its signals weakly, and what is referred
 * to weakly V8 keeps, with all that it refers to, until a full collection: some 10 KB of a call.
 */
export function linkAbort(signal: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    signal: controller.signal,
    end: (reason) => {
      signal.removeEventListener("abort", onAbort);
      controller.abort(reason);
    },
  };
}
