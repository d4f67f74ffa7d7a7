import { metrics, type Attributes } from "@opentelemetry/api";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import type { Decision } from "./cache/probe.ts";

/**
 * Counts what the cache decided about a guide, or about one content on a section kind. A lookup that made several
 * decisions counts once for each: a cold miss that waited for another call's load is MISS_COLD and COALESCED_LOCAL.
 */
export type CountDecisions = (
  entry: "guide" | "content",
  decisions: readonly Decision[],
  sectionKind?: string,
) => void;

/** The counter `wayfarer.cache.lookups`, by entry, section kind and decision. */
export function createDecisionCounter(): CountDecisions {
  const counter = metrics.getMeter("wayfarer").createCounter("wayfarer.cache.lookups", {
    unit: "{decision}",
    description: "Decisions of cache lookups",
  });
  return (entry, decisions, sectionKind) => {
    const attributes: Attributes = {
      [ATTRIBUTE.cacheEntry]: entry,
      ...(sectionKind !== undefined && { [ATTRIBUTE.sectionKind]: sectionKind }),
    };
    for (const decision of decisions) counter.add(1, { ...attributes, [ATTRIBUTE.cacheDecision]: decision });
  };
}
