import { areaNamesOf } from "./area-names.ts";
import type { Country, Gazetteer } from "./gazetteer.ts";
import { kmBetween } from "./nearby.ts";

/** A name to look for and what must be true of the place: "Paris, TX", "Paris Texas", "Paris, Texas, USA". */
export interface QualifiedName {
  readonly name: string;
  readonly qualifiers: readonly string[];
}

/** Countries and regions have names of up to so many words: "Bosnia and Herzegovina". */
const MAX_QUALIFIER_WORDS = 5;
/** How far from the place that qualifies it a place may be: "Versailles, Paris". */
const NEAR_KM = 50;
/** What people add to tell a city from its country or state: "Quebec City". */
const CITY_WORDS = new Set(["city", "town", "village"]);

/**
 * Ways to read a query, the likeliest first: all words before the first comma are the name, then fewer and fewer of
 * them, when the others are known to be countries or regions.
 *
 * @param parts folded, as the commas separate them; at least one
 */
export function readingsOf(gazetteer: Gazetteer, parts: readonly string[]): QualifiedName[] {
  const [head = "", ...given] = parts;
  const words = head.split(" ");
  const readings: QualifiedName[] = [];
  for (let count = words.length; count > 0; count -= 1) {
    const found = count === words.length ? [] : split(gazetteer, words.slice(count));
    if (found !== undefined)
      readings.push({ name: words.slice(0, count).join(" "), qualifiers: [...found, ...given] });
  }
  if (words.length > 1 && CITY_WORDS.has(words.at(-1) ?? ""))
    readings.push({ name: words.slice(0, -1).join(" "), qualifiers: given });
  return readings;
}

/** Words as a row of qualifiers; undefined when they are none. */
function split(gazetteer: Gazetteer, words: readonly string[]): string[] | undefined {
  if (words.length === 0) return [];
  for (let count = Math.min(words.length, MAX_QUALIFIER_WORDS); count > 0; count -= 1) {
    const first = words.slice(0, count).join(" ");
    if (countryOf(gazetteer, first) === undefined && gazetteer.areasQualifiedBy(first).size === 0) continue;
    const rest = split(gazetteer, words.slice(count));
    if (rest !== undefined) return [first, ...rest];
  }
  return undefined;
}

const countryOf = (gazetteer: Gazetteer, folded: string): Country | undefined =>
  gazetteer.countryNamed(folded) ?? gazetteer.countryNamedAbroad(folded);

/** Whether a qualifier is true of a place: its country, one of its divisions, or a better known place nearby. */
export function fits(gazetteer: Gazetteer, place: number, qualifier: string): boolean {
  if (countryOf(gazetteer, qualifier)?.code === gazetteer.countryCode(place)) return true;
  const divisions = [gazetteer.area1(place), gazetteer.area2(place)].filter((area) => area !== undefined);
  const meant = gazetteer.areasQualifiedBy(qualifier);
  return (
    divisions.some((area) => meant.has(area) || areaNamesOf(gazetteer.areaName(area)).includes(qualifier)) ||
    isNear(gazetteer, place, qualifier)
  );
}

function isNear(gazetteer: Gazetteer, place: number, qualifier: string): boolean {
  const best = gazetteer.byName(qualifier)[0]?.place;
  return (
    best !== undefined &&
    best < place &&
    kmBetween(
      gazetteer.latitude(best),
      gazetteer.longitude(best),
      gazetteer.latitude(place),
      gazetteer.longitude(place),
    ) <= NEAR_KM
  );
}
