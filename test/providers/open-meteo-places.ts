import { foldName } from "../../services/guide-composer/destination/fold-name.ts";
import { MORE_PLACES } from "./more-places.ts";
import type { Worlds } from "./world/worlds.ts";

interface GeocodingResult {
  readonly id: number;
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly elevation?: number;
  readonly feature_code: string;
  readonly country_code: string;
  readonly country?: string;
  readonly admin1?: string;
  readonly timezone: string;
  readonly population?: number;
}

const countryName = new Intl.DisplayNames("en", { type: "region" });

/** Places whose name begins with the text, or is it where the text has two characters; most populous first. */
export function searchPlaces(worlds: Worlds, query: string): GeocodingResult[] {
  const folded = foldName(query.split(",")[0] ?? query);
  const more = MORE_PLACES.filter(({ name }) =>
    folded.length === 2 ? foldName(name) === folded : foldName(name).startsWith(folded),
  ).map(
    ({
      geonamesId,
      name,
      latitude,
      longitude,
      elevationM,
      featureCode,
      countryCode,
      admin1,
      timeZone,
      population,
    }) => ({
      id: geonamesId,
      name,
      latitude,
      longitude,
      elevation: elevationM,
      feature_code: featureCode,
      country_code: countryCode,
      country: countryName.of(countryCode) ?? countryCode,
      admin1,
      timezone: timeZone,
      population,
    }),
  );
  const gazetteer = worlds.gazetteer();
  const { from, to } = gazetteer.names.withPrefix(folded);
  const places = new Set<number>();
  if (folded.length === 2) for (const { place } of gazetteer.byName(folded)) places.add(place);
  else
    for (let name = from; name < to; name += 1)
      for (const { place } of gazetteer.matchesOf(name)) places.add(place);
  const known = [...places]
    .sort((a, b) => gazetteer.population(b) - gazetteer.population(a))
    .slice(0, 100)
    .map((place): GeocodingResult => {
      const { geonamesId, displayName, location, countryCode, region, timeZone, population } =
        gazetteer.toDestination(place);
      return {
        id: geonamesId,
        name: displayName,
        latitude: location?.latitude ?? 0,
        longitude: location?.longitude ?? 0,
        feature_code: "PPL",
        country_code: countryCode,
        country: countryName.of(countryCode) ?? countryCode,
        ...(region !== "" && { admin1: region }),
        timezone: timeZone,
        ...(population > 0 && { population }),
      };
    });
  return [...more, ...known];
}
