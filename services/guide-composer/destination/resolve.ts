import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { foldName } from "./fold-name.ts";
import type { Area, Country, Gazetteer } from "./gazetteer.ts";
import { KIND, type NameKind } from "./gazetteer-file.ts";
import { kmBetween } from "./nearby.ts";
import { fits, readingsOf, type QualifiedName } from "./qualifiers.ts";
import { suggestInAreas, suggestInCountry, suggestSimilar } from "./suggest.ts";

export type Resolution =
  | { readonly state: "resolved"; readonly destination: Destination }
  | { readonly state: "ambiguous"; readonly candidates: readonly Destination[] }
  /** The query names a whole country, which is no destination. */
  | { readonly state: "country"; readonly suggestions: readonly Destination[] }
  /**
   * The gazetteer does not know. When the query is the name of divisions, `areas` has them: only what lies in one of
   * them is meant.
   */
  | {
      readonly state: "unknown";
      readonly areas: readonly number[];
      readonly suggestions: readonly Destination[];
    };

/**
 * All weights are decimal logarithms. A namesake stands out when it weighs five times the next one: four times would
 * decide for Hamilton in Canada (over New Zealand's) and Santa Fe in New Mexico (over Argentina's), six would ask back
 * about Barcelona.
 */
const STANDS_OUT = Math.log10(5);
/**
 * What a name counts for by its kind. GeoNames lists under "foreign" also what a place was called a century ago: with
 * more than a twentieth, "Porto" would not be Porto because Bordeaux was once called so.
 */
const KIND_WEIGHT: Readonly<Record<NameKind, number>> = {
  [KIND.own]: 0,
  [KIND.variant]: Math.log10(0.5),
  [KIND.foreign]: Math.log10(0.05),
};
/** Candidates below a hundredth of the first one's weight are not offered: nobody means them. */
const MIN_CANDIDATE_WEIGHT = Math.log10(0.01);
const MAX_CANDIDATE_COUNT = 10;
/**
 * A place that shares its name with a division elsewhere is meant when it weighs a twelfth of it or more, a division
 * counting as a place with names in nine scripts does. That keeps Washington, New York, Victoria and Canterbury, and
 * leaves Cornwall, Crete and Bali to the divisions, not to towns in Ontario, Nebraska and Rajasthan.
 */
const AREA_WEIGHT = 2 * Math.log10(1 + 9) - Math.log10(12);

/** Namesakes this close are one destination: Kansas City on both sides of the state line. */
const SAME_CITY_KM = 25;

/** Folded parts of a query between its commas. */
export const splitQuery = (query: string): string[] =>
  query
    .split(/[,;，、]/)
    .map(foldName)
    .filter((part) => part !== "");

/** Text to a destination: exact names in any language, then weight, then how a qualifier ("Paris, TX") fits. */
export function resolveQuery(gazetteer: Gazetteer, query: string): Resolution {
  const parts = splitQuery(query);
  const [head] = parts;
  if (head === undefined) return { state: "unknown", areas: [], suggestions: [] };
  const country = parts.length === 1 ? meantCountry(gazetteer, head) : undefined;
  if (country !== undefined) return { state: "country", suggestions: suggestInCountry(gazetteer, country) };
  const areas = parts.length === 1 ? rivalAreas(gazetteer, head) : [];
  for (const reading of readingsOf(gazetteer, parts)) {
    const weighed = apart(gazetteer, weigh(gazetteer, reading, areas));
    const [first, second] = weighed;
    if (first === undefined) continue;
    if (second === undefined || first.weight - second.weight >= STANDS_OUT)
      return { state: "resolved", destination: gazetteer.toDestination(first.place) };
    const candidates = weighed
      .filter(({ weight }) => weight >= first.weight + MIN_CANDIDATE_WEIGHT)
      .slice(0, MAX_CANDIDATE_COUNT)
      .map(({ place }) => gazetteer.toDestination(place));
    return { state: "ambiguous", candidates: candidates.sort((a, b) => b.population - a.population) };
  }
  return {
    state: "unknown",
    areas: areas.map(({ index }) => index),
    suggestions: areas.length > 0 ? suggestInAreas(gazetteer, areas) : suggestSimilar(gazetteer, head),
  };
}

/** The country that a name means, unless it means a place as well. */
function meantCountry(gazetteer: Gazetteer, folded: string): Country | undefined {
  // Two letters are a country's code only behind a place: "LA" is Los Angeles, not Laos.
  if (/^[a-z]{2}$/.test(folded)) return undefined;
  const places = gazetteer.byName(folded);
  const country = gazetteer.countryNamed(folded);
  const foreign = gazetteer.countryNamedAbroad(folded);
  if (country === undefined) {
    // Granada is a city, though it is also Spanish for Grenada; Singapur is Singapore.
    const isPlace = places.some(
      ({ place, kind }) => kind === KIND.own || (place === foreign?.capital && foreign.sharesName),
    );
    return isPlace ? undefined : foreign;
  }
  return places.some(({ place, kind }) => place === country.capital && kind === KIND.own)
    ? undefined
    : country;
}

interface Weighed {
  readonly place: number;
  readonly weight: number;
}

function weigh(
  gazetteer: Gazetteer,
  { name, qualifiers }: QualifiedName,
  rivals: readonly Area[],
): Weighed[] {
  const least = Math.max(
    ...rivals.map(({ population }) => Math.log10(Math.max(1, population)) + AREA_WEIGHT),
  );
  return gazetteer
    .byName(name)
    .filter(({ place }) => qualifiers.every((qualifier) => fits(gazetteer, place, qualifier)))
    .map(({ place, kind }) => ({ place, weight: gazetteer.weight(place) + KIND_WEIGHT[kind] }))
    .filter(({ weight }) => weight >= least)
    .sort((a, b) => b.weight - a.weight || a.place - b.place);
}

/** The first one and what lies too far away to be a part of the same city: Delhi has a city of New Delhi in it. */
function apart(gazetteer: Gazetteer, weighed: readonly Weighed[]): Weighed[] {
  const [first, ...others] = weighed;
  if (first === undefined) return [];
  const kmFromFirst = (place: number): number =>
    kmBetween(
      gazetteer.latitude(first.place),
      gazetteer.longitude(first.place),
      gazetteer.latitude(place),
      gazetteer.longitude(place),
    );
  return [first, ...others.filter(({ place }) => kmFromFirst(place) > SAME_CITY_KM)];
}

/**
 * Divisions of that name that are something else than a place in them: Tuscany is not Florence, but the region of
 * Lisbon is named after the city.
 */
function rivalAreas(gazetteer: Gazetteer, folded: string): Area[] {
  const areas = gazetteer.areasNamed(folded);
  if (areas.length === 0) return [];
  const namesakes = gazetteer.byName(folded).filter(({ kind }) => kind !== KIND.foreign);
  return areas.filter(
    ({ index, seat }) =>
      !namesakes.some(
        ({ place }) => place === seat || gazetteer.area1(place) === index || gazetteer.area2(place) === index,
      ),
  );
}

/** The destination of a resource name, `destinations/{GeoNames id}`. */
export function resolveByName(gazetteer: Gazetteer, name: string): Destination | undefined {
  const id = /^destinations\/(\d{1,10})$/.exec(name)?.[1];
  const place = id === undefined ? undefined : gazetteer.byId(Number(id));
  return place === undefined ? undefined : gazetteer.toDestination(place);
}
