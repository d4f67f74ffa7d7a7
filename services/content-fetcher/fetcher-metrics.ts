import { metrics } from "@opentelemetry/api";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import type { Ledger } from "./cost/ledger.ts";
import type { Pool } from "./http/pool.ts";
import type { ProviderEntry } from "./provider-entry.ts";
import type { CircuitState } from "./resilience/breaker.ts";

const CIRCUIT_STATES = ["closed", "half-open", "open"] as const satisfies readonly CircuitState[];

/**
 * Exports what ListProviders says, the pool and the budgets as gauges that are read when somebody asks for metrics.
 *
 * @returns ends that
 */
export function observeFetcher(entries: Iterable<ProviderEntry>, pool: Pool, ledger: Ledger): () => void {
  const meter = metrics.getMeter("wayfarer");
  const gauge = (name: string, description: string) =>
    meter.createObservableGauge(`wayfarer.${name}`, { description });
  const circuit = gauge("provider.circuit", "1 for the state that a provider's circuit is in");
  const active = gauge("provider.active", "Calls in flight to a provider");
  const queued = gauge("provider.queued", "Calls that wait for a provider's quota or limiter");
  const limit = gauge("provider.concurrency_limit", "Calls that may be in flight to a provider");
  const headroom = gauge("provider.quota_headroom", "Calls that a provider's quota allows now");
  const sockets = gauge("pool.sockets", "Sockets to providers, and attempts that wait for one");
  const lookups = meter.createObservableCounter("wayfarer.dns.lookups", {
    description: "Lookups of providers' names, by what answered",
  });
  const money = (name: string, description: string) =>
    meter.createObservableGauge(`wayfarer.${name}`, { unit: "{usd_micro}", description });
  const spent = money("budget.spent", "What a provider's calls have cost since midnight UTC");
  const reserved = money("budget.reserved", "The most that calls under way to a provider can cost");
  const budget = money("budget.limit", "Daily budget of a provider or, without one, of all together");
  const ofPipelines = [circuit, active, queued, limit, headroom, sockets, lookups];
  const observables = [...ofPipelines, spent, reserved, budget];
  const callback: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    for (const { name, link, provider } of entries) {
      if (provider.origins.length === 0) continue;
      const status = link.status();
      const attributes = { [ATTRIBUTE.provider]: name };
      for (const state of CIRCUIT_STATES) {
        const isState = status.circuit === state ? 1 : 0;
        result.observe(circuit, isState, { ...attributes, [ATTRIBUTE.circuit]: state });
      }
      result.observe(active, status.activeCount, attributes);
      result.observe(queued, status.queuedCount, attributes);
      result.observe(limit, status.concurrencyLimitCount, attributes);
      if (status.quotaHeadroomCount !== undefined)
        result.observe(headroom, status.quotaHeadroomCount, attributes);
    }
    for (const { provider, section, spentUsdMicros, reservedUsdMicros } of ledger.today()) {
      const attributes = { [ATTRIBUTE.provider]: provider, [ATTRIBUTE.sectionKind]: section };
      result.observe(spent, spentUsdMicros, attributes);
      result.observe(reserved, reservedUsdMicros, attributes);
    }
    const { totalUsdMicros, ofProviders } = ledger.budgets;
    if (totalUsdMicros !== undefined) result.observe(budget, totalUsdMicros);
    for (const [name, usdMicros] of ofProviders)
      result.observe(budget, usdMicros, { [ATTRIBUTE.provider]: name });
    const counts = pool.counts();
    for (const [state, count] of Object.entries(counts.sockets))
      result.observe(sockets, count, { [ATTRIBUTE.socketState]: state });
    for (const [answer, count] of Object.entries(counts.lookups))
      result.observe(lookups, count, { [ATTRIBUTE.lookup]: answer });
  };
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);
}
