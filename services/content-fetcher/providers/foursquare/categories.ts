import { slug } from "../listing-key.ts";

/**
 * Categories of eateries, by their old names too, whose name is not that of a cuisine, with the cuisine that they stand
 * for in the words of OpenStreetMap; an empty one stands for none.
 */
const EATERIES: ReadonlyMap<string, string> = new Map([
  ["bagel-shop", "bagel"],
  ["bakery", "bakery"],
  ["bbq-joint", "barbecue"],
  ["bistro", ""],
  ["brasserie", "french"],
  ["breakfast-spot", "breakfast"],
  ["bubble-tea-shop", "bubble-tea"],
  ["buffet", ""],
  ["burger-joint", "burger"],
  ["cafe", "cafe"],
  ["cafe-coffee-and-tea-house", "cafe"],
  ["cafeteria", ""],
  ["churrascaria", "brazilian"],
  ["coffee-shop", "coffee-shop"],
  ["creperie", "crepe"],
  ["cupcake-shop", "dessert"],
  ["deli", "deli"],
  ["dessert-shop", "dessert"],
  ["diner", "diner"],
  ["donut-shop", "donut"],
  ["fast-food-restaurant", "fast-food"],
  ["fish-and-chips-shop", "fish-and-chips"],
  ["fish-taverna", "greek"],
  ["food-court", ""],
  ["food-stand", ""],
  ["food-truck", ""],
  ["friterie", ""],
  ["frozen-yogurt-shop", "frozen-yogurt"],
  ["gastropub", ""],
  ["gelato-shop", "ice-cream"],
  ["hotpot-restaurant", "hot-pot"],
  ["ice-cream-parlor", "ice-cream"],
  ["ice-cream-shop", "ice-cream"],
  ["meyhane", "turkish"],
  ["pastelaria", "brazilian"],
  ["pastry-shop", "pastry"],
  ["pet-cafe", "cafe"],
  ["pie-shop", "dessert"],
  ["pizzeria", "pizza"],
  ["restaurant", ""],
  ["sandwich-spot", "sandwich"],
  ["snack-place", ""],
  ["soup-spot", "soup"],
  ["souvlaki-shop", "greek"],
  ["steakhouse", "steak-house"],
  ["taco-restaurant", "tacos"],
  ["taverna", "greek"],
  ["tea-room", "tea"],
  ["theme-restaurant", ""],
  ["trattoria", "italian"],
  ["waffle-shop", "dessert"],
]);

/** What is said of a kitchen by its diet and not by its cuisine. */
const DIETS: ReadonlyMap<string, string> = new Map([
  ["gluten-free-restaurant", "gluten-free"],
  ["halal-restaurant", "halal"],
  ["kosher-restaurant", "kosher"],
  // Vegetarians eat in both, vegans perhaps in one of them only.
  ["vegan-and-vegetarian-restaurant", "vegetarian"],
  ["vegetarian-vegan-restaurant", "vegetarian"],
]);

/** Categories of sights, with the words that other providers have for them. */
const SIGHTS: ReadonlyMap<string, string> = new Map([
  ["amusement-park", "theme-park"],
  ["aquarium", "aquarium"],
  ["art-gallery", "gallery"],
  ["art-museum", "museum"],
  ["beach", "beach"],
  ["botanical-garden", "garden"],
  ["bridge", "bridge"],
  ["buddhist-temple", "temple"],
  ["canal", "canal"],
  ["castle", "castle"],
  ["cathedral", "cathedral"],
  ["cave", "cave"],
  ["cemetery", "cemetery"],
  ["church", "church"],
  ["confucian-temple", "temple"],
  ["erotic-museum", "museum"],
  ["exhibit", "exhibition"],
  ["fountain", "fountain"],
  ["garden", "garden"],
  ["hindu-temple", "temple"],
  ["historic-and-protected-site", "historic-site"],
  ["historic-site", "historic-site"],
  ["history-museum", "museum"],
  ["island", "island"],
  ["lake", "lake"],
  ["library", "library"],
  ["lighthouse", "lighthouse"],
  ["memorial-site", "memorial"],
  ["monastery", "monastery"],
  ["monument", "monument"],
  ["monument-landmark", "monument"],
  ["mosque", "mosque"],
  ["museum", "museum"],
  ["national-park", "park"],
  ["natural-park", "park"],
  ["nature-preserve", "nature-reserve"],
  ["outdoor-sculpture", "public-art"],
  ["palace", "palace"],
  ["park", "park"],
  ["pedestrian-plaza", "square"],
  ["planetarium", "planetarium"],
  ["plaza", "square"],
  ["public-art", "public-art"],
  ["science-museum", "science-museum"],
  ["scenic-lookout", "viewpoint"],
  ["sculpture-garden", "garden"],
  ["shrine", "shrine"],
  ["sikh-temple", "temple"],
  ["spiritual-center", "place-of-worship"],
  ["state-or-provincial-park", "park"],
  ["street-art", "street-art"],
  ["synagogue", "synagogue"],
  ["temple", "temple"],
  ["urban-park", "park"],
  ["waterfall", "waterfall"],
  ["waterfront", "waterfront"],
  ["windmill", "windmill"],
  ["zoo", "zoo"],
]);

/** What a kitchen is, as far as its categories say. */
export interface Kitchen {
  readonly cuisines: readonly string[];
  readonly dietaryTags: readonly string[];
}

const MAX_CUISINE_COUNT = 5;

/**
 * Undefined when the place is no eatery, or first of all a sight: a museum with a café is no café.
 *
 * @param names of the categories, main one first
 */
export function kitchenOf(names: readonly string[]): Kitchen | undefined {
  const kinds = names.map(slug);
  if (subjectOf(kinds) !== "eatery") return undefined;
  const cuisines = new Set(kinds.map((kind) => cuisineOf(kind) ?? "").filter((cuisine) => cuisine !== ""));
  return {
    cuisines: [...cuisines].slice(0, MAX_CUISINE_COUNT),
    dietaryTags: [...new Set(kinds.flatMap((kind) => DIETS.get(kind) ?? []))],
  };
}

/**
 * What kind of sight a place is; undefined when it is none, or first of all an eatery.
 *
 * @param names of the categories, main one first
 */
export function sightOf(names: readonly string[]): string | undefined {
  const kinds = names.map(slug);
  if (subjectOf(kinds) !== "sight") return undefined;
  return kinds.map((kind) => SIGHTS.get(kind)).find((sight) => sight !== undefined);
}

/** What the first category is that is one of either. */
function subjectOf(kinds: readonly string[]): "eatery" | "sight" | undefined {
  for (const kind of kinds) {
    if (cuisineOf(kind) !== undefined) return "eatery";
    if (SIGHTS.has(kind)) return "sight";
  }
  return undefined;
}

/** Empty for an eatery of no cuisine; undefined for what is no eatery. */
function cuisineOf(kind: string): string | undefined {
  if (DIETS.has(kind)) return "";
  return EATERIES.get(kind) ?? /^(.+)-(?:restaurant|joint)$/.exec(kind)?.[1];
}
