import { createNote } from "../../../../shared/note.ts";

/** Remembers what is read from a thing for as long as there is the thing: the kinds of one guide ask for the same. */
export function readOnce<Thing extends object, Value extends object>(
  read: (thing: Thing) => Value,
): (thing: Thing) => Value {
  const known = createNote<Thing, Value>("read once");
  return (thing) => {
    const earlier = known.of(thing);
    if (earlier !== undefined) return earlier;
    const value = read(thing);
    known.write(thing, value);
    return value;
  };
}
