import { ServiceError } from "../../../shared/errors.ts";
import type { Clock } from "./clock.ts";
import type { Policy } from "./policy.ts";
import { verdictOf, type Verdict } from "./verdict.ts";

/** Failures in a row that open the circuit. */
const MAX_FAILURES_IN_A_ROW = 5;
/** It opens as well when half of so many attempts have failed, in any order. */
const RECENT_COUNT = 20;
/** How long it stays open: doubled with each probe that fails, up to the most, and then between half of it and all. */
const FIRST_OPEN_MS = 500;
/** Short enough that a provider that has recovered is back in use within 2 s, at the price of about one probe a second. */
const MAX_OPEN_MS = 1_500;
/** A provider that names a longer time itself, by `Retry-After`, is left alone for that, up to this. */
const MAX_ASKED_MS = 60_000;
/** Timers fire up to a millisecond early: the retry that waits just as long must find the circuit half-open. */
const TIMER_SLACK_MS = 2;

export type CircuitState = "closed" | "half-open" | "open";

type Circuit =
  | { readonly state: "closed"; readonly failuresInARow: number; readonly recent: readonly boolean[] }
  | { readonly state: "open"; readonly untilMs: number; readonly failedProbeCount: number }
  /** One attempt is under way to find out. */
  | { readonly state: "half-open"; readonly failedProbeCount: number };

const CLOSED: Circuit = { state: "closed", failuresInARow: 0, recent: [] };

export interface Breaker extends Policy {
  /** Half-open from the end of the pause on, before the probe as well. */
  readonly state: () => CircuitState;
  /** Refuses as the breaker would, ahead of all queues: nobody waits for an open circuit. */
  readonly gate: Policy;
}

/**
 * Leaves a provider alone that keeps failing, or that fails and says for how long: attempts are refused at once with
 * PROVIDER_CIRCUIT_OPEN until one probe has been answered. It judges by meaning: server errors, timeouts, lost connections and unreadable answers count;
 * a refusal for the rate, a "not found" or a caller that left do not.
 *
 * @param random in [0, 1); spreads the probes of several processes
 */
export function createBreaker(clock: Clock, random: () => number): Breaker {
  let circuit = CLOSED;
  /** Changes with every opening, probe and closing: what began before says nothing of the time after. */
  let period = 0;

  function enter(next: Circuit): void {
    if (next.state !== circuit.state) period += 1;
    circuit = next;
  }

  function open(failedProbeCount: number, askedMs: number | undefined): void {
    const longestMs = Math.min(MAX_OPEN_MS, FIRST_OPEN_MS * 2 ** failedProbeCount);
    const ownMs = longestMs * (0.5 + 0.5 * random());
    const openMs = askedMs === undefined ? ownMs : Math.min(MAX_ASKED_MS, askedMs) - TIMER_SLACK_MS;
    enter({ state: "open", untilMs: clock.now() + openMs, failedProbeCount });
  }

  const refusal = (retryDelayMs: number): ServiceError =>
    new ServiceError("PROVIDER_CIRCUIT_OPEN", "the provider has failed too often of late", { retryDelayMs });

  /** @returns the period that the attempt belongs to */
  function admit(): number {
    if (circuit.state === "half-open") throw refusal(FIRST_OPEN_MS);
    if (circuit.state === "open") {
      const leftMs = circuit.untilMs - clock.now();
      if (leftMs > 0) throw refusal(leftMs);
      enter({ state: "half-open", failedProbeCount: circuit.failedProbeCount });
    }
    return period;
  }

  function settle(begun: number, verdict: Verdict, askedMs?: number): void {
    if (begun !== period) return;
    if (circuit.state === "half-open") {
      if (verdict === "answered") enter(CLOSED);
      else if (verdict === "failed") open(circuit.failedProbeCount + 1, askedMs);
      // The probe's caller left: the next attempt is the probe.
      else enter({ state: "open", untilMs: clock.now(), failedProbeCount: circuit.failedProbeCount });
      return;
    }
    if (circuit.state === "open" || verdict === "none") return;
    const failed = verdict === "failed";
    if (!failed && circuit.failuresInARow === 0 && circuit.recent.length === 0) return;
    const failuresInARow = failed ? circuit.failuresInARow + 1 : 0;
    const recent = [...circuit.recent, failed].slice(-RECENT_COUNT);
    const failureCount = recent.filter(Boolean).length;
    const fails = failuresInARow >= MAX_FAILURES_IN_A_ROW || failureCount * 2 >= RECENT_COUNT;
    if (fails || (failed && askedMs !== undefined)) open(0, askedMs);
    else enter(failureCount === 0 ? CLOSED : { state: "closed", failuresInARow, recent });
  }

  return {
    state: () => (circuit.state === "open" && clock.now() >= circuit.untilMs ? "half-open" : circuit.state),
    gate: {
      execute: async (call, scope) => {
        if (circuit.state === "half-open") throw refusal(FIRST_OPEN_MS);
        const leftMs = circuit.state === "open" ? circuit.untilMs - clock.now() : 0;
        if (leftMs > 0) throw refusal(leftMs);
        return await call(scope);
      },
    },
    execute: async (call, scope) => {
      const begun = admit();
      try {
        const value = await call(scope);
        settle(begun, "answered");
        return value;
      } catch (error) {
        settle(begun, verdictOf(error), error instanceof ServiceError ? error.retryDelayMs : undefined);
        throw error;
      }
    },
  };
}
