import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GeocodeDestinationResponseSchema } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
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
import type { Lookup } from "./cache/lookup.ts";
import { foldName } from "./destination/fold-name.ts";
import type { Gazetteer } from "./destination/gazetteer.ts";
import { nearestDestination, resolveByName, resolveQuery } from "./destination/resolve.ts";
import type { ContentClient } from "./fetch/content-client.ts";

/** Names of places change slowly; the geocoders' terms ask for keeping their answers. */
const GEOCODE_LIFE_MS = 7 * 86_400_000;
/** A place is the destination of a point up to this far away. */
const MAX_POINT_DISTANCE_KM = 50;
/** A namesake counts as meant when it has this many times the inhabitants of the next one. */
const STANDS_OUT_FACTOR = 4;
const MAX_CANDIDATE_COUNT = 10;
const RETRY_DELAY_MS = 5_000;

export interface DestinationResolver {
  /**
   * Decides which destination a spec means before anything is spent on content.
   *
   * @throws ServiceError DESTINATION_AMBIGUOUS with candidates, DESTINATION_NOT_FOUND with suggestions,
   * DESTINATION_UNRESOLVED when no geocoder could be asked
   */
  readonly resolve: (spec: GuideSpec, remainingMs: () => number, signal: AbortSignal) => Promise<Destination>;
}

export function createDestinationResolver(
  gazetteer: Gazetteer,
  client: ContentClient,
  cache: Lookup,
  now: () => number,
): DestinationResolver {
  async function byName(name: string, signal: AbortSignal): Promise<Destination> {
    const known = resolveByName(gazetteer, name);
    if (known !== undefined) return known;
    const entry = await cache.read(destinationKey(name), signal);
    if (entry !== undefined) return fromBinary(DestinationSchema, entry.bytes);
    throw notFound(name, []);
  }

  async function byQuery(
    query: string,
    languageCode: string,
    remainingMs: () => number,
    signal: AbortSignal,
  ): Promise<Destination> {
    const answer = resolveQuery(gazetteer, query);
    switch (answer.state) {
      case "resolved":
        return answer.destination;
      case "ambiguous":
        throw ambiguous(query, answer.candidates);
      case "unknown":
        return await geocode(query, languageCode, answer.suggestions, remainingMs, signal);
    }
  }

  async function geocode(
    query: string,
    languageCode: string,
    suggestions: readonly Destination[],
    remainingMs: () => number,
    signal: AbortSignal,
  ): Promise<Destination> {
    const folded = foldName(query);
    const key = geocodeKey(`${languageCode}:${folded}`);
    const cached = await cache.read(key, signal);
    const answer =
      cached === undefined
        ? await client.geocode(query, languageCode, remainingMs(), signal)
        : fromBinary(GeocodeDestinationResponseSchema, cached.bytes);
    const failed = answer.outcomes.some(
      ({ kind }) => kind === ProviderOutcome_Kind.FAILED || kind === ProviderOutcome_Kind.SKIPPED,
    );
    if (answer.destinations.length === 0) {
      if (failed) {
        throw new ServiceError(
          "DESTINATION_UNRESOLVED",
          "The gazetteer does not know the destination, and no geocoder could be asked",
          {
            retryDelayMs: RETRY_DELAY_MS,
          },
        );
      }
    }
    const storedMs = now();
    const expireMs = storedMs + GEOCODE_LIFE_MS;
    if (cached === undefined && !failed) {
      const bytes = toBinary(
        GeocodeDestinationResponseSchema,
        create(GeocodeDestinationResponseSchema, {
          destinations: [...answer.destinations],
          outcomes: [...answer.outcomes],
        }),
      );
      await cache.write(key, { bytes, storedMs, expireMs, negative: answer.destinations.length === 0 });
    }
    const head = foldName(query.split(",")[0] ?? query);
    const exact = answer.destinations.filter(({ displayName }) =>
      [head, folded].includes(foldName(displayName)),
    );
    const [first, second] = exact;
    if (first === undefined) throw notFound(query, [...answer.destinations, ...suggestions]);
    if (
      second !== undefined &&
      first.population > 0 &&
      first.population < STANDS_OUT_FACTOR * second.population
    ) {
      throw ambiguous(query, exact);
    }
    // GeoNames places that the gazetteer has keep its name and data, so that two ways to one place share one key.
    const known = resolveByName(gazetteer, first.name);
    if (known !== undefined) return known;
    await cache.write(destinationKey(first.name), {
      bytes: toBinary(DestinationSchema, first),
      storedMs,
      expireMs,
      negative: false,
    });
    return first;
  }

  return {
    resolve: async (spec, remainingMs, signal) => {
      const languageCode = spec.languageCode === "" ? "en" : spec.languageCode;
      const { destination } = spec;
      switch (destination.case) {
        case "destinationName":
          return await byName(destination.value, signal);
        case "destinationQuery":
          return await byQuery(destination.value.trim(), languageCode, remainingMs, signal);
        case "destinationLocation": {
          const { latitude, longitude } = destination.value;
          const nearest = nearestDestination(gazetteer, latitude, longitude, MAX_POINT_DISTANCE_KM);
          if (nearest === undefined) throw notFound(`${latitude}, ${longitude}`, []);
          return nearest;
        }
        case undefined:
          throw new ServiceError("REQUEST_INVALID", "The request is invalid", {
            violations: [{ field: "spec.destination", description: "exactly one of its fields must be set" }],
          });
      }
    },
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

const notFound = (query: string, suggestions: readonly Destination[]): ServiceError =>
  new ServiceError("DESTINATION_NOT_FOUND", "No destination matches the query", {
    details: [
      {
        desc: UnknownDestinationSchema,
        value: create(UnknownDestinationSchema, { query, suggestions: suggestions.slice(0, 5) }),
      },
    ],
  });
