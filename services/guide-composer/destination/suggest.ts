import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Area, Country, Gazetteer } from "./gazetteer.ts";
import { KIND } from "./gazetteer-file.ts";

const MAX_SUGGESTION_COUNT = 5;
/** What a foreign name counts for beside a place's own, decimal logarithm: a typing error away from one is far away. */
const FOREIGN_WEIGHT = -2.5;
/** Beyond this many names nobody meant to type just the beginning. */
const MAX_CONTINUATION_COUNT = 2_000;
const MIN_CONTINUED_LENGTH = 3;

/** Places that a misspelled or unfinished name may mean, or that its qualifier did not fit; the likeliest first. */
export function suggestSimilar(gazetteer: Gazetteer, folded: string): Destination[] {
  const exact = gazetteer.names.find(folded);
  if (exact !== undefined) return toDestinations(gazetteer, byWeight(gazetteer, [exact]));
  const { from, to } = gazetteer.names.withPrefix(folded);
  const continued = folded.length >= MIN_CONTINUED_LENGTH && to - from <= MAX_CONTINUATION_COUNT;
  return toDestinations(
    gazetteer,
    byWeight(gazetteer, [
      ...gazetteer.names.oneErrorAway(folded),
      ...(continued ? Array.from({ length: to - from }, (_, index) => from + index) : []),
    ]),
  );
}

function byWeight(gazetteer: Gazetteer, names: readonly number[]): number[] {
  const weights = new Map<number, number>();
  for (const name of names) {
    for (const { place, kind } of gazetteer.matchesOf(name)) {
      const weight = gazetteer.weight(place) + (kind === KIND.foreign ? FOREIGN_WEIGHT : 0);
      weights.set(place, Math.max(weight, weights.get(place) ?? weight));
    }
  }
  return [...weights].sort(([a, x], [b, y]) => y - x || a - b).map(([place]) => place);
}

/** What to ask for instead of a country: its capital, then its best known places. */
export const suggestInCountry = (gazetteer: Gazetteer, { code, capital }: Country): Destination[] =>
  toDestinations(gazetteer, [
    ...(capital === undefined ? [] : [capital]),
    ...firstPlaces(gazetteer, (place) => gazetteer.countryCode(place) === code),
  ]);

/** What to ask for instead of a division: the seats, then the best known places. */
export function suggestInAreas(gazetteer: Gazetteer, areas: readonly Area[]): Destination[] {
  const wanted = new Set<number | undefined>(areas.map(({ index }) => index));
  return toDestinations(gazetteer, [
    ...areas.flatMap(({ seat }) => seat ?? []),
    ...firstPlaces(
      gazetteer,
      (place) => wanted.has(gazetteer.area1(place)) || wanted.has(gazetteer.area2(place)),
    ),
  ]);
}

/** Places are ranked: the first that qualify are the best known ones. */
function firstPlaces(gazetteer: Gazetteer, qualifies: (place: number) => boolean): number[] {
  const found: number[] = [];
  for (let place = 0; place < gazetteer.placeCount && found.length < MAX_SUGGESTION_COUNT; place += 1)
    if (qualifies(place)) found.push(place);
  return found;
}

const toDestinations = (gazetteer: Gazetteer, places: readonly number[]): Destination[] =>
  [...new Set(places)].slice(0, MAX_SUGGESTION_COUNT).map((place) => gazetteer.toDestination(place));
