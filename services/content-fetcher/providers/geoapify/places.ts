import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import {
  attractionDetails,
  detailsOf,
  isEatery,
  isSmallMemorial,
  restaurantDetails,
  type Details,
} from "../osm/details.ts";
import { toListing, type ListingInit, type Teller } from "../osm/listing.ts";
import { isGone, kebab, richnessOf, wikidataIdOf, type Tags } from "../osm/tags.ts";
import { objectIdOf } from "./object-id.ts";
import { tagsOf, type PlaceProperties } from "./place-tags.ts";

/** What one section asks for. */
interface Subject {
  readonly categories: readonly string[];
  /** How far from the destination's centre, metres. */
  readonly radiusM: number;
  /** Places that are asked for, the nearest ones; each 20 of them cost a credit, of which 3,000 a day are free. */
  readonly maxPlaceCount: number;
}

/** The kinds that it answers, each with what it asks. */
export const SUBJECTS: ReadonlyMap<SectionKind, Subject> = new Map<SectionKind, Subject>([
  [
    SectionKind.ATTRACTIONS,
    {
      categories: [
        "tourism.attraction",
        "tourism.sights",
        "entertainment.museum",
        "entertainment.culture.gallery",
        "entertainment.zoo",
        "entertainment.aquarium",
        "entertainment.theme_park",
        "leisure.park",
      ],
      radiusM: 6_000,
      maxPlaceCount: 200,
    },
  ],
  [
    SectionKind.RESTAURANTS,
    {
      categories: [
        "catering.restaurant",
        "catering.cafe",
        "catering.fast_food",
        "catering.food_court",
        "catering.ice_cream",
      ],
      radiusM: 2_500,
      maxPlaceCount: 100,
    },
  ],
]);

/** Categories of works that stand in every street; those that are worth a way have an item in Wikidata. */
const COMMONPLACE = new Set([
  "tourism.attraction.artwork",
  "tourism.attraction.clock",
  "tourism.sights.memorial",
]);
/** What the last word of a category means where it is not what our categories are called. */
const CATEGORY_WORDS: ReadonlyMap<string, string> = new Map([
  ["sights", "attraction"],
  ["ruines", "ruins"],
]);

/** One place of an answer, with its position. */
export interface Found {
  readonly properties: PlaceProperties;
  readonly location: { readonly latitude: number; readonly longitude: number } | undefined;
}

/**
 * The best described listings of a kind. Data of others than OpenStreetMap is left out: other terms than those that are
 * stated hold for it.
 */
export function toListings(
  kind: SectionKind,
  places: readonly Found[],
  teller: Teller,
  language: string,
  maxCount: number,
): ListingInit[] {
  const seen = new Set<string>();
  return places
    .filter(({ properties }) => (properties.datasource?.sourcename ?? "openstreetmap") === "openstreetmap")
    .map(({ properties, location }) => {
      const tags = tagsOf(properties, language);
      return { properties, location, tags, richness: richnessOf(tags) };
    })
    .sort((a, b) => b.richness - a.richness)
    .flatMap(({ properties, location, tags }) => {
      const placeId = properties.place_id ?? "";
      const id = objectIdOf({ raw: properties.datasource?.raw ?? {}, placeId });
      const wikidataId = wikidataIdOf(tags);
      const details = isGone(tags) ? undefined : detailsFor(kind, tags, properties.categories ?? []);
      const object = { id, ...(placeId !== "" && { ownId: placeId }), wikidataId, tags, location };
      const listing = details && toListing(kind, object, details, teller);
      // A place can be mapped as a point and as an area.
      const ids = [id, wikidataId].flatMap((known) => known ?? []);
      if (listing === undefined || ids.some((known) => seen.has(known))) return [];
      for (const known of ids) seen.add(known);
      return [listing];
    })
    .slice(0, maxCount);
}

/** What the tags make of it, or else the categories; undefined when it is of another kind. */
function detailsFor(kind: SectionKind, tags: Tags, categories: readonly string[]): Details | undefined {
  const category = mostTelling(categories, SUBJECTS.get(kind)?.categories ?? []) ?? "";
  if (COMMONPLACE.has(category) && tags["wikidata"] === undefined) return undefined;
  const details = detailsOf(kind, tags);
  if (details !== undefined || category === "") return details;
  if (kind === SectionKind.RESTAURANTS) return restaurantDetails(tags);
  if (isEatery(tags) || isSmallMemorial(tags)) return undefined;
  const word = category.split(".").at(-1) ?? "";
  return attractionDetails(CATEGORY_WORDS.get(word) ?? kebab(word), tags);
}

/** Categories that say no more than that it is a sight. */
const VAGUE = new Set(["tourism.attraction", "tourism.sights"]);
const exactnessOf = (category: string): number => (VAGUE.has(category) ? 0 : category.split(".").length);

/** The most exact of the categories that are in one of those asked for; of equally exact ones the first. */
function mostTelling(categories: readonly string[], asked: readonly string[]): string | undefined {
  return categories
    .filter((category) => asked.some((one) => category === one || category.startsWith(`${one}.`)))
    .reduce<string | undefined>(
      (best, category) => (best === undefined || exactnessOf(category) > exactnessOf(best) ? category : best),
      undefined,
    );
}
