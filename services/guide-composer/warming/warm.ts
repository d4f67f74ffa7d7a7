import type { GuideSpec } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { CacheDecision } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ServiceError, type Reason } from "../../../shared/errors.ts";
import { activeTraceId } from "../../../shared/telemetry/spans.ts";
import { compose } from "../compose.ts";
import type { ComposeDependencies } from "../composition.ts";
import { DUE_LIFE_SHARE } from "./ranking.ts";

/** What composing a guide ahead of demand has: four attempts of the slowest provider, because nobody waits for it. */
const WARM_TIMEOUT_MS = 40_000;

/** How warming one guide ended. */
export type Warmed =
  | {
      readonly outcome: "composed" | "skipped" | "incomplete";
      readonly guide: string;
      readonly destination: string;
      readonly providerCallCount: number;
    }
  | { readonly outcome: "failed"; readonly reason: Reason };

/** Composes one guide behind callers and refreshes; what will soon expire is loaded anew. */
export type Warm = (spec: GuideSpec, signal: AbortSignal) => Promise<Warmed>;

const HITS: ReadonlySet<CacheDecision> = new Set([CacheDecision.HIT_MEMORY, CacheDecision.HIT_REDIS]);

export function createWarm(dependencies: ComposeDependencies, monotonicNow: () => number): Warm {
  return async (spec, signal) => {
    const endMs = monotonicNow() + WARM_TIMEOUT_MS;
    const call = {
      signal: AbortSignal.any([signal, AbortSignal.timeout(WARM_TIMEOUT_MS)]),
      remainingMs: () => Math.max(0, endMs - monotonicNow()),
      traceId: activeTraceId(),
      startMs: dependencies.now(),
    };
    const request = {
      spec,
      specPath: "spec",
      mode: "prefer-cache",
      paths: [],
      requiredKinds: [],
      maxStaleMs: 0,
      maxAgeMs: Infinity,
      trip: undefined,
      explain: false,
      purpose: "warming",
      // Paid for when somebody has asked for the guide.
      review: "none",
      maxLifeShare: DUE_LIFE_SHARE,
    } as const;
    try {
      for await (const event of compose(request, call, dependencies)) {
        if (event.type !== "completion") continue;
        const { name, destination } = event.guide.message();
        const { guideDecisions: decisions, providerCallCount } = event.report;
        const outcome = decisions.some((decision) => HITS.has(decision))
          ? "skipped"
          : decisions.includes(CacheDecision.NOT_STORABLE)
            ? "incomplete"
            : "composed";
        return {
          outcome,
          guide: name,
          destination: destination?.name ?? "",
          providerCallCount,
        };
      }
      throw new Error("composing ended without a completion");
    } catch (error) {
      // Whoever asked for it has gone: that is no outcome of this guide.
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof ServiceError)) throw error;
      return { outcome: "failed", reason: error.reason };
    }
  };
}
