import { metrics } from "@opentelemetry/api";
import { ATTRIBUTE } from "../../../shared/telemetry/attributes.ts";
import type { MemoryStore } from "../cache/memory-store.ts";
import type { RedisLink } from "../cache/redis-link.ts";

export interface ObservedCache {
  readonly memory: Pick<MemoryStore, "entryCount" | "sizeBytes" | "crowdedOutCount">;
  /** Undefined without Redis. */
  readonly redis: Pick<RedisLink, "suspendedCount"> | undefined;
}

/**
 * Exports the state of a cache, which is read when somebody asks for metrics.
 *
 * @param evictedCount entries that operators have evicted through this process
 * @returns ends that
 */
export function observeCache({ memory, redis }: ObservedCache, evictedCount: () => number): () => void {
  const meter = metrics.getMeter("wayfarer");
  const size = meter.createObservableGauge("wayfarer.cache.memory.size", {
    unit: "By",
    description: "What the entries in memory take",
  });
  const entries = meter.createObservableGauge("wayfarer.cache.memory.entries", {
    unit: "{entry}",
    description: "Entries in memory",
  });
  const evictions = meter.createObservableCounter("wayfarer.cache.evictions", {
    unit: "{entry}",
    description: "Entries that had to go before they expired",
  });
  const suspended = meter.createObservableGauge("wayfarer.redis.suspended", {
    unit: "{node}",
    description: "Nodes of Redis that are left alone because they did not answer",
  });
  const observables = [size, entries, evictions, suspended];
  const callback: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    result.observe(size, memory.sizeBytes());
    result.observe(entries, memory.entryCount());
    result.observe(evictions, memory.crowdedOutCount(), { [ATTRIBUTE.evictionCause]: "room" });
    result.observe(evictions, evictedCount(), { [ATTRIBUTE.evictionCause]: "request" });
    if (redis !== undefined) result.observe(suspended, redis.suspendedCount());
  };
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);
}
