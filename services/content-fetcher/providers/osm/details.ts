import type { MessageInitShape } from "@bufbuild/protobuf";
import { SectionKind, type ListingSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { TAG_VALUES } from "./tag-values.ts";
import { dietsOf, feeOf, kebab, valuesOf, webUriOf, type Tags } from "./tags.ts";

export type Details = NonNullable<MessageInitShape<typeof ListingSchema>["details"]>;

const MAX_CUISINE_COUNT = 5;

export const isEatery = (tags: Tags): boolean => TAG_VALUES.eateries.has(tags["amenity"] ?? "");
const isDistrict = (tags: Tags): boolean => TAG_VALUES.places.has(tags["place"] ?? "");

export function isOfKind(kind: SectionKind, tags: Tags): boolean {
  if (kind === SectionKind.RESTAURANTS) return isEatery(tags);
  if (kind === SectionKind.ATTRACTIONS) return attractionCategory(tags) !== undefined;
  if (kind === SectionKind.EXPERIENCES) return venueOf(tags) !== undefined;
  return kind === SectionKind.NEIGHBORHOODS && isDistrict(tags);
}

/** What only this kind of listing has; undefined when the element is of another kind. */
export function detailsOf(kind: SectionKind, tags: Tags): Details | undefined {
  if (kind === SectionKind.RESTAURANTS) return isEatery(tags) ? restaurantDetails(tags) : undefined;
  if (kind === SectionKind.ATTRACTIONS) {
    const category = attractionCategory(tags);
    return category === undefined ? undefined : attractionDetails(category, tags);
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

export function restaurantDetails(tags: Tags): Details {
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

export function attractionDetails(category: string, tags: Tags): Details {
  const fee = feeOf(tags);
  return { case: "attraction", value: { category, ...(fee !== undefined && { fee }) } };
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

export const isSmallMemorial = (tags: Tags): boolean => SMALL_MEMORIALS.has(tags["memorial"] ?? "");

/** The most telling of an attraction's tags: `tourism=attraction` says no more than that it is one. */
function attractionCategory(tags: Tags): string | undefined {
  if (isEatery(tags) || isSmallMemorial(tags)) return undefined;
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
