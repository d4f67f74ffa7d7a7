/**
 * Remembers what is read from a thing for as long as there is the thing: the kinds of one guide ask for the same.
 *
 * It stands at the thing itself, unseen. A `WeakMap` that has grown old would keep what refers back to its key, as the
 * listings of a section to the section: half a megabyte of each guide, until the next full collection.
 */
export function readOnce<Thing extends object, Value extends object>(
  read: (thing: Thing) => Value,
): (thing: Thing) => Value {
  const known = Symbol("read once");
  return (thing: Thing & { readonly [known]?: Value }) => {
    const earlier = thing[known];
    if (earlier !== undefined) return earlier;
    const value = read(thing);
    Object.defineProperty(thing, known, { value });
    return value;
  };
}
