import { create } from "@bufbuild/protobuf";
import {
  CacheStatsSchema,
  DecisionCountSchema,
  SectionStatsSchema,
  type CacheStats,
} from "../../../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import { CacheDecision } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { GUIDE, type CountsSnapshot } from "../stats/cache-stats.ts";

const DECISIONS = new Map(Object.entries(CacheDecision));
const KINDS = new Map([...Object.entries(SectionKind), [GUIDE, SectionKind.UNSPECIFIED] as const]);

/** Counters as the API has them; a composer of another version may count what this one has no name for. */
export const toCacheStats = ({ sections, evictedCount }: CountsSnapshot): CacheStats =>
  create(CacheStatsSchema, {
    sections: [...sections]
      .flatMap(([kind, { decisions, counters }]) => {
        const sectionKind = KINDS.get(kind);
        if (sectionKind === undefined) return [];
        return [
          create(SectionStatsSchema, {
            sectionKind,
            decisionCounts: [...decisions].flatMap(([name, count]) => {
              const decision = DECISIONS.get(name);
              return decision === undefined
                ? []
                : [create(DecisionCountSchema, { decision, count: BigInt(count) })];
            }),
            hitBytes: BigInt(counters["hit-bytes"]),
            savedCallCount: BigInt(counters["saved-calls"]),
            savedCostUsdMicros: BigInt(counters["saved-cost-usd-micros"]),
            refreshCount: BigInt(counters.refreshes),
            changedCount: BigInt(counters.changed),
          }),
        ];
      })
      .sort((a, b) => a.sectionKind - b.sectionKind),
    evictedCount: BigInt(evictedCount),
  });
