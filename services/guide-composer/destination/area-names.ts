import { foldName } from "./fold-name.ts";

/** What divisions are called besides their names. */
const GENERIC = new Set(
  (
    "area autonomous autonoma canton city community comunidad council county department departamento departement " +
    "district distrito governorate kingdom metropolitan municipality oblast okrug parish prefecture province " +
    "provincia provincie raion region republic state territory voivodeship krai of de del di do da the"
  ).split(" "),
);

/** Folded names of a division: as it is written, and without what it is: "Lisbon District", "Province of Ravenna". */
export function areaNamesOf(name: string): string[] {
  const folded = foldName(name);
  const words = folded.split(" ");
  while (words.length > 1 && GENERIC.has(words[0] ?? "")) words.shift();
  while (words.length > 1 && GENERIC.has(words.at(-1) ?? "")) words.pop();
  return [...new Set([folded, words.join(" ")])];
}
