import { readFileSync } from "node:fs";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Reason } from "../../shared/errors.ts";
import type { FaultReplies, ReceivedRequest, Reply } from "../support/provider-server.ts";
import { createGeoapify, GEOAPIFY_FAULTS } from "../providers/geoapify-server.ts";
import { createGooglePlaces, GOOGLE_PLACES_FAULTS } from "../providers/google-places-server.ts";
import { createFoursquare, FOURSQUARE_FAULTS } from "../providers/foursquare-server.ts";
import { createMetNorway, MET_NORWAY_FAULTS } from "../providers/met-norway-server.ts";
import { createNominatim, NOMINATIM_FAULTS } from "../providers/nominatim-server.ts";
import { createOpenMeteo, OPEN_METEO_FAULTS } from "../providers/open-meteo-server.ts";
import { createOpenWeather, OPENWEATHER_FAULTS } from "../providers/openweather-server.ts";
import { createOverpass, OVERPASS_FAULTS } from "../providers/overpass-server.ts";
import { createTicketmaster, TICKETMASTER_FAULTS } from "../providers/ticketmaster-server.ts";
import { createOpenAi, OPENAI_FAULTS, toChatCompletion } from "../providers/openai-server.ts";
import { createPerplexity, PERPLEXITY_FAULTS, toResponse } from "../providers/perplexity-server.ts";
import { createWikivoyage, WIKIVOYAGE_FAULTS } from "../providers/wikivoyage-server.ts";
import { createWorlds, type Worlds } from "../providers/world/worlds.ts";
import { NOW_MS, TEST_KEY, TEST_TEXT, type QueryParts } from "./harness.ts";

/** Text of a file below `test/fixtures`. */
export const fixture = (path: string): string =>
  readFileSync(new URL(`../fixtures/${path}`, import.meta.url), "utf8");

export type Answerer = (request: ReceivedRequest) => Reply;

/** What the contract suite needs to know of one provider. */
export interface ContractFixture {
  /** Answers truly, in the provider's wire format. */
  readonly answer: Answerer;
  /** What the provider says when it knows nothing there, and how the call must end then. */
  readonly nothing: {
    readonly answer: Answerer;
    readonly outcome: "NOTHING_FOUND" | "PROVIDER_OUT_OF_COVERAGE";
  };
  readonly faultReplies: FaultReplies;
  /** What its failure inside a 200 is, for a provider that has one. */
  readonly remarkReason?: Reason;
  /** What is asked of it, with dates that it covers. */
  readonly query: QueryParts;
  /** A name that it knows, for geocoding providers. */
  readonly geocodeQuery?: string;
  /** Checks path and parameters of one request; throws when they are not what the provider documents. */
  readonly check: (request: ReceivedRequest) => void;
}

let worlds: Worlds | undefined;
const SEED = 1;
const now = (): number => NOW_MS;
const lisbon = (): Worlds => (worlds ??= createWorlds(SEED));

/** Makes the answerer with the first request: the worlds are read only when a network provider is tested. */
const lazily = (make: () => Answerer): Answerer => {
  let made: Answerer | undefined;
  return (request) => (made ??= make())(request);
};

const json = (value: unknown): Answerer => {
  const body = JSON.stringify(value);
  return () => ({ body });
};

function expectMatch(text: string | null | undefined, pattern: RegExp, what: string): void {
  if (text === null || text === undefined || !pattern.test(text))
    throw new Error(`${what} is ${JSON.stringify(text)}, which is not ${String(pattern)}`);
}

const expectPath = ({ url }: ReceivedRequest, path: RegExp): void => expectMatch(url.pathname, path, "path");

/** Every network provider has a row; one without fails the suite. Embedded ones have none. */
export const CONTRACT_FIXTURES: Readonly<Record<string, ContractFixture>> = {
  "open-meteo": {
    answer: lazily(() => createOpenMeteo(lisbon(), SEED, now)),
    nothing: {
      answer: ({ url }) => {
        if (url.pathname === "/v1/search")
          return { body: fixture("open-meteo/geocoding-no-results.200.json") };
        const days = [url.searchParams.get("start_date")];
        const empty = days.map(() => null);
        return {
          body: JSON.stringify({
            utc_offset_seconds: 0,
            daily: { time: days, temperature_2m_max: empty, temperature_2m_min: empty },
          }),
        };
      },
      outcome: "NOTHING_FOUND",
    },
    faultReplies: OPEN_METEO_FAULTS,
    query: { startDate: "2026-12-01" },
    geocodeQuery: "Hollywood",
    check: (request) => {
      const given = request.url.searchParams;
      expectPath(request, /^\/v1\/(forecast|archive|search)$/);
      if (request.url.pathname === "/v1/search") {
        expectMatch(given.get("name"), /^Hollywood$/, "name");
        expectMatch(given.get("count"), /^([1-9]\d?|100)$/, "count");
        expectMatch(given.get("language"), /^[a-z]{2,3}$/, "language");
        return;
      }
      expectMatch(given.get("latitude"), /^38\.71667$/, "latitude");
      expectMatch(given.get("longitude"), /^-9\.13333$/, "longitude");
      expectMatch(given.get("timezone"), /^Europe\/Lisbon$/, "timezone");
      expectMatch(given.get("wind_speed_unit"), /^ms$/, "wind_speed_unit");
      expectMatch(given.get("daily"), /temperature_2m_max,temperature_2m_min/, "daily");
      expectMatch(given.get("start_date"), /^\d{4}-\d{2}-\d{2}$/, "start_date");
      expectMatch(given.get("end_date"), /^\d{4}-\d{2}-\d{2}$/, "end_date");
    },
  },
  "met-norway": {
    answer: lazily(() => createMetNorway(lisbon(), SEED, now)),
    nothing: { answer: json({ properties: { timeseries: [] } }), outcome: "PROVIDER_OUT_OF_COVERAGE" },
    faultReplies: MET_NORWAY_FAULTS,
    query: { startDate: "2026-11-26" },
    check: (request) => {
      expectPath(request, /^\/weatherapi\/locationforecast\/2\.0\/compact$/);
      expectMatch(request.url.searchParams.get("lat"), /^38\.7166$/, "lat");
      expectMatch(request.url.searchParams.get("lon"), /^-9\.1333$/, "lon");
    },
  },
  overpass: {
    answer: lazily(() => {
      const speak = createOverpass(lisbon(), now);
      const body = fixture("overpass/lisbon-constructed.200.json");
      // A query that the server cannot read is refused; what it can read is answered with all kinds.
      return (request) => {
        const reply = speak(request);
        return (reply.status ?? 200) === 200 ? { body } : reply;
      };
    }),
    nothing: {
      answer: json({ version: 0.6, generator: "Overpass API", elements: [] }),
      outcome: "NOTHING_FOUND",
    },
    faultReplies: OVERPASS_FAULTS,
    remarkReason: "PROVIDER_RESPONSE_INVALID",
    query: {},
    check: (request) => {
      expectPath(request, /^\/api\/interpreter$/);
      expectMatch(request.method, /^POST$/, "method");
      expectMatch(request.headers["content-type"], /^application\/x-www-form-urlencoded/, "content-type");
      const data = new URLSearchParams(request.body).get("data");
      expectMatch(data, /^\[out:json\]\[timeout:9\]\[maxsize:67108864\];/, "settings");
      expectMatch(data, /\(around:\d+,38\.71667,-9\.13333\)/, "position");
      expectMatch(data, /;out tags center \d+;$/, "last statement");
    },
  },
  nominatim: {
    answer: lazily(() => createNominatim()),
    nothing: {
      answer: () => ({ body: fixture("nominatim/nominatim_no_results.txt") }),
      outcome: "NOTHING_FOUND",
    },
    faultReplies: NOMINATIM_FAULTS,
    query: {},
    geocodeQuery: "Santorini",
    check: (request) => {
      expectPath(request, /^\/search$/);
      const given = request.url.searchParams;
      expectMatch(given.get("q"), /^Santorini$/, "q");
      expectMatch(given.get("format"), /^jsonv2$/, "format");
      expectMatch(given.get("limit"), /^([1-9]|[1-3]\d|40)$/, "limit");
    },
  },
  openweather: {
    answer: lazily(() => createOpenWeather(lisbon(), SEED, now)),
    nothing: {
      answer: ({ url }) =>
        url.pathname === "/geo/1.0/direct"
          ? { body: "[]" }
          : { status: 404, body: JSON.stringify({ cod: "404", message: "city not found" }) },
      outcome: "NOTHING_FOUND",
    },
    faultReplies: OPENWEATHER_FAULTS,
    query: { startDate: "2026-11-25" },
    geocodeQuery: "Santorini",
    check: (request) => {
      expectPath(request, /^\/(data\/2\.5\/forecast|geo\/1\.0\/direct)$/);
      const given = request.url.searchParams;
      expectMatch(given.get("appid"), new RegExp(`^${TEST_KEY}$`), "appid");
      if (request.url.pathname === "/geo/1.0/direct") {
        expectMatch(given.get("q"), /^Santorini$/, "q");
        expectMatch(given.get("limit"), /^[1-5]$/, "limit");
        return;
      }
      expectMatch(given.get("lat"), /^38\.7167$/, "lat");
      expectMatch(given.get("lon"), /^-9\.1333$/, "lon");
      expectMatch(given.get("units"), /^metric$/, "units");
    },
  },
  geoapify: {
    answer: lazily(() => createGeoapify(lisbon())),
    nothing: {
      answer: () => ({ body: fixture("geoapify/geoapify_no_results.json") }),
      outcome: "NOTHING_FOUND",
    },
    faultReplies: GEOAPIFY_FAULTS,
    query: {},
    geocodeQuery: "Santorini",
    check: (request) => {
      const given = request.url.searchParams;
      expectPath(request, /^\/(v2\/places|v1\/geocode\/search)$/);
      expectMatch(given.get("apiKey"), new RegExp(`^${TEST_KEY}$`), "apiKey");
      expectMatch(given.get("lang"), /^[a-z]{2,3}$/, "lang");
      if (request.url.pathname === "/v1/geocode/search") {
        expectMatch(given.get("text"), /^Santorini$/, "text");
        expectMatch(given.get("limit"), /^([1-9]|1\d|20)$/, "limit");
        return;
      }
      expectMatch(given.get("categories"), /^[a-z_]+(\.[a-z_]+)*(,[a-z_]+(\.[a-z_]+)*)*$/, "categories");
      expectMatch(given.get("filter"), /^circle:-9\.13333,38\.71667,\d+$/, "filter");
      expectMatch(given.get("bias"), /^proximity:-9\.13333,38\.71667$/, "bias");
      expectMatch(given.get("limit"), /^([1-9]\d?|[1-4]\d\d|500)$/, "limit");
    },
  },
  "google-places": {
    answer: lazily(() => createGooglePlaces(lisbon())),
    nothing: {
      answer: () => ({ body: fixture("google-places/searchText-empty.200.json") }),
      outcome: "NOTHING_FOUND",
    },
    faultReplies: GOOGLE_PLACES_FAULTS,
    query: {},
    check: (request) => {
      expectPath(request, /^\/v1\/places:searchNearby$/);
      expectMatch(request.method, /^POST$/, "method");
      expectMatch(request.headers["content-type"], /^application\/json$/, "content-type");
      expectMatch(String(request.headers["x-goog-api-key"]), new RegExp(`^${TEST_KEY}$`), "key");
      expectMatch(
        String(request.headers["x-goog-fieldmask"]),
        /^places\.[a-zA-Z.]+(,places\.[a-zA-Z.]+)*$/,
        "field mask",
      );
      expectMatch(request.url.search, /^$/, "query");
      expectMatch(request.body, /"latitude":38\.71667,"longitude":-9\.13333/, "position");
    },
  },
  ticketmaster: {
    answer: lazily(() => createTicketmaster(lisbon(), SEED, now)),
    nothing: {
      answer: () => ({ body: fixture("ticketmaster/events-empty.200.json") }),
      outcome: "NOTHING_FOUND",
    },
    faultReplies: TICKETMASTER_FAULTS,
    query: {},
    check: (request) => {
      expectPath(request, /^\/discovery\/v2\/events\.json$/);
      const given = request.url.searchParams;
      expectMatch(given.get("apikey"), new RegExp(`^${TEST_KEY}$`), "apikey");
      expectMatch(given.get("latlong"), /^38\.71667,-9\.13333$/, "latlong");
      expectMatch(given.get("radius"), /^30$/, "radius");
      expectMatch(given.get("unit"), /^km$/, "unit");
      expectMatch(given.get("startDateTime"), /^2026-12-01T00:00:00Z$/, "startDateTime");
      expectMatch(given.get("endDateTime"), /^2026-12-04T23:59:59Z$/, "endDateTime");
      expectMatch(given.get("locale"), /^\*$/, "locale");
      expectMatch(given.get("size"), /^([1-9]\d?|1\d\d|200)$/, "size");
    },
  },
  foursquare: {
    answer: lazily(() => createFoursquare(lisbon())),
    nothing: { answer: json({ results: [], context: { geo_bounds: {} } }), outcome: "NOTHING_FOUND" },
    faultReplies: FOURSQUARE_FAULTS,
    query: {},
    check: (request) => {
      expectPath(request, /^\/places\/search$/);
      const { url, headers } = request;
      expectMatch(headers.authorization, new RegExp(`^Bearer ${TEST_KEY}$`), "authorization");
      expectMatch(String(headers["x-places-api-version"]), /^2025-06-17$/, "x-places-api-version");
      expectMatch(url.searchParams.get("ll"), /^38\.71667,-9\.13333$/, "ll");
      expectMatch(url.searchParams.get("radius"), /^[1-9]\d{2,4}$/, "radius");
      expectMatch(url.searchParams.get("fsq_category_ids"), /^[0-9a-f]{24}(,[0-9a-f]{24})*$/, "categories");
      expectMatch(url.searchParams.get("fields"), /^fsq_place_id,name(,[a-z_]+)*$/, "fields");
      expectMatch(url.searchParams.get("limit"), /^([1-9]|[1-4]\d|50)$/, "limit");
    },
  },
  perplexity: {
    answer: lazily(() => createPerplexity(lisbon())),
    nothing: {
      answer: () => ({ body: toResponse([], '{"items":[]}') }),
      outcome: "NOTHING_FOUND",
    },
    faultReplies: PERPLEXITY_FAULTS,
    remarkReason: "PROVIDER_UNAVAILABLE",
    query: {},
    check: (request) => {
      expectPath(request, /^\/v1\/agent$/);
      expectMatch(request.method, /^POST$/, "method");
      expectMatch(request.headers["content-type"], /^application\/json$/, "content-type");
      expectMatch(request.headers.authorization, new RegExp(`^Bearer ${TEST_KEY}$`), "key");
      expectMatch(request.url.search, /^$/, "query");
      expectMatch(request.body, /"tool_choice":\{"type":"web_search"\}/, "tool choice");
      expectMatch(request.body, /"max_output_tokens":1[0-5]\d\d[,}]/, "output");
      expectMatch(request.body, /"latitude":38\.71667,"longitude":-9\.13333/, "position");
    },
  },
  "openai-compatible": {
    answer: lazily(() => createOpenAi(lisbon())),
    nothing: { answer: () => ({ body: toChatCompletion('{"items":[]}') }), outcome: "NOTHING_FOUND" },
    faultReplies: OPENAI_FAULTS,
    remarkReason: "PROVIDER_RESPONSE_INVALID",
    query: {},
    check: (request) => {
      expectPath(request, /^\/v1\/chat\/completions$/);
      expectMatch(request.method, /^POST$/, "method");
      expectMatch(request.headers["content-type"], /^application\/json$/, "content-type");
      expectMatch(request.headers.authorization, new RegExp(`^Bearer ${TEST_KEY}$`), "key");
      expectMatch(request.body, new RegExp(`"model":"${TEST_TEXT}"`), "model");
      expectMatch(request.body, /"max_completion_tokens":\d+/, "limit");
      expectMatch(request.body, /"strict":true/, "schema");
    },
  },
  wikivoyage: {
    answer: lazily(() => createWikivoyage(lisbon(), { maxResultBytes: 8 << 20 })),
    nothing: {
      answer: json({ batchcomplete: true, query: { pages: [{ ns: 0, title: "Lisbon", missing: true }] } }),
      outcome: "NOTHING_FOUND",
    },
    faultReplies: {
      ...WIKIVOYAGE_FAULTS,
      // Longer than a retry waits.
      remark: { ...WIKIVOYAGE_FAULTS.remark, headers: { "retry-after": "30" } },
    },
    // Its databases lag behind: later they will not.
    remarkReason: "PROVIDER_UNAVAILABLE",
    query: {},
    check: (request) => {
      expectPath(request, /^\/w\/api\.php$/);
      const given = request.method === "POST" ? new URLSearchParams(request.body) : request.url.searchParams;
      expectMatch(given.get("action"), /^query$/, "action");
      expectMatch(given.get("formatversion"), /^2$/, "formatversion");
      expectMatch(given.get("format"), /^json$/, "format");
    },
  },
};

/** Kinds whose answer can be empty for a city that the provider knows well. */
export const MAY_BE_EMPTY: ReadonlySet<SectionKind> = new Set([SectionKind.EVENTS]);
