export interface ListingIdentity {
  readonly title: string;
  readonly wikidataId?: string | undefined;
  readonly location?: { readonly latitude: number; readonly longitude: number } | undefined;
}

/** Decimals of a degree that make about 100 m. */
const LOCATION_DECIMALS = 3;

/** Without case, accents and punctuation, words joined by hyphens; letters of every script stay. */
export const slug = (text: string): string =>
  withoutAccents(text)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/g, "");

const withoutAccents = (text: string): string =>
  ONLY_ASCII.test(text) ? text : text.normalize("NFKD").replaceAll(/\p{M}/gu, "");

const ONLY_ASCII = /^[ -~]*$/;

/** Key of a listing within its destination: the Wikidata id, or else the title and the location rounded to 100 m. */
export function listingKey({ title, wikidataId, location }: ListingIdentity): string {
  if (wikidataId !== undefined && /^Q\d+$/.test(wikidataId)) return wikidataId.toLowerCase();
  const place = location
    ? `@${location.latitude.toFixed(LOCATION_DECIMALS)},${location.longitude.toFixed(LOCATION_DECIMALS)}`
    : "";
  return `${slug(title)}${place}`;
}
