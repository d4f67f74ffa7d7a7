import { ServiceError } from "../../../shared/errors.ts";
import { createLatencyWindow } from "./latency-window.ts";
import { createAttemptTimeout } from "./attempt-timeout.ts";
import { createBreaker, type CircuitState } from "./breaker.ts";
import type { Clock } from "./clock.ts";
import { createConcurrencyLimit } from "./concurrency-limit.ts";
import { createDeadlineGuard } from "./deadline-guard.ts";
import { createHedge } from "./hedge.ts";
import { compose, type Policy } from "./policy.ts";
import { createQuota, type Quota } from "./quota.ts";
import { createRetryBudget } from "./retry-budget.ts";
import { createRetry } from "./retry.ts";
import { verdictOf } from "./verdict.ts";

export interface PipelineOptions {
  /** Each has a circuit of its own: a provider's archive may be down while its forecast is not. */
  readonly origins: readonly string[];
  readonly attemptTimeoutMs: number;
  /** Attempts at the same time; undefined when the provider publishes no limit. */
  readonly maxConcurrentCount: number | undefined;
  /** Calls a minute; undefined when the provider publishes no limit. */
  readonly maxCallsPerMinute: number | undefined;
  /** Calls at once after a rest. */
  readonly maxBurstCount: number;
  /** Whether slow attempts get a second copy. */
  readonly hedged: boolean;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** How a provider has been of late and how busy it is. */
export interface PipelineStatus {
  /** The worst of its origins. */
  readonly circuit: CircuitState;
  readonly activeCount: number;
  /** Waiting for the quota or for their turn. */
  readonly queuedCount: number;
  /** Attempts that may run at the same time now. */
  readonly concurrencyLimitCount: number;
  /** Calls that the quota allows now; undefined without a known quota. */
  readonly quotaHeadroomCount: number | undefined;
  /** Of the attempts that had an answer in the last 10 minutes; undefined without any. */
  readonly attemptMedianMs: number | undefined;
  readonly attemptP95Ms: number | undefined;
}

/** Everything that stands between a provider's adapter and its sockets; all its calls share it. */
export interface Pipeline {
  /** @throws Error for an origin that was not declared */
  readonly to: (origin: string) => Policy;
  /** Told what the provider's answers say of our quota. */
  readonly observeQuota: Quota["observe"];
  readonly status: () => PipelineStatus;
}

/** Attempts of one provider at the same time never exceed the sockets of one host. */
const CEILING_COUNT = 30;
const REPORT_WINDOW = { reachMs: 600_000, maxSampleCount: 500 };
/** What a deadline is judged by is younger, so that a slow spell is forgotten soon after it has ended. */
const EXPECTATION_WINDOW = { reachMs: 60_000, maxSampleCount: 64 };
const MIN_EXPECTATION_COUNT = 5;
/** A copy that is sent earlier than this costs the provider more than it saves anybody. */
const MIN_HEDGE_DELAY_MS = 50;
const CIRCUIT_RANK = { closed: 0, "half-open": 1, open: 2 } as const satisfies Record<CircuitState, number>;

/**
 * Builds the policies of one provider in their order: quota, concurrency, deadline, retry, (hedge,) breaker, attempt
 * timeout; an open circuit refuses ahead of the queues as well. Quota, concurrency and retry budget are the provider's; expectation and circuit are each origin's.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { clock, random } = options;
  const report = createLatencyWindow(clock.now, REPORT_WINDOW);
  const concurrency = createConcurrencyLimit(clock, options.maxConcurrentCount, CEILING_COUNT);
  const budget = createRetryBudget(clock);
  const quota = createQuota({
    clock,
    maxCallsPerMinute: options.maxCallsPerMinute,
    maxBurstCount: options.maxBurstCount,
  });

  const lines = new Map(
    options.origins.map((origin) => {
      const expectation = createLatencyWindow(clock.now, EXPECTATION_WINDOW);
      const expectedMs = (): number | undefined => expectation.quantileMs(0.5, MIN_EXPECTATION_COUNT);
      const breaker = createBreaker(clock, random);
      const meter = createMeter(clock, (latencyMs, error) => {
        if (error === undefined) {
          report.add(latencyMs);
          expectation.add(latencyMs);
          concurrency.observe(latencyMs, "answered");
        } else if (error instanceof ServiceError && error.reason === "PROVIDER_RATE_LIMITED") {
          quota.pause(error.retryDelayMs);
          concurrency.observe(latencyMs, "failed");
        } else if (verdictOf(error) === "failed") {
          concurrency.observe(latencyMs, "failed");
        }
      });
      const policy = compose(
        breaker.gate,
        quota,
        concurrency,
        createDeadlineGuard(clock, expectedMs),
        createRetry({ clock, random, budget, expectedMs, takeQuota: quota.take }),
        ...(options.hedged
          ? [
              createHedge({
                clock,
                delayMs: () => {
                  const usualMs = expectation.quantileMs(0.95, MIN_EXPECTATION_COUNT);
                  return usualMs === undefined ? undefined : Math.max(MIN_HEDGE_DELAY_MS, usualMs);
                },
                budget,
                takeQuota: quota.take,
              }),
            ]
          : []),
        breaker,
        meter,
        createAttemptTimeout(options.attemptTimeoutMs, clock),
      );
      return [origin, { policy, breaker }];
    }),
  );

  return {
    to: (origin) => {
      const line = lines.get(origin);
      if (line === undefined) throw new Error(`an origin that was not declared: ${origin}`);
      return line.policy;
    },
    observeQuota: quota.observe,
    status: () => ({
      circuit: [...lines.values()]
        .map(({ breaker }) => breaker.state())
        .reduce((worst, state) => (CIRCUIT_RANK[state] > CIRCUIT_RANK[worst] ? state : worst), "closed"),
      activeCount: concurrency.activeCount(),
      queuedCount: quota.queuedCount() + concurrency.queuedCount(),
      concurrencyLimitCount: concurrency.limitCount(),
      quotaHeadroomCount: quota.headroomCount(),
      attemptMedianMs: report.quantileMs(0.5),
      attemptP95Ms: report.quantileMs(0.95),
    }),
  };
}

/** @param onEnd told of each attempt, with its error when it failed */
const createMeter = (clock: Clock, onEnd: (latencyMs: number, error: unknown) => void): Policy => ({
  execute: async (call, scope) => {
    const startMs = clock.now();
    try {
      const value = await call(scope);
      onEnd(clock.now() - startMs, undefined);
      return value;
    } catch (error) {
      onEnd(clock.now() - startMs, error);
      throw error;
    }
  },
});
