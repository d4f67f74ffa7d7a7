import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Answer, Provider, ResolvedQuery } from "../../provider.ts";
import { airportFacts, countryFacts, placeFacts, sunFacts, timeFacts } from "./facts.ts";
import { holidayListings, holidaysOf } from "./holidays.ts";
import { DATE_HOLIDAYS } from "./citations.ts";

/** Facts of a place change slowly, but the sun and the holidays belong to the dates asked for, which the key holds. */
const MAX_STORAGE_MS = 7 * 86_400_000;

/** What is embedded: GeoNames, countries, time zones, the sun, public holidays and airports. Needs no network. */
export const almanac: Provider = {
  id: "almanac",
  displayName: "Almanac (embedded data)",
  origins: [],
  offerings: [
    { kind: SectionKind.OVERVIEW, dependsOn: [QueryAspect.DATES] },
    { kind: SectionKind.EVENTS, dependsOn: [QueryAspect.DATES] },
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
  fetch: (kind, query) => Promise.resolve().then(() => answer(kind, query)),
};

function answer(kind: SectionKind, query: ResolvedQuery): Answer {
  if (kind === SectionKind.OVERVIEW) {
    return {
      state: "content",
      content: { facts: [...placeFacts(query), ...timeFacts(query), ...sunFacts(query)] },
      partial: false,
    };
  }
  if (kind === SectionKind.PRACTICAL) {
    const days = holidaysOf(query);
    const holidays =
      days.length === 0
        ? []
        : [
            {
              key: "public-holidays",
              label: "Public holidays during the trip",
              value: days.map(({ day, name }) => `${name} (${day})`).join(", "),
              citations: [DATE_HOLIDAYS],
            },
          ];
    return {
      state: "content",
      content: { facts: [...countryFacts(query), ...airportFacts(query), ...holidays] },
      partial: false,
    };
  }
  const listings = holidayListings(query);
  return listings.length === 0
    ? { state: "nothing-found" }
    : { state: "content", content: { listings }, partial: false };
}
