import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Answer, Provider, ResolvedQuery } from "../../provider.ts";
import { airportFacts } from "./airport-facts.ts";
import { countryFacts } from "./country-facts.ts";
import { loadData } from "./data-file.ts";
import { holidayFacts, holidayListings, loadCalendar } from "./holidays.ts";
import { placeFacts } from "./place-facts.ts";
import { sunFacts, timeFacts } from "./time-facts.ts";

/** Facts of a place change slowly, but the sun and the holidays belong to the dates asked for, which the key holds. */
const MAX_STORAGE_MS = 7 * 86_400_000;

/** What is embedded: GeoNames, countries, time zones, the sun, public holidays and airports. Needs no network. */
export const almanac: Provider = {
  id: "almanac",
  displayName: "Almanac (embedded data)",
  origins: [],
  offerings: [
    { kind: SectionKind.OVERVIEW, dependsOn: [QueryAspect.DATES] },
    { kind: SectionKind.EVENTS, dependsOn: [QueryAspect.DATES, QueryAspect.MAX_LISTING_COUNT] },
    { kind: SectionKind.PRACTICAL, dependsOn: [QueryAspect.DATES] },
  ],
  terms: {
    license: "CC-BY-4.0",
    uri: "https://www.geonames.org/",
    attribution:
      "GeoNames (CC BY 4.0); holidays: date-holidays, from Wikipedia (CC BY 3.0); airports: OurAirports",
    storable: true,
    maxStorageMs: MAX_STORAGE_MS,
  },
  limits: { attemptTimeoutMs: 0, maxConcurrentCount: 0, maxCallsPerMinute: undefined },
  prepare: () => {
    loadData();
    loadCalendar("PT");
  },
  fetch: async (kind, query, { giveWay }) => {
    // Computing takes milliseconds, a country's first holidays up to 150.
    await giveWay();
    return answer(kind, query);
  },
};

/** Data sets that are named beside what comes of them; those of places and holidays ask for it. */
const ATTRIBUTIONS = {
  places: {
    provider: "providers/almanac",
    text: "GeoNames",
    uri: "https://www.geonames.org/",
    license: "CC-BY-4.0",
  },
  holidays: {
    provider: "providers/almanac",
    text: "Holidays: date-holidays, from Wikipedia",
    uri: "https://www.npmjs.com/package/date-holidays",
    license: "CC-BY-3.0",
  },
  airports: {
    provider: "providers/almanac",
    text: "Airports: OurAirports",
    uri: "https://ourairports.com/data/",
    license: "",
  },
  countries: {
    provider: "providers/almanac",
    text: "Countries: countries-list",
    uri: "https://www.npmjs.com/package/countries-list",
    license: "MIT",
  },
} as const;

function answer(kind: SectionKind, query: ResolvedQuery): Answer {
  if (kind === SectionKind.OVERVIEW) {
    return {
      state: "content",
      content: {
        facts: [...placeFacts(query), ...timeFacts(query), ...sunFacts(query)],
        attribution: ATTRIBUTIONS.places,
      },
      partial: false,
    };
  }
  if (kind === SectionKind.PRACTICAL) {
    const parts = [
      { facts: countryFacts(query), attribution: ATTRIBUTIONS.countries },
      { facts: airportFacts(query), attribution: ATTRIBUTIONS.airports },
      { facts: holidayFacts(query), attribution: ATTRIBUTIONS.holidays },
    ].filter((part) => part.facts.length > 0);
    const [attribution, ...furtherAttributions] = parts.map((part) => part.attribution);
    if (attribution === undefined) return { state: "nothing-found" };
    const facts = parts.flatMap((part) => part.facts);
    return { state: "content", content: { facts, attribution, furtherAttributions }, partial: false };
  }
  const listings = holidayListings(query).slice(0, query.maxListingCount);
  return listings.length === 0
    ? { state: "nothing-found" }
    : { state: "content", content: { listings, attribution: ATTRIBUTIONS.holidays }, partial: false };
}
