import type { ResolvedQuery } from "../../provider.ts";
import { loadData, type Elevation } from "./data-file.ts";
import { fact, wholeNumber, type FactInit } from "./fact.ts";
import { directionTo, distanceKm, indexesNear } from "./geometry.ts";
import { GEONAMES } from "./citations.ts";

/** Larger places of the same country are named up to here, those beyond a border only nearer by. Kilometres. */
const MAX_NEIGHBOR_KM = { domestic: 250, foreign: 100 } as const;
/** Nearer ones are the same place, or a part of it. */
const MIN_NEIGHBOR_KM = 2;
const MAX_NEIGHBOR_COUNT = 3;
/** Beside a much stronger neighbor the others are in its shade: nobody at the Vatican asks for the way to Aprilia. */
const MIN_PULL_SHARE = 0.1;
/** The terrain model sees roofs, and its coast is a grid: below this it says no more than "near the sea". */
const SEA_LEVEL_M = 20;

/** Facts about the place itself, from GeoNames. */
export function placeFacts({ destination }: ResolvedQuery): FactInit[] {
  const facts: FactInit[] = [];
  if (destination.population > 0)
    facts.push(fact("population", "Population", wholeNumber(destination.population), [GEONAMES]));
  const elevation = destination.geonamesId > 0 ? loadData().elevationOf(destination.geonamesId) : undefined;
  if (elevation !== undefined)
    facts.push(fact("elevation", "Elevation", elevationInWords(elevation), [GEONAMES]));
  const neighbors = largerPlaces(destination);
  if (neighbors !== "")
    facts.push(fact("larger-places-nearby", "Larger places nearby", neighbors, [GEONAMES]));
  return facts;
}

/** A terrain model's value to ten metres, because it is no better than that. */
export function elevationInWords({ metres, measured }: Elevation): string {
  if (measured) {
    if (metres === 0) return "at sea level";
    return metres < 0
      ? `${wholeNumber(-metres)} m below sea level`
      : `${wholeNumber(metres)} m above sea level`;
  }
  if (Math.abs(metres) < SEA_LEVEL_M) return "near sea level";
  const rounded = Math.round(metres / 10) * 10;
  return rounded < 0
    ? `about ${wholeNumber(-rounded)} m below sea level`
    : `about ${wholeNumber(rounded)} m above sea level`;
}

/** The larger places that draw most, by size against distance, nearest first. */
function largerPlaces(destination: ResolvedQuery["destination"]): string {
  const center = destination.location;
  if (center === undefined) return "";
  const { places, placePositions } = loadData();
  const pulls = indexesNear(placePositions, center, MAX_NEIGHBOR_KM.domestic)
    .flatMap((index) => places[index] ?? [])
    .filter(
      ({ geonamesId, population }) =>
        geonamesId !== destination.geonamesId && population > destination.population,
    )
    .map((place) => ({ place, km: distanceKm(center, place) }))
    .filter(
      ({ place, km }) =>
        km >= MIN_NEIGHBOR_KM &&
        km <=
          (place.countryCode === destination.countryCode
            ? MAX_NEIGHBOR_KM.domestic
            : MAX_NEIGHBOR_KM.foreign),
    )
    .map((near) => ({ ...near, pull: Math.sqrt(near.place.population) / near.km }))
    .sort((a, b) => b.pull - a.pull);
  const strongest = pulls[0]?.pull ?? 0;
  return pulls
    .slice(0, MAX_NEIGHBOR_COUNT)
    .filter(({ pull }) => pull >= MIN_PULL_SHARE * strongest)
    .sort((a, b) => a.km - b.km)
    .map(({ place, km }) => `${place.name} (${wholeNumber(km)} km ${directionTo(center, place)})`)
    .join(", ");
}
