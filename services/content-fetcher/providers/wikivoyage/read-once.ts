/** Remembers what is read from a thing for as long as there is the thing: the kinds of one guide ask for the same. */
export function readOnce<Thing extends object, Value extends object>(
  read: (thing: Thing) => Value,
): (thing: Thing) => Value {
  const known = new WeakMap<Thing, Value>();
  return (thing) => {
    const earlier = known.get(thing);
    if (earlier !== undefined) return earlier;
    const value = read(thing);
    known.set(thing, value);
    return value;
  };
}
