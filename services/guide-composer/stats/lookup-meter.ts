import { metrics, type Attributes } from "@opentelemetry/api";
import { ATTRIBUTE } from "../../../shared/telemetry/attributes.ts";
import type { Decision } from "../cache/probe.ts";
import { GUIDE, type CacheStats, type Served } from "./cache-stats.ts";

export const NOTHING_SERVED: Served = { bytes: 0, savedCallCount: 0, savedCostUsdMicros: 0n };

/**
 * Counts what the cache decided about a guide, or about one content on a section kind. A lookup that made several
 * decisions counts once for each: a cold miss that waited for another call's load is MISS_COLD and COALESCED_LOCAL.
 */
export interface LookupMeter {
  readonly guide: (decisions: readonly Decision[], served: Served) => void;
  /** @param kind name of the section kind */
  readonly content: (kind: string, decisions: readonly Decision[], served: Served) => void;
}

/** Feeds the counter `wayfarer.cache.lookups`, by entry, section kind and decision, and the statistics. */
export function createLookupMeter(stats: Pick<CacheStats, "lookedUp">): LookupMeter {
  const counter = metrics.getMeter("wayfarer").createCounter("wayfarer.cache.lookups", {
    unit: "{decision}",
    description: "Decisions of cache lookups",
  });
  const count = (attributes: Attributes, decisions: readonly Decision[]): void => {
    for (const decision of decisions) counter.add(1, { ...attributes, [ATTRIBUTE.cacheDecision]: decision });
  };
  return {
    guide: (decisions, served) => {
      count({ [ATTRIBUTE.cacheEntry]: "guide" }, decisions);
      stats.lookedUp(GUIDE, decisions, served);
    },
    content: (kind, decisions, served) => {
      count({ [ATTRIBUTE.cacheEntry]: "content", [ATTRIBUTE.sectionKind]: kind }, decisions);
      stats.lookedUp(kind, decisions, served);
    },
  };
}
