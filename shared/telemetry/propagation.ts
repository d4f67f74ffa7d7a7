import {
  context,
  createContextKey,
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from "@opentelemetry/api";
import { W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";

const KEPT_INSIDE = createContextKey("wayfarer: nothing leaves");

/**
 * Runs `call` so that its requests carry neither trace ids nor baggage. For requests to providers: baggage is what
 * callers say to each other, and may name people.
 */
export const keepTraceInside = <T>(call: () => T): T =>
  context.with(context.active().setValue(KEPT_INSIDE, true), call);

/** Propagates as another one does, except from within `keepTraceInside`. */
class InsidePropagator implements TextMapPropagator {
  readonly #propagator: TextMapPropagator;
  constructor(propagator: TextMapPropagator) {
    this.#propagator = propagator;
  }
  inject<Carrier>(from: Context, carrier: Carrier, setter: TextMapSetter<Carrier>): void {
    if (from.getValue(KEPT_INSIDE) !== true) this.#propagator.inject(from, carrier, setter);
  }
  extract<Carrier>(into: Context, carrier: Carrier, getter: TextMapGetter<Carrier>): Context {
    return this.#propagator.extract(into, carrier, getter);
  }
  fields(): string[] {
    return this.#propagator.fields();
  }
}

const PROPAGATORS: ReadonlyMap<string, () => TextMapPropagator> = new Map<string, () => TextMapPropagator>([
  ["tracecontext", () => new InsidePropagator(new W3CTraceContextPropagator())],
  ["baggage", () => new InsidePropagator(new W3CBaggagePropagator())],
]);

/**
 * The propagators that `OTEL_PROPAGATORS` names: `tracecontext`, `baggage`, both by default; `none` for none.
 *
 * @param onUnknown told of each name that is not supported; the others are used
 */
export function createPropagators(
  setting: string | undefined,
  onUnknown: (name: string) => void,
): TextMapPropagator[] {
  const names = (setting ?? "").split(",").flatMap((name) => name.trim() || []);
  if (names.includes("none")) return [];
  return [...new Set(names.length === 0 ? PROPAGATORS.keys() : names)].flatMap((name) => {
    const create = PROPAGATORS.get(name);
    if (create === undefined) onUnknown(name);
    return create?.() ?? [];
  });
}
