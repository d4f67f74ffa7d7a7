import { context, ROOT_CONTEXT, type Context } from "@opentelemetry/api";

/**
 * A context that keeps one value and asks the one that it was made from for the others. OpenTelemetry's own copies all
 * values for each context, and assigns functions to its properties: V8 makes such functions in the old generation, where
 * they keep the spans of a call until a full collection.
 */
class PlainContext implements Context {
  readonly #parent: Context;
  readonly #key: symbol;
  /** Undefined when it was deleted. */
  readonly #value: unknown;

  constructor(parent: Context, key: symbol, value: unknown) {
    this.#parent = parent;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new PlainContext(this, key, value);
  }

  deleteValue(key: symbol): Context {
    return new PlainContext(this, key, undefined);
  }
}

const PLAIN_ROOT = new PlainContext(ROOT_CONTEXT, Symbol("none"), undefined);

/** The active context, to begin a call in: what comes of it is plain too. */
export function activeContext(): Context {
  const active = context.active();
  return active === ROOT_CONTEXT ? PLAIN_ROOT : active;
}
