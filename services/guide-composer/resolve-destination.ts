import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  GeocodeDestinationResponseSchema,
  type GeocodeDestinationResponse,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  AmbiguousDestinationSchema,
  UnknownDestinationSchema,
  type GuideSpec,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  DestinationSchema,
  ProviderOutcome_Kind,
  type Destination,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../shared/errors.ts";
import { destinationKey, geocodeKey } from "./cache/keys.ts";
import type { LoadBatch, Loaded } from "./cache/loads.ts";
import { NO_LIMITS, type Lookup } from "./cache/lookup.ts";
import type { Entry } from "./cache/store.ts";
import { chooseGeocoded } from "./destination/choose-geocoded.ts";
import { foldName } from "./destination/fold-name.ts";
import type { Gazetteer } from "./destination/gazetteer.ts";
import { nearestDestination } from "./destination/nearest.ts";
import { resolveByName, resolveQuery } from "./destination/resolve.ts";
import type { ContentClient } from "./fetch/content-client.ts";

/** Names of places change slowly; the geocoders' terms ask for keeping their answers. */
const GEOCODE_LIFE_MS = 7 * 86_400_000;
/** "No such place" is believed for less: somebody may add it. So is what one geocoder said while another one failed. */
const SHORT_GEOCODE_LIFE_MS = 3_600_000;
/** Some geocoders, one after the other, with the 5 s at most that each attempt has. Callers leave earlier if they must. */
const GEOCODE_TIMEOUT_MS = 20_000;
/** A place is the destination of a point up to this far away. */
const MAX_POINT_DISTANCE_KM = 50;
const MAX_CANDIDATE_COUNT = 10;
const MAX_SUGGESTION_COUNT = 5;
const RETRY_DELAY_MS = 5_000;

export interface DestinationResolver {
  /**
   * Decides which destination a spec means before anything is spent on content.
   *
   * @throws ServiceError DESTINATION_AMBIGUOUS with candidates, DESTINATION_NOT_FOUND with suggestions,
   * DESTINATION_UNRESOLVED when a geocoder that may know it failed; and what the call to content-fetcher fails with
   */
  readonly resolve: (spec: GuideSpec, signal: AbortSignal) => Promise<Destination>;
  /** The same from what is known here: DESTINATION_UNRESOLVED when a geocoder would have to be asked. */
  readonly resolveKnown: (spec: GuideSpec, signal: AbortSignal) => Promise<Destination>;
}

type Geocode = (
  query: string,
  languageCode: string,
  signal: AbortSignal,
) => Promise<GeocodeDestinationResponse>;

export function createDestinationResolver(
  gazetteer: Gazetteer,
  client: Pick<ContentClient, "geocode">,
  cache: Pick<Lookup, "lookUp" | "read" | "write">,
  now: () => number,
): DestinationResolver {
  async function byName(name: string, signal: AbortSignal): Promise<Destination> {
    const known = resolveByName(gazetteer, name);
    if (known !== undefined) return known;
    // What only geocoders know is kept since the query that led to it, as long as their answer.
    const entry = await cache.read(destinationKey(name), signal);
    if (entry !== undefined) return fromBinary(DestinationSchema, entry.bytes);
    throw notFound("No destination of that name is known, or no longer: ask by query", name, []);
  }

  async function byQuery(
    query: string,
    languageCode: string,
    signal: AbortSignal,
    ask: Geocode,
  ): Promise<Destination> {
    const answer = resolveQuery(gazetteer, query);
    switch (answer.state) {
      case "resolved":
        return answer.destination;
      case "ambiguous":
        throw ambiguous(query, answer.candidates);
      case "country":
        throw notFound("A whole country is no destination", query, answer.suggestions);
      case "unknown": {
        const { destinations, outcomes } = await ask(query, languageCode, signal);
        const choice = chooseGeocoded(gazetteer, query, answer.areas, destinations);
        if (choice.state === "resolved") return choice.destination;
        if (choice.state === "ambiguous") throw ambiguous(query, choice.candidates);
        // The geocoder that failed may know it.
        if (outcomes.some(({ kind }) => !ANSWERED.has(kind))) throw unresolved();
        throw notFound("No destination matches the query", query, [...answer.suggestions, ...destinations]);
      }
    }
  }

  /** Asks the geocoders once for all callers with the same query, and keeps the answer. */
  async function geocode(
    query: string,
    languageCode: string,
    signal: AbortSignal,
  ): Promise<GeocodeDestinationResponse> {
    const key = keyOf(query, languageCode);
    const load: LoadBatch = async function* (_keys, loadSignal) {
      const answer = await client.geocode(query, languageCode, GEOCODE_TIMEOUT_MS, loadSignal);
      const loaded = toLoaded(
        create(GeocodeDestinationResponseSchema, {
          destinations: [...answer.destinations],
          outcomes: [...answer.outcomes],
        }),
        now(),
      );
      keepDestinations(answer.destinations, loaded);
      yield [key, { state: "loaded", loaded }];
    };
    const { results } = await cache.lookUp({
      keys: [key],
      mode: "prefer-cache",
      maxStaleMs: 0,
      ...NO_LIMITS,
      load,
      refreshLoad: load,
      signal,
    });
    const found = await results.get(key);
    if (found?.state === "failed") throw found.error;
    if (found?.state !== "found") throw new Error("the lookup has no answer for a key that it was asked for");
    return fromBinary(GeocodeDestinationResponseSchema, found.entry.bytes);
  }

  /** What the geocoders have answered before. */
  async function readGeocoded(query: string, languageCode: string, signal: AbortSignal) {
    const entry = await cache.read(keyOf(query, languageCode), signal);
    if (entry !== undefined) return fromBinary(GeocodeDestinationResponseSchema, entry.bytes);
    throw new ServiceError(
      "DESTINATION_UNRESOLVED",
      "The gazetteer does not know the destination, and a dry run asks no geocoder",
    );
  }

  /** So that callers can ask again by the names of candidates and suggestions. */
  function keepDestinations(destinations: readonly Destination[], entry: Entry): void {
    for (const destination of destinations) {
      if (resolveByName(gazetteer, destination.name) !== undefined) continue;
      const bytes = toBinary(DestinationSchema, destination);
      cache.write(destinationKey(destination.name), {
        bytes,
        storedMs: entry.storedMs,
        expireMs: entry.storedMs + GEOCODE_LIFE_MS,
        negative: false,
      });
    }
  }

  async function resolve(spec: GuideSpec, signal: AbortSignal, ask: Geocode): Promise<Destination> {
    const languageCode = spec.languageCode === "" ? "en" : spec.languageCode;
    const { destination } = spec;
    switch (destination.case) {
      case "destinationName":
        return await byName(destination.value, signal);
      case "destinationQuery":
        return await byQuery(destination.value.trim(), languageCode, signal, ask);
      case "destinationLocation": {
        const { latitude, longitude } = destination.value;
        const nearest = nearestDestination(gazetteer, latitude, longitude, MAX_POINT_DISTANCE_KM);
        if (nearest !== undefined) return nearest;
        throw notFound("No destination lies near the point", `${latitude}, ${longitude}`, []);
      }
      case undefined:
        throw new ServiceError("REQUEST_INVALID", "The request is invalid", {
          violations: [{ field: "spec.destination", description: "exactly one of its fields must be set" }],
        });
    }
  }

  return {
    resolve: (spec, signal) => resolve(spec, signal, geocode),
    resolveKnown: (spec, signal) => resolve(spec, signal, readGeocoded),
  };
}

/** The query stands in the key as a digest: what callers type is in no key, log or span. */
const keyOf = (query: string, languageCode: string): string =>
  geocodeKey(`${languageCode}:${foldName(query)}`);

const ANSWERED: ReadonlySet<ProviderOutcome_Kind> = new Set([
  ProviderOutcome_Kind.CONTENT,
  ProviderOutcome_Kind.PARTIAL_CONTENT,
  ProviderOutcome_Kind.NOTHING_FOUND,
]);

/** What the cache keeps of the geocoders' answer. Nothing, when none of them answered with anything. */
function toLoaded(answer: GeocodeDestinationResponse, nowMs: number): Loaded {
  const complete = answer.outcomes.every(({ kind }) => ANSWERED.has(kind));
  const negative = answer.destinations.length === 0;
  return {
    bytes: toBinary(GeocodeDestinationResponseSchema, answer),
    storedMs: nowMs,
    expireMs: nowMs + (complete && !negative ? GEOCODE_LIFE_MS : SHORT_GEOCODE_LIFE_MS),
    negative,
    storable: complete || !negative,
    forbidden: false,
    origin: "here",
    inRedis: false,
  };
}

const ambiguous = (query: string, candidates: readonly Destination[]): ServiceError =>
  new ServiceError(
    "DESTINATION_AMBIGUOUS",
    "Several destinations have that name; ask again with the name of one of the candidates",
    {
      details: [
        {
          desc: AmbiguousDestinationSchema,
          value: create(AmbiguousDestinationSchema, {
            query,
            candidates: candidates.slice(0, MAX_CANDIDATE_COUNT),
          }),
        },
      ],
    },
  );

const notFound = (message: string, query: string, suggestions: readonly Destination[]): ServiceError =>
  new ServiceError("DESTINATION_NOT_FOUND", message, {
    details: [
      {
        desc: UnknownDestinationSchema,
        value: create(UnknownDestinationSchema, {
          query,
          suggestions: suggestions.slice(0, MAX_SUGGESTION_COUNT),
        }),
      },
    ],
  });

const unresolved = (): ServiceError =>
  new ServiceError(
    "DESTINATION_UNRESOLVED",
    "The gazetteer does not know the destination, and a geocoder that may know it failed",
    { retryDelayMs: RETRY_DELAY_MS },
  );
