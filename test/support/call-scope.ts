import type { CallScope } from "../../services/content-fetcher/resilience/policy.ts";

/** A call that somebody waits for and that has all the time of the world, unless something else is said. */
export const callScope = (change: Partial<CallScope> = {}): CallScope => ({
  signal: new AbortController().signal,
  endMs: Number.POSITIVE_INFINITY,
  priority: "interactive",
  repeatable: true,
  ...change,
});
