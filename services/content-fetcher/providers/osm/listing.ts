import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { SectionKind, type ListingSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listingKey } from "../listing-key.ts";
import { addressOf } from "./address.ts";
import type { Details } from "./details.ts";
import {
  accessibilityOf,
  descriptionOf,
  alternateNamesOf,
  nameOf,
  oneLine,
  valuesOf,
  webUriOf,
  type Tags,
} from "./tags.ts";

export type ListingInit = MessageInitShape<typeof ListingSchema>;

/** An object of OpenStreetMap as a provider tells of it. */
export interface MapObject {
  /** `{type}/{id}`, for example `node/25945137`; undefined when the provider does not say. */
  readonly id: string | undefined;
  /** What the provider itself calls it, where it has ids of its own. */
  readonly ownId?: string;
  readonly wikidataId: string | undefined;
  readonly tags: Tags;
  readonly location: { readonly latitude: number; readonly longitude: number } | undefined;
}

/** Who tells of it, when and for whom. */
export interface Teller {
  /** Resource name, `providers/{provider}`. */
  readonly provider: string;
  /** Of the language asked for, as `suffixesOf` gives them. */
  readonly suffixes: readonly string[];
  /** ISO 3166-1 alpha-2 code of the destination's country; empty outside any. */
  readonly countryCode: string;
  readonly fetchTime: Timestamp;
}

/**
 * Objects of OpenStreetMap go by the ids that they have at Overpass, whoever tells of them: a map that comes by two ways
 * has each place once.
 */
const OBJECT_IDS = "providers/overpass";

/** The page of an object, or else the map where it is. */
function pageOf({ id, location }: MapObject): string {
  if (id !== undefined) return `https://www.openstreetmap.org/${id}`;
  return location === undefined
    ? "https://www.openstreetmap.org/"
    : `https://www.openstreetmap.org/#map=19/${location.latitude}/${location.longitude}`;
}

/** Undefined for what has no name. */
export function toListing(
  kind: SectionKind,
  object: MapObject,
  details: Details,
  { provider, suffixes, countryCode, fetchTime }: Teller,
): ListingInit | undefined {
  const { id, ownId, wikidataId, tags, location } = object;
  const title = nameOf(tags, suffixes);
  if (title === "") return undefined;
  const localName = oneLine(tags["name"]);
  return {
    key: listingKey({ title, wikidataId, location }),
    title,
    alternateTitles: alternateNamesOf(tags, title),
    ...(kind === SectionKind.NEIGHBORHOODS
      ? neighborhoodSummary(tags, suffixes)
      : descriptionOf(tags, suffixes)),
    ...(location && { location }),
    address: addressOf(tags, countryCode),
    phone: valuesOf(tags["phone"] ?? tags["contact:phone"])[0] ?? "",
    websiteUri: webUriOf(tags["website"], tags["contact:website"], tags["url"]),
    openingHours: oneLine(tags["opening_hours"]),
    accessibilityTags: accessibilityOf(tags),
    ...(wikidataId !== undefined && { wikidataId }),
    providerIds: [
      ...(ownId === undefined ? [] : [{ provider, id: ownId }]),
      ...(id === undefined ? [] : [{ provider: OBJECT_IDS, id }]),
    ],
    citations: [
      {
        provider,
        uri: pageOf(object),
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
