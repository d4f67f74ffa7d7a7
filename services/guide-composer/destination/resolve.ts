import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { createCountryNames } from "./country-names.ts";
import { foldName } from "./fold-name.ts";
import type { Gazetteer, NameMatch } from "./gazetteer.ts";
import { oneEditAway } from "./one-edit-away.ts";

export type Resolution =
  | { readonly state: "resolved"; readonly destination: Destination }
  | { readonly state: "ambiguous"; readonly candidates: readonly Destination[] }
  | { readonly state: "unknown"; readonly suggestions: readonly Destination[] };

/** A namesake stands out when it weighs this many times the next one. */
const STANDS_OUT_FACTOR = 4;
/** A name in another language weighs less than a place's own: "Roma" is Rome all the same, Bari is not "Bali". */
const FOREIGN_NAME_WEIGHT = 0.3;
const MAX_CANDIDATE_COUNT = 10;
const MAX_SUGGESTION_COUNT = 5;
/** Candidates that nobody would mean beside the first one are not offered. */
const MIN_CANDIDATE_SHARE = 0.01;

const countryNames = createCountryNames();

/** Text to a destination: exact names in any language, then population, then how a qualifier ("Paris, TX") fits. */
export function resolveQuery(gazetteer: Gazetteer, query: string): Resolution {
  const [head = "", ...qualifiers] = query.split(",").map(foldName);
  const words = foldName(query).split(" ");
  const attempts: (readonly [string, readonly string[]])[] = [
    [head, qualifiers.filter((part) => part !== "")],
  ];
  // "Paris TX", "Paris France": the last word or two may qualify.
  if (qualifiers.length === 0) {
    for (const count of [1, 2]) {
      if (words.length > count)
        attempts.push([words.slice(0, -count).join(" "), [words.slice(-count).join(" ")]]);
    }
  }
  for (const [name, given] of attempts) {
    const weighed = weigh(gazetteer, name, given);
    const [first, second] = weighed;
    if (first === undefined) continue;
    if (second === undefined || first.weight >= STANDS_OUT_FACTOR * second.weight) {
      return { state: "resolved", destination: gazetteer.toDestination(first.place) };
    }
    const candidates = weighed
      .filter(({ weight }) => weight >= first.weight * MIN_CANDIDATE_SHARE)
      .slice(0, MAX_CANDIDATE_COUNT);
    return {
      state: "ambiguous",
      candidates: candidates
        .map(({ place }) => gazetteer.toDestination(place))
        .sort((a, b) => b.population - a.population),
    };
  }
  return { state: "unknown", suggestions: suggest(gazetteer, head) };
}

interface Weighed {
  readonly place: number;
  readonly weight: number;
}

function weigh(gazetteer: Gazetteer, name: string, qualifiers: readonly string[]): Weighed[] {
  if (name === "") return [];
  const matches = gazetteer
    .byName(name)
    .filter(({ place }) => qualifiers.every((qualifier) => fits(gazetteer, place, qualifier)));
  const regionCountries = gazetteer.regionCountries(name);
  return matches
    .filter((match) => match.own || isMeant(gazetteer, match, regionCountries))
    .map(({ place, own }) => ({
      place,
      weight: Math.max(1, gazetteer.population(place)) * (own ? 1 : FOREIGN_NAME_WEIGHT),
    }))
    .sort((a, b) => b.weight - a.weight || a.place - b.place);
}

/** A foreign name of a place is not meant when it is the very name of a region elsewhere: Bali is not Bari, Goa not Genoa. */
const isMeant = (gazetteer: Gazetteer, { place }: NameMatch, regionCountries: ReadonlySet<string>): boolean =>
  regionCountries.size === 0 || regionCountries.has(gazetteer.countryCode(place));

function fits(gazetteer: Gazetteer, place: number, qualifier: string): boolean {
  const country = gazetteer.countryCode(place);
  if (qualifier === country.toLowerCase() || countryNames.codeOf(qualifier) === country) return true;
  const admin1 = gazetteer.admin1(place);
  return qualifier === admin1.toLowerCase() || foldName(gazetteer.regionName(country, admin1)) === qualifier;
}

/** Places whose name is one typing error away, most populous first. */
function suggest(gazetteer: Gazetteer, folded: string): Destination[] {
  const places = new Set(
    oneEditAway(folded).flatMap((variant) =>
      gazetteer.byName(variant).flatMap(({ place, own }) => (own ? [place] : [])),
    ),
  );
  return [...places]
    .sort((a, b) => gazetteer.population(b) - gazetteer.population(a))
    .slice(0, MAX_SUGGESTION_COUNT)
    .map((place) => gazetteer.toDestination(place));
}

/** The destination of a resource name, `destinations/{GeoNames id}`. */
export function resolveByName(gazetteer: Gazetteer, name: string): Destination | undefined {
  const id = /^destinations\/(\d{1,10})$/.exec(name)?.[1];
  const place = id === undefined ? undefined : gazetteer.byId(Number(id));
  return place === undefined ? undefined : gazetteer.toDestination(place);
}

/** The destination nearest to a point, within a distance. */
export function nearestDestination(
  gazetteer: Gazetteer,
  latitude: number,
  longitude: number,
  maxKm: number,
): Destination | undefined {
  let best: number | undefined;
  let bestKm = maxKm;
  const kmPerDegree = 111.2;
  for (let place = 0; place < gazetteer.placeCount; place += 1) {
    const there = gazetteer.location(place);
    const north = (there.latitude - latitude) * kmPerDegree;
    if (Math.abs(north) > bestKm) continue;
    const turn = ((there.longitude - longitude + 540) % 360) - 180;
    const km = Math.hypot(north, turn * kmPerDegree * Math.cos((latitude * Math.PI) / 180));
    if (km <= bestKm) [best, bestKm] = [place, km];
  }
  return best === undefined ? undefined : gazetteer.toDestination(best);
}
