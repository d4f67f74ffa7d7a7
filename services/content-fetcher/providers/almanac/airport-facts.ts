import type { ResolvedQuery } from "../../provider.ts";
import { loadData, type Airport } from "./data-file.ts";
import { fact, wholeNumber, type FactInit } from "./fact.ts";
import { directionTo, distanceKm, indexesNear } from "./geometry.ts";
import { OUR_AIRPORTS } from "./citations.ts";

/** A large airport this near is the one to use; a smaller one is only named when it is nearer still. Kilometres. */
const NEAR_LARGE_KM = 60;
/** Other large ones of the same country count as the city's up to here: London and Tokyo have several. */
const OTHER_LARGE_KM = 75;
/** Farther away than this a large one is a journey of its own, often over a border or the sea. */
const FAR_LARGE_KM = 120;
const MAX_AIRPORT_COUNT = 4;

interface Ranged {
  readonly airport: Airport;
  readonly km: number;
}

/**
 * Airports with scheduled service: the nearest, the nearest large one when that is another, and the other large ones of
 * a city that has several. What "large" is, OurAirports says; most flights of travellers go there.
 */
export function airportFacts({ destination: { location } }: ResolvedQuery): FactInit[] {
  if (location === undefined) return [];
  const { airports, airportPositions } = loadData();
  const sorted = indexesNear(airportPositions, location, FAR_LARGE_KM)
    .flatMap((index) => airports[index] ?? [])
    .map((airport) => ({ airport, km: distanceKm(location, airport) }))
    .sort((a, b) => a.km - b.km);
  const [nearest] = sorted;
  if (nearest === undefined) return [];
  const large = sorted.find(({ airport, km }) => airport.large && km <= FAR_LARGE_KM);
  const facts: FactInit[] = [];
  const add = (label: string, { airport, km }: Ranged): void => {
    const key = facts.length === 0 ? "nearest-airport" : `nearest-airport-${facts.length + 1}`;
    facts.push(
      fact(
        key,
        label,
        `${airportInWords(airport)}, ${wholeNumber(Math.max(1, km))} km ${directionTo(location, airport)}`,
        [OUR_AIRPORTS],
      ),
    );
  };
  if (large === undefined || large === nearest) add("Nearest airport", nearest);
  else if (large.km <= NEAR_LARGE_KM) {
    add("Nearest large airport", large);
    add("Smaller airport nearby", nearest);
  } else {
    add("Nearest airport", nearest);
    add("Nearest large airport", large);
  }
  if (large !== undefined) {
    const others = sorted.filter(
      (other) =>
        other.airport.large &&
        other !== large &&
        other.km <= OTHER_LARGE_KM &&
        other.airport.countryCode === large.airport.countryCode,
    );
    for (const other of others.slice(0, MAX_AIRPORT_COUNT - facts.length)) add("Other large airport", other);
  }
  return facts;
}

/** Letters of a town's name by which an airport's is known to say it: "Longyear" for Longyearbyen. */
const STEM_LENGTH = 6;

/** Without a second name in brackets or behind a slash; with its town where the name does not say it. */
function airportInWords({ name, municipality, iata }: Airport): string {
  const short = name
    .replaceAll(/\s*\([^)]*\)/g, "")
    .split(/\s+\/\s+/)[0]
    ?.trim();
  const shown = short === undefined || short === "" ? name : short;
  const town = municipality.split(/[,/(]/)[0]?.trim() ?? "";
  const known = fold(shown).includes(fold(town).slice(0, STEM_LENGTH));
  return `${shown}${town === "" || known ? "" : `, ${town}`} (${iata})`;
}

const fold = (text: string): string => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
