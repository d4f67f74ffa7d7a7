import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { SectionKind, type ListingSchema } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listingKey } from "./listing-key.ts";

/** One element of an Overpass answer. */
export interface OsmElement {
  readonly type: "node" | "way" | "relation";
  readonly id: number;
  readonly lat?: number | undefined;
  readonly lon?: number | undefined;
  readonly center?: { readonly lat: number; readonly lon: number } | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

type ListingInit = MessageInitShape<typeof ListingSchema>;
type Tags = Readonly<Record<string, string>>;

const RESTAURANT_AMENITIES = new Set(["restaurant", "cafe", "fast_food", "food_court", "ice_cream"]);
const PLACE_KINDS = new Set(["suburb", "quarter", "neighbourhood", "borough"]);
/** Prefixes and tags of what is no longer there. */
const GONE = ["disused", "abandoned", "demolished", "razed", "was"];

/** A listing of the kind, or undefined when the element is of another kind, gone, or without a name. */
export function toListing(
  kind: SectionKind,
  element: OsmElement,
  fetchTime: Timestamp,
): { readonly listing: ListingInit; readonly richness: number } | undefined {
  const { tags = {} } = element;
  const title = (tags["name:en"] ?? tags["name"] ?? "").trim();
  if (title === "" || isGone(tags)) return undefined;
  const details = detailsOf(kind, tags);
  if (details === undefined) return undefined;
  const latitude = element.lat ?? element.center?.lat;
  const longitude = element.lon ?? element.center?.lon;
  const location = latitude !== undefined && longitude !== undefined ? { latitude, longitude } : undefined;
  const wikidataId = /^Q\d+$/.test(tags["wikidata"] ?? "") ? tags["wikidata"] : undefined;
  const listing: ListingInit = {
    key: listingKey({ title, wikidataId, location }),
    title,
    ...(location && { location }),
    address: addressOf(tags),
    phone: tags["phone"] ?? tags["contact:phone"] ?? "",
    websiteUri: webUri(tags["website"] ?? tags["contact:website"]),
    openingHours: tags["opening_hours"] ?? "",
    accessibilityTags: tags["wheelchair"] === "yes" ? ["wheelchair"] : [],
    ...(wikidataId !== undefined && { wikidataId }),
    providerIds: [{ provider: "providers/overpass", id: `${element.type}/${element.id}` }],
    citations: [
      {
        provider: "providers/overpass",
        uri: `https://www.openstreetmap.org/${element.type}/${element.id}`,
        title: `OpenStreetMap: ${title}`,
        license: "ODbL-1.0",
        fetchTime,
      },
    ],
    details,
  };
  return { listing, richness: richnessOf(tags) };
}

const isGone = (tags: Tags): boolean =>
  GONE.some((word) => tags[word] === "yes" || `${word}:amenity` in tags || `${word}:tourism` in tags);

function detailsOf(kind: SectionKind, tags: Tags): ListingInit["details"] | undefined {
  if (kind === SectionKind.RESTAURANTS && RESTAURANT_AMENITIES.has(tags["amenity"] ?? "")) {
    const cuisines = (tags["cuisine"] ?? "")
      .split(";")
      .map(kebab)
      .filter((word) => word !== "");
    return {
      case: "restaurant",
      value: {
        cuisines: [...new Set(cuisines)],
        dietaryTags: dietsOf(tags),
        reservationUri: webUri(tags["website:booking"]),
      },
    };
  }
  const sight = tags["tourism"] ?? tags["historic"];
  if (
    kind === SectionKind.ATTRACTIONS &&
    sight !== undefined &&
    !("amenity" in tags && RESTAURANT_AMENITIES.has(tags["amenity"] ?? ""))
  ) {
    const fee = tags["charge"] ?? (tags["fee"] === "no" ? "free" : undefined);
    return {
      case: "attraction",
      value: { category: kebab(sight), ...(fee !== undefined && { fee: { text: fee } }) },
    };
  }
  if (kind === SectionKind.NEIGHBORHOODS && PLACE_KINDS.has(tags["place"] ?? ""))
    return { case: "neighborhood", value: {} };
  return undefined;
}

const dietsOf = (tags: Tags): string[] =>
  Object.entries(tags).flatMap(([name, value]) =>
    name.startsWith("diet:") && (value === "yes" || value === "only")
      ? [kebab(name.slice("diet:".length))]
      : [],
  );

const kebab = (word: string): string =>
  word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, "-");

function addressOf(tags: Tags): string {
  const street = [tags["addr:street"] ?? tags["addr:place"], tags["addr:housenumber"]]
    .filter(Boolean)
    .join(" ");
  const town = [tags["addr:postcode"], tags["addr:city"]].filter(Boolean).join(" ");
  return street === "" ? "" : [street, town].filter((part) => part !== "").join(", ");
}

/** Only web addresses; a tag can hold anything. */
const webUri = (text: string | undefined): string =>
  text !== undefined && /^https?:\/\//i.test(text) && URL.canParse(text) ? text : "";

/** OpenStreetMap knows no popularity: what is well described and linked is what people looked at. */
const richnessOf = (tags: Tags): number =>
  (tags["wikipedia"] === undefined ? 0 : 5) +
  (tags["wikidata"] === undefined ? 0 : 5) +
  [
    "opening_hours",
    "website",
    "contact:website",
    "cuisine",
    "phone",
    "stars",
    "addr:street",
    "name:en",
    "wheelchair",
  ].filter((name) => name in tags).length;
