import type {
  FaultReplies,
  ProviderServerOptions,
  ReceivedRequest,
  Reply,
} from "../support/provider-server.ts";
import { completionOf } from "./completion.ts";
import { createGeoapify, GEOAPIFY_FAULTS } from "./geoapify-server.ts";
import { createGooglePlaces, GOOGLE_PLACES_FAULTS } from "./google-places-server.ts";
import { createFoursquare, FOURSQUARE_FAULTS } from "./foursquare-server.ts";
import { createMetNorway, MET_NORWAY_FAULTS } from "./met-norway-server.ts";
import { createNominatim, NOMINATIM_FAULTS } from "./nominatim-server.ts";
import { createOpenMeteo, OPEN_METEO_FAULTS } from "./open-meteo-server.ts";
import { createOpenWeather, OPENWEATHER_FAULTS } from "./openweather-server.ts";
import { createOverpass, OVERPASS_BUSY, OVERPASS_FAULTS } from "./overpass-server.ts";
import { createOpenAi, OPENAI_FAULTS, openAiSubjectOf } from "./openai-server.ts";
import { createPerplexity, PERPLEXITY_FAULTS, perplexitySubjectOf } from "./perplexity-server.ts";
import type { ProfileColumn } from "./profiles.ts";
import { createTicketmaster, TICKETMASTER_FAULTS } from "./ticketmaster-server.ts";
import { createWikivoyage, WIKIVOYAGE_FAULTS } from "./wikivoyage-server.ts";
import type { Worlds } from "./world/worlds.ts";

/** What the servers are made from. */
export interface ServerSetup {
  readonly worlds: Worlds;
  readonly seed: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  readonly oneOverpassQueryAtATime: boolean;
  readonly maxWikivoyageResultBytes: number;
  /** Whether language models also name places that there are not, or that lie elsewhere. */
  readonly inventsPlaces: boolean;
}

/** One provider's test server. */
export interface TestServer {
  /** Settings that lead to it: all hosts of a provider are one server here. */
  readonly origins: readonly string[];
  /** Setting of the key that it wants; absent when it wants none. */
  readonly keySetting?: string;
  /** What else must be set before it is asked, by the names of the settings. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly faultReplies: FaultReplies;
  readonly create: (setup: ServerSetup) => (request: ReceivedRequest) => Reply;
  readonly options?: (setup: ServerSetup) => ProviderServerOptions;
  /** Which latencies of a profile its answers take. */
  readonly column: (request: ReceivedRequest) => ProfileColumn;
  /** What a request asks for and about, as far as its provider can tell: a profile's draws are counted by both. */
  readonly subjectOf: (request: ReceivedRequest) => { readonly kind: string; readonly destination: string };
  /** What a language model has written of an answer; absent for other providers. */
  readonly completionOf?: (reply: Reply) => string;
}

/** Every test server; a further one is a row. Those that are started on given ports take them in this order. */
export const TEST_SERVERS = {
  "open-meteo": {
    origins: ["OPEN_METEO_FORECAST_BASE_URL", "OPEN_METEO_ARCHIVE_BASE_URL", "OPEN_METEO_GEOCODING_BASE_URL"],
    faultReplies: OPEN_METEO_FAULTS,
    create: ({ worlds, seed, now }) => createOpenMeteo(worlds, seed, now),
    column: ({ url }) => (url.pathname === "/v1/search" ? "text" : "weather"),
    subjectOf: ({ url }) => ({
      kind: url.pathname.slice("/v1/".length),
      destination: url.searchParams.get("name") ?? positionOf(url, "latitude", "longitude"),
    }),
  },
  "met-norway": {
    origins: ["MET_NORWAY_BASE_URL"],
    faultReplies: MET_NORWAY_FAULTS,
    create: ({ worlds, seed, now }) => createMetNorway(worlds, seed, now),
    column: () => "weather",
    subjectOf: ({ url }) => ({ kind: "forecast", destination: positionOf(url, "lat", "lon") }),
  },
  wikivoyage: {
    origins: ["WIKIVOYAGE_BASE_URL"],
    faultReplies: WIKIVOYAGE_FAULTS,
    create: ({ worlds, maxWikivoyageResultBytes }) =>
      createWikivoyage(worlds, { maxResultBytes: maxWikivoyageResultBytes }),
    column: () => "text",
    subjectOf: ({ url, body }) => {
      const given = url.searchParams;
      const titles = given.get("titles") ?? new URLSearchParams(body).get("titles") ?? "";
      const [root = "", district] = (titles.split("|")[0] ?? "").split("/");
      if (root !== "") return { kind: district === undefined ? "article" : "districts", destination: root };
      return {
        kind: given.get("list") ?? given.get("generator") ?? "query",
        destination: given.get("srsearch") ?? given.get("gscoord") ?? given.get("ggscoord") ?? "",
      };
    },
  },
  overpass: {
    origins: ["OVERPASS_BASE_URL"],
    faultReplies: OVERPASS_FAULTS,
    create: ({ worlds, now }) => createOverpass(worlds, now),
    options: ({ oneOverpassQueryAtATime }) =>
      oneOverpassQueryAtATime ? { concurrency: { maxPerClientCount: 1, refusal: OVERPASS_BUSY } } : {},
    column: () => "text",
    subjectOf: ({ body }) => {
      const [, lat = "", lon = ""] =
        /around:[\d.]+,(-?[\d.]+),(-?[\d.]+)/.exec(decodeURIComponent(body.replaceAll("+", " "))) ?? [];
      return { kind: "query", destination: `${lat},${lon}` };
    },
  },
  nominatim: {
    origins: ["NOMINATIM_BASE_URL"],
    faultReplies: NOMINATIM_FAULTS,
    create: () => createNominatim(),
    column: () => "text",
    subjectOf: ({ url }) => ({ kind: "search", destination: url.searchParams.get("q") ?? "" }),
  },
  openweather: {
    origins: ["OPENWEATHER_BASE_URL"],
    keySetting: "OPENWEATHER_API_KEY",
    faultReplies: OPENWEATHER_FAULTS,
    create: ({ worlds, seed, now }) => createOpenWeather(worlds, seed, now),
    column: ({ url }) => (url.pathname === "/geo/1.0/direct" ? "text" : "weather"),
    subjectOf: ({ url }) => ({
      kind: url.pathname,
      destination: url.searchParams.get("q") ?? positionOf(url, "lat", "lon"),
    }),
  },
  geoapify: {
    origins: ["GEOAPIFY_BASE_URL"],
    keySetting: "GEOAPIFY_API_KEY",
    faultReplies: GEOAPIFY_FAULTS,
    create: ({ worlds }) => createGeoapify(worlds),
    column: () => "text",
    subjectOf: ({ url: { searchParams: given } }) => ({
      kind: given.get("categories") ?? "search",
      destination: given.get("filter") ?? given.get("text") ?? "",
    }),
  },
  "google-places": {
    origins: ["GOOGLE_PLACES_BASE_URL"],
    keySetting: "GOOGLE_PLACES_API_KEY",
    faultReplies: GOOGLE_PLACES_FAULTS,
    create: ({ worlds }) => createGooglePlaces(worlds),
    column: () => "text",
    // One request has one body: types or wishes, and where.
    subjectOf: ({ url, body }) => ({ kind: url.pathname.slice("/v1/places:".length), destination: body }),
  },
  ticketmaster: {
    origins: ["TICKETMASTER_BASE_URL"],
    keySetting: "TICKETMASTER_API_KEY",
    faultReplies: TICKETMASTER_FAULTS,
    create: ({ worlds, seed, now }) => createTicketmaster(worlds, seed, now),
    column: () => "text",
    subjectOf: ({ url }) => ({
      kind: "events",
      destination: url.searchParams.get("latlong") ?? url.searchParams.get("city") ?? "",
    }),
  },
  foursquare: {
    origins: ["FOURSQUARE_BASE_URL"],
    keySetting: "FOURSQUARE_API_KEY",
    faultReplies: FOURSQUARE_FAULTS,
    create: ({ worlds }) => createFoursquare(worlds),
    column: () => "text",
    subjectOf: ({ url }) => ({
      kind: url.searchParams.get("sort") ?? "",
      destination: url.searchParams.get("ll") ?? "",
    }),
  },
  perplexity: {
    origins: ["PERPLEXITY_BASE_URL"],
    keySetting: "PERPLEXITY_API_KEY",
    faultReplies: PERPLEXITY_FAULTS,
    create: ({ worlds, inventsPlaces }) => createPerplexity(worlds, { inventsPlaces }),
    column: () => "text",
    subjectOf: ({ body }) => perplexitySubjectOf(body),
    completionOf,
  },
  "openai-compatible": {
    origins: ["OPENAI_COMPATIBLE_BASE_URL"],
    keySetting: "OPENAI_COMPATIBLE_API_KEY",
    texts: { OPENAI_COMPATIBLE_MODEL: "gpt-4.1-mini" },
    faultReplies: OPENAI_FAULTS,
    create: ({ worlds, inventsPlaces }) => createOpenAi(worlds, { inventsPlaces }),
    column: () => "text",
    subjectOf: ({ body }) => openAiSubjectOf(body),
    completionOf,
  },
} as const satisfies Readonly<Record<string, TestServer>>;

export type ProviderId = keyof typeof TEST_SERVERS;

export const isProviderId = (text: string): text is ProviderId => Object.hasOwn(TEST_SERVERS, text);

export const PROVIDER_IDS: readonly ProviderId[] = Object.keys(TEST_SERVERS).filter(isProviderId);

export const testServerOf = (id: ProviderId): TestServer => TEST_SERVERS[id];

const positionOf = (url: URL, latitude: string, longitude: string): string =>
  `${url.searchParams.get(latitude)},${url.searchParams.get(longitude)}`;
