/** One way to make a call behave: a value with one method that runs the call and may refuse, delay or end it. */
export interface Policy {
  /**
   * Runs `call`, which must end when the signal that it is handed fires.
   *
   * @throws what `call` throws, or a `ServiceError` of the policy's own
   */
  readonly execute: <T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) => Promise<T>;
}

/**
 * Nests policies, outermost first. The order of a provider call is: quota, concurrency, deadline, retry, breaker,
 * attempt timeout, pool; each policy of it has its own file beside this one.
 */
export const compose = (...policies: readonly Policy[]): Policy => ({
  execute: (call, signal) => {
    const chain = policies.reduceRight<(signal: AbortSignal) => ReturnType<typeof call>>(
      (inner, policy) => (outerSignal) => policy.execute(inner, outerSignal),
      call,
    );
    return chain(signal);
  },
});
