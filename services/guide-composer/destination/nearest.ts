import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Gazetteer } from "./gazetteer.ts";

/** Inhabitants per square kilometre: Lisbon has 5,200, London 5,700, Berlin 4,200. Gives the radius of a city. */
const CITY_DENSITY = 5_000;
/** Outside of a city, so many kilometres and its radius count as much as the way from its centre to its edge. */
const OUTSIDE_KM = 10;

const cityRadiusKm = (population: number): number =>
  Math.sqrt(Math.max(population, 1_000) / (Math.PI * CITY_DENSITY));

/**
 * The destination of a point: the city that it lies in, else what is nearest. Inside of a city the way to the centre
 * counts by its share of the radius, so that a point in central London is in London and not in the City of London,
 * whose centre is nearer; outside, the edge counts, and large cities reach a little further.
 */
export function nearestDestination(
  gazetteer: Gazetteer,
  latitude: number,
  longitude: number,
  maxKm: number,
): Destination | undefined {
  let best: number | undefined;
  let bestDistance = Infinity;
  gazetteer.nearby.within(latitude, longitude, maxKm, (place, km) => {
    const radiusKm = cityRadiusKm(gazetteer.population(place));
    const distance = km < radiusKm ? km / radiusKm : 1 + (km - radiusKm) / (OUTSIDE_KM + radiusKm);
    // Equal distances go to the better known place, which has the lower index.
    if (distance > bestDistance || (distance === bestDistance && best !== undefined && place > best)) return;
    best = place;
    bestDistance = distance;
  });
  return best === undefined ? undefined : gazetteer.toDestination(best);
}
