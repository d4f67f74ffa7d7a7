import type { Content } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { Destination, Listing } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM, type Point } from "../distance.ts";
import { toAddress, type Address } from "../listings/address.ts";
import { isMapData } from "../listings/merge.ts";
import { keysOf, nameOf, type Name } from "../listings/names.ts";
import { fold, splitWords } from "../words.ts";

/** A listing of a provider that is no language model: what it says of a place can be compared with. */
export interface Witness {
  readonly listing: Listing;
  readonly name: Name;
  readonly address: Address;
  readonly location: Point | undefined;
  /** Whether it is map data: a travel guide bears out, but does not contradict. */
  readonly isMapData: boolean;
  /** Whether its provider marks it as closed or gone: then it says nothing but that. */
  readonly gone: boolean;
}

export interface Near {
  readonly witness: Witness;
  /** Metres. */
  readonly apartM: number;
}

/** All witnesses of a guide, made ready for being asked about a place. */
export interface Witnesses {
  /** Places, no events, with a position within `NEAR_MAX_M`, nearest first. */
  readonly near: (point: Point) => readonly Near[];
  /** Places that may have an equal name. */
  readonly named: (name: Name) => readonly Witness[];
  /** Whoever shares an identifier: that of a provider, or the Wikidata id. */
  readonly identified: (listing: Listing) => readonly Witness[];
  /** Places of map data that are there, with a house number of the address. */
  readonly housed: (address: Address) => readonly Witness[];
  readonly events: readonly Witness[];
  /** Up to here from the destination's centre a position is inside of it, metres; undefined without a centre. */
  readonly insideM: number | undefined;
  /** Words that an address in the destination has, as the map writes it; empty when no address shows them. */
  readonly town: readonly string[];
}

/** The farthest that two positions of one place are compared over. */
export const NEAR_MAX_M = 2_000;
/** `NEAR_MAX_M` of latitude, in degrees. */
const ROW_DEGREES = 0.018;

/** Maps are asked for a selection around the centre; what reaches twice as far as most of it is still the same town. */
const INSIDE_SHARE = 0.9;
const INSIDE_FACTOR = 2;
/** So far from a centre maps are asked for districts: what they have there is listed as the destination's own. */
const INSIDE_MIN_M = 10_000;
/**
 * A point this far from a destination's centre belongs to no guide about it: so far `destination_location` takes the
 * nearest destination.
 */
export const OUTSIDE_M = 50_000;

const NOBODY: readonly Witness[] = [];

/**
 * @param contents of all sections of the guide, without those that a language model wrote: it would bear itself out
 */
export function createWitnesses(contents: readonly Content[], destination: Destination): Witnesses {
  const all = contents.flatMap(({ listings, closedListings }) => [
    ...listings.map((listing) => toWitness(listing, false)),
    ...closedListings.map((listing) => toWitness(listing, true)),
  ]);
  const places = all.filter(({ listing }) => listing.details.case !== "event");
  const open = places.filter(({ gone }) => !gone);
  const rows = new Map<number, Witness[]>();
  const byName = new Map<string, Witness[]>();
  const byId = new Map<string, Witness[]>();
  const byNumber = new Map<string, Witness[]>();
  for (const witness of places) {
    if (witness.location !== undefined) add(rows, rowOf(witness.location.latitude), witness);
    for (const key of keysOf(witness.name)) add(byName, key, witness);
    if (witness.isMapData && !witness.gone)
      for (const number of witness.address.numbers) add(byNumber, number, witness);
  }
  for (const witness of all) for (const id of idsOf(witness.listing)) add(byId, id, witness);

  return {
    near: (point) => {
      const row = rowOf(point.latitude);
      return [row - 1, row, row + 1]
        .flatMap((number) => rows.get(number) ?? NOBODY)
        .flatMap((witness): Near[] => {
          const apartM = witness.location && distanceM(point, witness.location);
          return apartM !== undefined && apartM <= NEAR_MAX_M ? [{ witness, apartM }] : [];
        })
        .sort((a, b) => a.apartM - b.apartM);
    },
    named: (name) => gather(byName, keysOf(name)),
    identified: (listing) => gather(byId, idsOf(listing)),
    housed: ({ numbers }) => gather(byNumber, numbers),
    events: all.filter(({ listing }) => listing.details.case === "event"),
    insideM: insideM(open, destination.location),
    town: townOf(open),
  };
}

const toWitness = (listing: Listing, gone: boolean): Witness => ({
  listing,
  name: nameOf(listing),
  address: toAddress(listing.address),
  location: listing.location,
  isMapData: isMapData(listing),
  gone,
});

const rowOf = (latitude: number): number => Math.floor(latitude / ROW_DEGREES);

function add<K>(map: Map<K, Witness[]>, key: K, witness: Witness): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [witness]);
  else known.push(witness);
}

const gather = (
  map: ReadonlyMap<string, readonly Witness[]>,
  keys: readonly string[],
): readonly Witness[] => [...new Set(keys.flatMap((key) => map.get(key) ?? NOBODY))];

const idsOf = ({ providerIds, wikidataId }: Listing): string[] => [
  ...providerIds.map(({ provider, id }) => `${provider} ${id}`),
  ...(wikidataId === "" ? [] : [wikidataId]),
];

function insideM(places: readonly Witness[], center: Point | undefined): number | undefined {
  if (center === undefined) return undefined;
  const distances = places
    .flatMap((place) => (place.isMapData && place.location ? [distanceM(center, place.location)] : []))
    .sort((a, b) => a - b);
  const mostM = distances[Math.floor(INSIDE_SHARE * (distances.length - 1))] ?? 0;
  return Math.min(OUTSIDE_M, Math.max(INSIDE_MIN_M, INSIDE_FACTOR * mostM));
}

/** The part after the street that most addresses of the map have in common, the first of equals: behind it stand region and country. */
function townOf(places: readonly Witness[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const place of places) {
    if (!place.isMapData) continue;
    for (const part of partsOf(place.listing.address)) counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  let [town, most] = ["", 0];
  for (const [part, count] of counts) if (count > most) [town, most] = [part, count];
  return town === "" ? [] : town.split(" ");
}

/** What follows the street in an address, folded, without postcodes. */
const partsOf = (address: string): string[] =>
  address
    .split(",")
    .slice(1)
    .map((part) =>
      splitWords(fold(part))
        .filter((word) => !/\d/.test(word))
        .join(" "),
    )
    .filter((part) => part !== "");
