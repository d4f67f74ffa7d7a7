/** Who waits for a call: a caller, an entry that is about to expire, or nobody yet. First come first served within each. */
export type Priority = "interactive" | "refresh" | "warming";

/** What every policy may know of the call that it runs. */
export interface CallScope {
  /** Ends the call: its deadline has passed, or nobody waits any more. */
  readonly signal: AbortSignal;
  /** Its deadline, an instant on the policies' clock, milliseconds. */
  readonly endMs: number;
  readonly priority: Priority;
  /** Whether it may be sent again after it may have reached the provider. False for what costs money each time. */
  readonly repeatable: boolean;
}

/** One way to make a call behave: a value with one method that runs the call and may refuse, delay or end it. */
export interface Policy {
  /**
   * Runs `call`, which must end when the signal of the scope that it is handed fires.
   *
   * @throws what `call` throws, or a `ServiceError` of the policy's own
   */
  readonly execute: <T>(call: (scope: CallScope) => Promise<T>, scope: CallScope) => Promise<T>;
}

/** Nests policies, outermost first. */
export const compose = (...policies: readonly Policy[]): Policy => ({
  execute: (call, scope) => {
    const chain = policies.reduceRight<(scope: CallScope) => ReturnType<typeof call>>(
      (inner, policy) => (outerScope) => policy.execute(inner, outerScope),
      call,
    );
    return chain(scope);
  },
});
