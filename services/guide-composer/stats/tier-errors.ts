import { metrics } from "@opentelemetry/api";
import { ATTRIBUTE } from "../../../shared/telemetry/attributes.ts";
import { errorTypeOf } from "../../../shared/telemetry/redis.ts";
import type { Store } from "../cache/store.ts";

/** Counts what a tier of the cache could not do, in `wayfarer.cache.errors`: calls go on without it. */
export function createTierErrorCounter(): (tier: Store["tier"], error: unknown) => void {
  const counter = metrics.getMeter("wayfarer").createCounter("wayfarer.cache.errors", {
    unit: "{error}",
    description: "What a tier of the cache could not do",
  });
  return (tier, error) =>
    counter.add(1, { [ATTRIBUTE.cacheTier]: tier, [ATTRIBUTE.errorType]: errorTypeOf(error) });
}
