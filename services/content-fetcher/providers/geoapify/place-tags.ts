import { z } from "zod";
import type { Tags } from "../osm/tags.ts";

/** What looks like a number comes as one, names and hours included. */
const scalar = z.union([z.string(), z.number(), z.boolean()]).nullish();

/** What is used of a place's properties. */
export const placeSchema = z.object({
  name: scalar,
  /** By language. */
  name_international: z.record(z.string(), scalar).nullish(),
  lat: z.number().nullish(),
  lon: z.number().nullish(),
  street: scalar,
  housenumber: scalar,
  postcode: scalar,
  city: scalar,
  country_code: scalar,
  categories: z.array(z.string()).nullish(),
  website: scalar,
  opening_hours: scalar,
  description: scalar,
  contact: z.object({ phone: scalar }).nullish(),
  catering: z.object({ cuisine: scalar, diet: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  facilities: z.object({ wheelchair: scalar }).nullish(),
  wiki_and_media: z.object({ wikidata: scalar, wikipedia: scalar }).nullish(),
  datasource: z
    .object({ sourcename: z.string().nullish(), raw: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
  place_id: z.string().nullish(),
});

export type PlaceProperties = z.infer<typeof placeSchema>;

const DIETS = ["vegetarian", "vegan", "halal", "kosher", "gluten_free"];

/** Conditions that stand among the categories, with the tag that each is made from; what says more comes first. */
const CONDITIONS: readonly (readonly [condition: string, key: string, value: string])[] = [
  ["wheelchair.yes", "wheelchair", "yes"],
  ["wheelchair.limited", "wheelchair", "limited"],
  ["no_fee", "fee", "no"],
  ...DIETS.map((diet) => [`${diet}.only`, `diet:${diet}`, "only"] as const),
  ...DIETS.map((diet) => [diet, `diet:${diet}`, "yes"] as const),
];

const CUISINE = /^catering\.(?:restaurant|fast_food|cafe)\.([\w-]+)$/;
/** Of the object, and no tags. */
const OBJECT_KEYS: ReadonlySet<string> = new Set(["osm_id", "osm_type"]);

/**
 * The tags of a place. They come as mapped where the answer has them raw; what it lacks is taken from the properties that
 * Geoapify makes of them.
 *
 * @param language which its name is in, where the map has one in it
 */
export function tagsOf(place: PlaceProperties, language: string): Tags {
  const tags = new Map<string, string>();
  const put = (key: string, value: string | number | boolean | null | undefined): void => {
    const word = value === null || value === undefined ? "" : String(value);
    if (word.trim() !== "" && !tags.has(key)) tags.set(key, word);
  };
  for (const [key, value] of Object.entries(place.datasource?.raw ?? {})) {
    if (OBJECT_KEYS.has(key)) continue;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") put(key, value);
  }
  const mapped = tags.has("name");
  for (const [code, name] of Object.entries(place.name_international ?? {})) put(`name:${code}`, name);
  put(mapped ? `name:${language}` : "name", place.name);
  if (!["addr:street", "addr:place", "addr:full"].some((key) => tags.has(key)) && place.street) {
    put("addr:street", place.street);
    put("addr:housenumber", place.housenumber);
    put("addr:postcode", place.postcode);
    put("addr:city", place.city);
  }
  put("addr:country", place.country_code);
  put("opening_hours", place.opening_hours);
  put("website", place.website);
  if (!tags.has("contact:phone")) put("phone", place.contact?.phone);
  put("description", place.description);
  put("wikidata", place.wiki_and_media?.wikidata);
  put("wikipedia", place.wiki_and_media?.wikipedia);
  const categories = place.categories ?? [];
  for (const [condition, key, value] of CONDITIONS) if (categories.includes(condition)) put(key, value);
  if (typeof place.facilities?.wheelchair === "boolean")
    put("wheelchair", place.facilities.wheelchair ? "yes" : "no");
  for (const [diet, served] of Object.entries(place.catering?.diet ?? {}))
    if (typeof served === "boolean") put(`diet:${diet}`, served ? "yes" : "no");
  put("cuisine", place.catering?.cuisine);
  put("cuisine", categories.flatMap((category) => CUISINE.exec(category)?.[1] ?? []).join(";"));
  return Object.fromEntries(tags);
}
