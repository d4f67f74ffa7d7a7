import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { HttpRequest } from "../../http/http-client.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../../provider.ts";
import { answerSchema, FIELD_MASK } from "./place.ts";
import { REFUSALS } from "./refusal.ts";
import { isGone, toListing } from "./to-listing.ts";

/**
 * Nearby Search and Text Search with a mask of the Enterprise level: 35 $ for a thousand, by
 * https://developers.google.com/maps/billing-and-pricing/pricing. The first thousand of a month are free, which is not
 * counted here.
 */
const COST_USD_MICROS = 35_000;

/** The most that one request returns. */
const MAX_RESULT_COUNT = 20;
/** How far from the destination's centre, metres. */
const RADIUS_M = { restaurants: 2_500, attractions: 6_000 } as const;
const EATERY_TYPES = ["restaurant", "cafe", "food_court", "ice_cream_shop"];
const SIGHT_TYPES = [
  "tourist_attraction",
  "museum",
  "art_gallery",
  "historical_landmark",
  "historical_place",
  "cultural_landmark",
  "monument",
  "observation_deck",
  "park",
  "botanical_garden",
  "zoo",
  "aquarium",
  "amusement_park",
];

/** Google Places API (New). Its terms let nobody keep what it says: it is for the reply in hand. */
export const googlePlaces: Provider = {
  id: "google-places",
  displayName: "Google Places",
  origins: [{ setting: "GOOGLE_PLACES_BASE_URL", defaultUrl: "https://places.googleapis.com" }],
  keySetting: "GOOGLE_PLACES_API_KEY",
  offerings: [
    {
      kind: SectionKind.ATTRACTIONS,
      dependsOn: [QueryAspect.LANGUAGE, QueryAspect.MAX_LISTING_COUNT],
      expectedCostUsdMicros: COST_USD_MICROS,
    },
    {
      kind: SectionKind.RESTAURANTS,
      // Of twenty places few would serve what is asked for by chance.
      dependsOn: [
        QueryAspect.LANGUAGE,
        QueryAspect.CUISINES,
        QueryAspect.DIETARY_TAGS,
        QueryAspect.MAX_LISTING_COUNT,
      ],
      expectedCostUsdMicros: COST_USD_MICROS,
    },
  ],
  terms: {
    license: "",
    uri: "https://cloud.google.com/maps-platform/terms",
    attribution: "Google Maps",
    storable: false,
    maxStorageMs: undefined,
  },
  limits: { attemptTimeoutMs: 5_000, maxConcurrentCount: 4, maxCallsPerMinute: 600 },
  fetch: fetchListings,
};

type Point = NonNullable<ResolvedQuery["destination"]["location"]>;
type Search = Pick<HttpRequest, "path" | "jsonBody">;

async function fetchListings(
  kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const { location } = query.destination;
  if (location === undefined)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the destination has no position");
  const { cuisines = [], dietaryTags = [] } = query.preferences ?? {};
  const radiusM = kind === SectionKind.RESTAURANTS ? RADIUS_M.restaurants : RADIUS_M.attractions;
  const wishes = kind === SectionKind.RESTAURANTS ? [...dietaryTags, ...cuisines] : [];
  const search =
    wishes.length > 0
      ? textSearch(wishes, query, location, radiusM)
      : nearbySearch(kind === SectionKind.RESTAURANTS ? EATERY_TYPES : SIGHT_TYPES, query, location, radiusM);
  const { body, fetchMs } = await context.http.json(
    {
      origin: "GOOGLE_PLACES_BASE_URL",
      ...search,
      key: { in: "header", name: "x-goog-api-key" },
      headers: { "x-goog-fieldmask": FIELD_MASK },
      repeatable: false,
      ...REFUSALS,
    },
    answerSchema,
  );
  const fetchTime = timestampFromMs(fetchMs);
  const { places = [] } = body;
  const listed = (gone: boolean) =>
    places
      .filter((place) => isGone(place) === gone)
      .flatMap((place) => toListing(kind, place, fetchTime) ?? [])
      .slice(0, query.maxListingCount);
  const listings = listed(false);
  if (listings.length === 0) return { state: "nothing-found" };
  const attribution = {
    provider: "providers/google-places",
    text: googlePlaces.terms.attribution,
    uri: "https://www.google.com/maps",
  };
  const content = { listings, closedListings: listed(true), fetchTime, attribution };
  return { state: "content", content, partial: false };
}

const localeOf = ({ languageCode, destination: { countryCode } }: ResolvedQuery): object => ({
  languageCode,
  ...(countryCode !== "" && { regionCode: countryCode }),
});

const nearbySearch = (
  includedTypes: readonly string[],
  query: ResolvedQuery,
  centre: Point,
  radiusM: number,
): Search => ({
  path: "/v1/places:searchNearby",
  jsonBody: {
    includedTypes,
    maxResultCount: MAX_RESULT_COUNT,
    rankPreference: "POPULARITY",
    locationRestriction: {
      circle: { center: { latitude: centre.latitude, longitude: centre.longitude }, radius: radiusM },
    },
    ...localeOf(query),
  },
});

const METRES_PER_DEGREE = 111_195;

/** Text Search takes no circle that restricts. A rectangle may pass the antimeridian. */
function rectangleAround({ latitude, longitude }: Point, radiusM: number): object {
  const north = radiusM / METRES_PER_DEGREE;
  const east = Math.min(179, north / Math.max(0.01, Math.cos((latitude * Math.PI) / 180)));
  const turned = (degrees: number): number => ((degrees + 540) % 360) - 180;
  return {
    low: { latitude: Math.max(-90, latitude - north), longitude: turned(longitude - east) },
    high: { latitude: Math.min(90, latitude + north), longitude: turned(longitude + east) },
  };
}

/** @param wishes diets and cuisines in kebab-case */
const textSearch = (
  wishes: readonly string[],
  query: ResolvedQuery,
  centre: Point,
  radiusM: number,
): Search => ({
  path: "/v1/places:searchText",
  jsonBody: {
    textQuery: `${wishes.map((wish) => wish.replaceAll("-", " ")).join(", ")} restaurant`,
    includedType: "restaurant",
    strictTypeFiltering: true,
    pageSize: MAX_RESULT_COUNT,
    locationRestriction: { rectangle: rectangleAround(centre, radiusM) },
    ...localeOf(query),
  },
});
