/** What is known of things, for as long as there are the things. */
export interface Note<Thing extends object, Value> {
  readonly of: (thing: Thing) => Value | undefined;
  /** Once for each thing. */
  readonly write: (thing: Thing, value: Value) => void;
}

/**
 * Notes that stand at the things themselves, where nothing that lists or copies their properties sees them. Of a `WeakMap`
 * with many short-lived keys V8 makes table after table in the old generation, and each keeps what it held until a full
 * collection.
 */
export function createNote<Thing extends object, Value>(description: string): Note<Thing, Value> {
  const key = Symbol(description);
  return {
    of: (thing: Thing & { readonly [key]?: Value }) => thing[key],
    write: (thing, value) => void Object.defineProperty(thing, key, { value }),
  };
}
