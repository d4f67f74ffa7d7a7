import { createClock } from "../../services/content-fetcher/resilience/clock.ts";
import { createPipeline } from "../../services/content-fetcher/resilience/pipeline.ts";
import type { CallScope, Policy } from "../../services/content-fetcher/resilience/policy.ts";
import { createRounds, type Group } from "./metric.ts";

const ROUND_COUNT = 5;
const CALL_COUNT = 20_000;
/** Calls under way at the same time. */
const CONCURRENT_COUNT = 8;
const ORIGIN = "BENCH_BASE_URL";

/** What all policies of a provider's pipeline cost a call that goes through at once. */
export const pipeline: Group = {
  names: ["pipeline.cpu_us"],
  method:
    `${ROUND_COUNT} rounds of ${CALL_COUNT} calls, ${CONCURRENT_COUNT} at a time, through quota, concurrency, deadline, ` +
    "retry, breaker, meter and attempt timeout in this process; CPU time less that of the same calls without them",
  run: async () => {
    const rounds = createRounds({ "pipeline.cpu_us": "us", "baseline.pipeline.bare_cpu_us": "us" });
    const clock = createClock(() => performance.now());
    const piped = createPipeline({
      origins: [ORIGIN],
      attemptTimeoutMs: 5_000,
      maxConcurrentCount: CONCURRENT_COUNT,
      maxCallsPerMinute: 1e9,
      maxBurstCount: 1e9,
      hedged: false,
      clock,
      random: Math.random,
    }).to(ORIGIN);
    const bare: Policy = { execute: (call, scope) => call(scope) };
    // Signals of their own, as each RPC has one.
    const cpuUs = async (policy: Policy): Promise<number> => {
      const before = process.cpuUsage();
      let left = CALL_COUNT;
      const caller = async (): Promise<void> => {
        while (left-- > 0) {
          const scope: CallScope = {
            signal: new AbortController().signal,
            endMs: clock.now() + 15_000,
            priority: "interactive",
            repeatable: true,
          };
          await policy.execute(answer, scope);
        }
      };
      await Promise.all(Array.from({ length: CONCURRENT_COUNT }, caller));
      const { user, system } = process.cpuUsage(before);
      return (user + system) / CALL_COUNT;
    };
    for (let round = 0; round <= ROUND_COUNT; round += 1) {
      const bareUs = await cpuUs(bare);
      const pipedUs = await cpuUs(piped);
      // The first round does not count: it is still being compiled.
      if (round === 0) continue;
      rounds.add("pipeline.cpu_us", pipedUs - bareUs);
      rounds.add("baseline.pipeline.bare_cpu_us", bareUs);
    }
    return rounds.metrics();
  },
};

/** Answers on the next turn of the loop, as a socket does. */
const answer = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
