import { metrics } from "@opentelemetry/api";
import type { LoadShedder } from "../load-shedding.ts";
import { ATTRIBUTE } from "./attributes.ts";

/**
 * Exports how busy a server is, as gauges that are read when somebody asks for metrics.
 *
 * @param service full name of the service that the calls are of
 * @returns ends that
 */
export function observeLoad(
  shedder: Pick<LoadShedder, "activeCount" | "limit">,
  service: string,
): () => void {
  const meter = metrics.getMeter("wayfarer");
  const active = meter.createObservableGauge("wayfarer.server.active", {
    description: "Calls that a server works on",
  });
  const limit = meter.createObservableGauge("wayfarer.server.limit", {
    description: "Calls that a server would work on at a time; lower while it has more to do than it can",
  });
  const observables = [active, limit];
  const callback: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const attributes = { [ATTRIBUTE.service]: service };
    result.observe(active, shedder.activeCount(), attributes);
    result.observe(limit, shedder.limit(), attributes);
  };
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);
}
