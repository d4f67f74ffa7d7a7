import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { SectionKind, type ListingSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listingKey } from "../listing-key.ts";
import { OVERPASS_KINDS, TAG_VALUES } from "./query.ts";
import {
  accessibilityOf,
  addressOf,
  descriptionOf,
  dietsOf,
  feeOf,
  isGone,
  kebab,
  nameOf,
  oneLine,
  richnessOf,
  suffixesOf,
  valuesOf,
  webUriOf,
  wikidataIdOf,
  type Tags,
} from "./tags.ts";

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

type ListingInit = MessageInitShape<typeof ListingSchema>;
type Details = NonNullable<ListingInit["details"]>;

const MAX_CUISINE_COUNT = 5;

/** An element that a section can list. */
export interface Place {
  readonly element: OsmElement;
  /** `{type}/{id}`. */
  readonly id: string;
  readonly wikidataId: string | undefined;
  readonly tags: Tags;
  readonly richness: number;
  /** One, or a few: a theatre can be a sight too. */
  readonly kinds: readonly SectionKind[];
}

/**
 * What sections can list, the best described first; the same elements give the same order whatever their own. Elements
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
  const { type, tags = {} } = element;
  if (!isPlace(type)) return undefined;
  const kinds = OVERPASS_KINDS.filter((kind) => isOfKind(kind, tags));
  if (kinds.length === 0 || isGone(tags)) return undefined;
  return {
    element,
    id: `${type}/${element.id}`,
    wikidataId: wikidataIdOf(tags),
    tags,
    richness: richnessOf(tags),
    kinds,
  };
}

/**
 * The best described listings of a kind.
 *
 * @param places as `toPlaces` sorts them
 */
export function toListings(
  kind: SectionKind,
  places: readonly Place[],
  languageCode: string,
  fetchTime: Timestamp,
  maxCount: number,
): ListingInit[] {
  const suffixes = suffixesOf(languageCode);
  const seen = new Set<string>();
  const listings: ListingInit[] = [];
  for (const place of places) {
    if (listings.length >= maxCount) break;
    if (!place.kinds.includes(kind)) continue;
    // One query answers several kinds, so that an element can come twice; a place can be mapped as node and as area.
    const { id, wikidataId } = place;
    if (seen.has(id) || (wikidataId !== undefined && seen.has(wikidataId))) continue;
    seen.add(id);
    if (wikidataId !== undefined) seen.add(wikidataId);
    const listing = toListing(kind, place, suffixes, fetchTime);
    if (listing !== undefined) listings.push(listing);
  }
  return listings;
}

const isPlace = (type: string): boolean => type === "node" || type === "way" || type === "relation";
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function toListing(
  kind: SectionKind,
  { element, id, wikidataId, tags }: Place,
  suffixes: readonly string[],
  fetchTime: Timestamp,
): ListingInit | undefined {
  const title = nameOf(tags, suffixes);
  const details = detailsOf(kind, tags);
  if (title === "" || details === undefined) return undefined;
  const localName = oneLine(tags["name"]);
  const latitude = element.lat ?? element.center?.lat;
  const longitude = element.lon ?? element.center?.lon;
  const location = latitude !== undefined && longitude !== undefined ? { latitude, longitude } : undefined;
  return {
    key: listingKey({ title, wikidataId, location }),
    title,
    ...(kind === SectionKind.NEIGHBORHOODS
      ? neighborhoodSummary(tags, suffixes)
      : descriptionOf(tags, suffixes)),
    ...(location && { location }),
    address: addressOf(tags),
    phone: valuesOf(tags["phone"] ?? tags["contact:phone"])[0] ?? "",
    websiteUri: webUriOf(tags["website"], tags["contact:website"], tags["url"]),
    openingHours: oneLine(tags["opening_hours"]),
    accessibilityTags: accessibilityOf(tags),
    ...(wikidataId !== undefined && { wikidataId }),
    providerIds: [{ provider: "providers/overpass", id }],
    citations: [
      {
        provider: "providers/overpass",
        uri: `https://www.openstreetmap.org/${id}`,
        title: `OpenStreetMap: ${title}${localName === "" || localName === title ? "" : ` (${localName})`}`,
        license: "ODbL-1.0",
        fetchTime,
      },
    ],
    details,
  };
}

/** A district's description, or else what it is and how many live there. */
function neighborhoodSummary(
  tags: Tags,
  suffixes: readonly string[],
): { readonly summary: string; readonly languageCode: string } {
  const described = descriptionOf(tags, suffixes);
  const population = /^\d{1,8}$/.exec(oneLine(tags["population"]))?.[0];
  if (described.summary !== "" || population === undefined || population === "0") return described;
  const place = tags["place"] === "neighbourhood" ? "neighborhood" : (tags["place"] ?? "");
  return {
    summary: `${place.charAt(0).toUpperCase()}${place.slice(1)}, ${Number(population).toLocaleString("en-US")} inhabitants`,
    languageCode: "en",
  };
}

const isEatery = (tags: Tags): boolean => TAG_VALUES.eateries.has(tags["amenity"] ?? "");
const isDistrict = (tags: Tags): boolean => TAG_VALUES.places.has(tags["place"] ?? "");

function isOfKind(kind: SectionKind, tags: Tags): boolean {
  if (kind === SectionKind.RESTAURANTS) return isEatery(tags);
  if (kind === SectionKind.ATTRACTIONS) return attractionCategory(tags) !== undefined;
  if (kind === SectionKind.EXPERIENCES) return venueOf(tags) !== undefined;
  return kind === SectionKind.NEIGHBORHOODS && isDistrict(tags);
}

/** What only this kind of listing has; undefined when the element is of another kind. */
function detailsOf(kind: SectionKind, tags: Tags): Details | undefined {
  if (kind === SectionKind.RESTAURANTS) {
    if (!isEatery(tags)) return undefined;
    const cuisines = valuesOf(tags["cuisine"]?.replaceAll(",", ";")).map(kebab);
    return {
      case: "restaurant",
      value: {
        cuisines: [...new Set(cuisines)].slice(0, MAX_CUISINE_COUNT),
        dietaryTags: dietsOf(tags),
        reservationUri: webUriOf(tags["website:booking"], tags["reservation:website"]),
      },
    };
  }
  if (kind === SectionKind.ATTRACTIONS) {
    const category = attractionCategory(tags);
    const fee = feeOf(tags);
    return category === undefined
      ? undefined
      : { case: "attraction", value: { category, ...(fee !== undefined && { fee }) } };
  }
  if (kind === SectionKind.EXPERIENCES) {
    const venue = venueOf(tags);
    const price = feeOf(tags);
    return venue === undefined
      ? undefined
      : {
          case: "experience",
          value: { category: kebab(venue), ...(price !== undefined && { price }) },
        };
  }
  return kind === SectionKind.NEIGHBORHOODS && isDistrict(tags)
    ? { case: "neighborhood", value: {} }
    : undefined;
}

/** Where one goes out or spends an afternoon; undefined when it is something else. */
const venueOf = ({ amenity = "", leisure = "" }: Tags): string | undefined => {
  if (TAG_VALUES.venues.has(amenity)) return amenity;
  return TAG_VALUES.pastimes.has(leisure) ? leisure : undefined;
};

const WORSHIP_BUILDINGS = new Set([
  "basilica",
  "cathedral",
  "chapel",
  "church",
  "monastery",
  "mosque",
  "shrine",
  "synagogue",
  "temple",
]);

/** What a place of worship of a religion is called where its building is not tagged. */
const WORSHIP_PLACES: ReadonlyMap<string, string> = new Map([
  ["buddhist", "temple"],
  ["christian", "church"],
  ["hindu", "temple"],
  ["jewish", "synagogue"],
  ["muslim", "mosque"],
  ["shinto", "shrine"],
]);

/** Memorials that are a stone or a plate at a house: there are thousands, and nobody travels to one. */
const SMALL_MEMORIALS = new Set(["stolperstein", "plaque", "plate", "bench", "ghost_bike"]);

/** The most telling of an attraction's tags: `tourism=attraction` says no more than that it is one. */
function attractionCategory(tags: Tags): string | undefined {
  if (isEatery(tags) || SMALL_MEMORIALS.has(tags["memorial"] ?? "")) return undefined;
  const known = (key: string, values: ReadonlySet<string>): string | undefined =>
    values.has(tags[key] ?? "") ? tags[key] : undefined;
  const tourism = known("tourism", TAG_VALUES.tourism);
  const worship =
    tags["amenity"] === "place_of_worship"
      ? (known("building", WORSHIP_BUILDINGS) ??
        WORSHIP_PLACES.get(tags["religion"] ?? "") ??
        "place-of-worship")
      : undefined;
  const category =
    (tourism === "attraction" ? undefined : tourism) ??
    known("historic", TAG_VALUES.historic) ??
    worship ??
    known("leisure", TAG_VALUES.greens) ??
    tourism;
  return category === undefined ? undefined : kebab(category);
}
