/** Types of places to eat whose first word is no cuisine. */
const NO_CUISINES: ReadonlySet<string> = new Set([
  "breakfast",
  "brunch",
  "buffet",
  "family",
  "fast_food",
  "fine_dining",
  "halal",
  "kosher",
  "vegan",
  "vegetarian",
]);
const DIETS: readonly string[] = ["halal", "kosher", "vegan", "vegetarian"];

/** Cuisines, in the words of OpenStreetMap, that other types than `{cuisine}_restaurant` stand for. */
const CUISINES: ReadonlyMap<string, string> = new Map([
  ["hamburger_restaurant", "burger"],
  ["bagel_shop", "bagel"],
  ["barbecue_restaurant", "barbecue"],
  ["coffee_shop", "coffee-shop"],
  ["dessert_shop", "dessert"],
  ["donut_shop", "donut"],
  ["ice_cream_shop", "ice-cream"],
  ["juice_shop", "juice"],
  ["sandwich_shop", "sandwich"],
  ["steak_house", "steak-house"],
  ["tea_house", "tea"],
]);

/** Types of sights, with what they are called in the words of the other providers where those have one for it. */
const SIGHTS: ReadonlyMap<string, string> = new Map([
  ["amusement_park", "theme-park"],
  ["aquarium", "aquarium"],
  ["art_gallery", "gallery"],
  ["art_museum", "museum"],
  ["botanical_garden", "garden"],
  ["castle", "castle"],
  ["church", "church"],
  ["city_park", "park"],
  ["cultural_landmark", "cultural-landmark"],
  ["fountain", "fountain"],
  ["garden", "garden"],
  ["hindu_temple", "temple"],
  ["historical_landmark", "historical-landmark"],
  ["historical_place", "historical-place"],
  ["history_museum", "museum"],
  ["monument", "monument"],
  ["mosque", "mosque"],
  ["museum", "museum"],
  ["national_park", "national-park"],
  ["observation_deck", "viewpoint"],
  ["park", "park"],
  ["synagogue", "synagogue"],
  ["zoo", "zoo"],
]);
/** They say no more than that it is something. */
const VAGUE: ReadonlySet<string> = new Set(["", "tourist_attraction", "point_of_interest", "establishment"]);

/** Where one stays, eats, shops or books: a sight to some, and listed elsewhere if at all. */
const OTHER_TRADE =
  /(?:^|_)(?:restaurant|cafe|bar|pub|bakery|hotel|hostel|motel|inn|lodging|store|shop|mall|market|agency|office)$/;
/** Where something to eat is served. */
const EATERY =
  /restaurant|cafe|coffee|bistro|diner|deli|bakery|food(?!_store)|meal|pizza|steak_house|tea_house|ice_cream|(?:acai|bagel|cake|chocolate|dessert|donut|juice|kebab|noodle|pastry|salad|sandwich)_shop|hot_dog_stand|beer_garden|gastropub|^(?:.*_)?(?:bar|pub|brewpub|grill|brewery)$/;

export const isOtherTrade = (primaryType: string): boolean => OTHER_TRADE.test(primaryType);

/**
 * What is an eatery first of all: hotels, museums and supermarkets that have a café are something else.
 *
 * @param types all that are known
 */
export const isEatery = (mainType: string, types: readonly string[]): boolean =>
  VAGUE.has(mainType) ? types.some((type) => EATERY.test(type)) : EATERY.test(mainType);

/** @param types the main one first */
export const cuisinesOf = (types: readonly string[]): string[] =>
  distinct(
    types.flatMap((type) => {
      const known = CUISINES.get(type);
      if (known !== undefined) return known;
      const cuisine = /^(\w+)_restaurant$/.exec(type)?.[1];
      return cuisine === undefined || NO_CUISINES.has(cuisine) ? [] : cuisine.replaceAll("_", "-");
    }),
  );

/** Diets that a kitchen is named for. */
export function dietsOf(types: readonly string[]): string[] {
  const named = DIETS.filter((diet) => types.includes(`${diet}_restaurant`));
  // What a vegan eats a vegetarian eats too.
  return distinct(named.includes("vegan") ? [...named, "vegetarian"] : named).sort();
}

/** Category of an attraction; empty when none is known. */
export function categoryOf(mainType: string, types: readonly string[]): string {
  if (!VAGUE.has(mainType)) return SIGHTS.get(mainType) ?? mainType.replaceAll("_", "-");
  const sight = types.flatMap((type) => SIGHTS.get(type) ?? [])[0];
  return sight ?? ([mainType, ...types].includes("tourist_attraction") ? "attraction" : "");
}

const distinct = (words: readonly string[]): string[] => [...new Set(words)];
