import type { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { detailsOf, isOfKind } from "../osm/details.ts";
import { toListing, type ListingInit, type MapObject, type Teller } from "../osm/listing.ts";
import { isGone, richnessOf, wikidataIdOf, type Tags } from "../osm/tags.ts";
import { OVERPASS_KINDS } from "./query.ts";

/** One element of an Overpass answer. */
export interface OsmElement {
  /** `node`, `way`, `relation`, or what else Overpass can count and derive. */
  readonly type: string;
  readonly id: number;
  readonly lat?: number | undefined;
  readonly lon?: number | undefined;
  /** Of ways and relations. */
  readonly center?: { readonly lat: number; readonly lon: number } | undefined;
  readonly tags?: Tags | undefined;
}

/** An element that a section can list. */
export interface Place extends MapObject {
  readonly id: string;
  readonly element: OsmElement;
  readonly richness: number;
  /** One, or a few: a theatre can be a sight too. */
  readonly kinds: readonly SectionKind[];
  /** Closed, or no more. */
  readonly gone: boolean;
}

/**
 * What sections can list, and what they could if it were not gone, the best described first; the same elements give the same order whatever their own. Elements
 * are sorted by their tags, once for all kinds, and only those that are returned are made listings of: an answer has up
 * to a thousand.
 */
export const toPlaces = (elements: readonly OsmElement[]): readonly Place[] =>
  elements
    .flatMap((element) => toPlace(element) ?? [])
    .sort(
      (a, b) =>
        b.richness - a.richness || a.element.id - b.element.id || compare(a.element.type, b.element.type),
    );

function toPlace(element: OsmElement): Place | undefined {
  const { type, tags = {}, center } = element;
  if (!isPlace(type)) return undefined;
  const kinds = OVERPASS_KINDS.filter((kind) => isOfKind(kind, tags));
  if (kinds.length === 0) return undefined;
  const latitude = element.lat ?? center?.lat;
  const longitude = element.lon ?? center?.lon;
  return {
    element,
    id: `${type}/${element.id}`,
    wikidataId: wikidataIdOf(tags),
    tags,
    location: latitude !== undefined && longitude !== undefined ? { latitude, longitude } : undefined,
    richness: richnessOf(tags),
    kinds,
    gone: isGone(tags),
  };
}

/**
 * The best described listings of a kind.
 *
 * @param places as `toPlaces` sorts them
 * @param gone instead, those that are closed or no more
 */
export function toListings(
  kind: SectionKind,
  places: readonly Place[],
  teller: Teller,
  maxCount: number,
  gone = false,
): ListingInit[] {
  const seen = new Set<string>();
  const listings: ListingInit[] = [];
  for (const place of places) {
    if (listings.length >= maxCount) break;
    if (place.gone !== gone || !place.kinds.includes(kind)) continue;
    // One query answers several kinds, so that an element can come twice; a place can be mapped as node and as area.
    const { id, wikidataId } = place;
    if (seen.has(id) || (wikidataId !== undefined && seen.has(wikidataId))) continue;
    seen.add(id);
    if (wikidataId !== undefined) seen.add(wikidataId);
    const details = detailsOf(kind, place.tags);
    const listing = details && toListing(kind, place, details, teller);
    if (listing !== undefined) listings.push(listing);
  }
  return listings;
}

const isPlace = (type: string): boolean => type === "node" || type === "way" || type === "relation";
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
