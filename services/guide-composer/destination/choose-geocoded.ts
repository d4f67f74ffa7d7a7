import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { foldName } from "./fold-name.ts";
import type { Gazetteer } from "./gazetteer.ts";
import { kmBetween } from "./nearby.ts";
import { readingsOf } from "./qualifiers.ts";
import { resolveByName, splitQuery } from "./resolve.ts";

export type GeocodedChoice =
  | { readonly state: "resolved"; readonly destination: Destination }
  | { readonly state: "ambiguous"; readonly candidates: readonly Destination[] }
  | { readonly state: "none" };

/** A namesake counts as meant when it has this many times the inhabitants of the next one. */
const STANDS_OUT_FACTOR = 5;
/** A geocoder lists an island, its municipality and its main town apart; this close they are one destination. */
const SAME_DESTINATION_KM = 50;
/** How far from its centre the gazetteer's nearest place tells which division something lies in: islands are large. */
const SAME_AREA_KM = 150;

/**
 * What a query means of what the geocoders found. They also find what is only similar, which is never taken for the
 * destination.
 *
 * @param found best first
 * @param areas divisions that the query names, by their index in the gazetteer: only what lies in one of them is meant
 */
export function chooseGeocoded(
  gazetteer: Gazetteer,
  query: string,
  areas: readonly number[],
  found: readonly Destination[],
): GeocodedChoice {
  const names = new Set(readingsOf(gazetteer, splitQuery(query)).map(({ name }) => name));
  const meant = found.filter(
    (destination) =>
      bearsName(gazetteer, destination, names) &&
      (areas.length === 0 || areas.some((area) => liesIn(gazetteer, destination, area))),
  );
  const [first, ...others] = meant;
  if (first === undefined) return { state: "none" };
  const namesakes = others.filter((other) => kmApart(first, other) > SAME_DESTINATION_KM);
  const largest = Math.max(0, ...namesakes.map(({ population }) => population));
  // Without inhabitants (islands, peaks) the geocoder's own order decides.
  if (first.population > 0 && first.population < STANDS_OUT_FACTOR * largest) {
    const candidates = [first, ...namesakes].map((destination) => preferKnown(gazetteer, destination));
    return { state: "ambiguous", candidates: candidates.sort((a, b) => b.population - a.population) };
  }
  return { state: "resolved", destination: preferKnown(gazetteer, first) };
}

/** Places that the gazetteer has keep its name and data, so that two ways to one place share one key. */
const preferKnown = (gazetteer: Gazetteer, destination: Destination): Destination =>
  resolveByName(gazetteer, destination.name) ?? destination;

/**
 * Whether a destination is called so. OpenStreetMap's search wants every word of the query in some name or address of
 * its answers, in any language; GeoNames' also answers with names that only begin so.
 */
function bearsName(gazetteer: Gazetteer, destination: Destination, names: ReadonlySet<string>): boolean {
  if (destination.geonamesId === 0 || names.has(foldName(destination.displayName))) return true;
  const place = gazetteer.byId(destination.geonamesId);
  return (
    place !== undefined &&
    [...names].some((name) => gazetteer.byName(name).some((match) => match.place === place))
  );
}

function liesIn(gazetteer: Gazetteer, { countryCode, location }: Destination, area: number): boolean {
  if (countryCode !== gazetteer.areaCountryCode(area) || location === undefined) return false;
  let nearest: number | undefined;
  let nearestKm = Infinity;
  gazetteer.nearby.within(location.latitude, location.longitude, SAME_AREA_KM, (place, km) => {
    if (km >= nearestKm || gazetteer.countryCode(place) !== countryCode) return;
    nearest = place;
    nearestKm = km;
  });
  return nearest !== undefined && [gazetteer.area1(nearest), gazetteer.area2(nearest)].includes(area);
}

const kmApart = (a: Destination, b: Destination): number =>
  a.location === undefined || b.location === undefined
    ? Infinity
    : kmBetween(a.location.latitude, a.location.longitude, b.location.latitude, b.location.longitude);
