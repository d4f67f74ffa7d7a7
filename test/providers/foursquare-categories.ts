/** A category of Foursquare's, by its true id. */
export interface TestCategory {
  readonly id: string;
  readonly name: string;
  /** Id of the category that it belongs to. */
  readonly under: string;
  readonly isEatery: boolean;
}

const RESTAURANT = "4d4b7105d754a06374d81259";
const CAFES = "63be6904847c3692a84b9bb6";
const DESSERTS = "4bf58dd8d48988d1d0941735";
const WORSHIP = "4bf58dd8d48988d131941735";
const DINING = "63be6904847c3692a84b9bb5";
const ARTS = "4d4b7104d754a06370d81259";
const OUTDOORS = "4d4b7105d754a06377d81259";

const eatery = (id: string, name: string, under: string = RESTAURANT): TestCategory => ({
  id,
  name,
  under,
  isEatery: true,
});
const sight = (id: string, name: string, under: string): TestCategory => ({
  id,
  name,
  under,
  isEatery: false,
});

/** By the first value of `cuisine` that is one of these. */
const CUISINES: Readonly<Record<string, TestCategory>> = {
  pizza: eatery("4bf58dd8d48988d1ca941735", "Pizzeria"),
  burger: eatery("4bf58dd8d48988d16c941735", "Burger Joint"),
  italian: eatery("4bf58dd8d48988d110941735", "Italian Restaurant"),
  portuguese: eatery("4def73e84765ae376e57713a", "Portuguese Restaurant"),
  sushi: eatery("4bf58dd8d48988d1d2941735", "Sushi Restaurant"),
  japanese: eatery("4bf58dd8d48988d111941735", "Japanese Restaurant"),
  seafood: eatery("4bf58dd8d48988d1ce941735", "Seafood Restaurant"),
  indian: eatery("4bf58dd8d48988d10f941735", "Indian Restaurant"),
  chinese: eatery("4bf58dd8d48988d145941735", "Chinese Restaurant"),
  thai: eatery("4bf58dd8d48988d149941735", "Thai Restaurant"),
  mexican: eatery("4bf58dd8d48988d1c1941735", "Mexican Restaurant"),
  french: eatery("4bf58dd8d48988d10c941735", "French Restaurant"),
  vegetarian: eatery("4bf58dd8d48988d1d3941735", "Vegan and Vegetarian Restaurant"),
  vegan: eatery("4bf58dd8d48988d1d3941735", "Vegan and Vegetarian Restaurant"),
};
const EATERIES: Readonly<Record<string, TestCategory>> = {
  restaurant: eatery(RESTAURANT, "Restaurant", DINING),
  fast_food: eatery("4bf58dd8d48988d16e941735", "Fast Food Restaurant"),
  cafe: eatery("4bf58dd8d48988d16d941735", "Café", CAFES),
  ice_cream: eatery("4bf58dd8d48988d1c9941735", "Ice Cream Parlor", DESSERTS),
  food_court: eatery("4bf58dd8d48988d120951735", "Food Court", DINING),
};
const SIGHTS: readonly (readonly [key: string, value: string, category: TestCategory])[] = [
  ["tourism", "museum", sight("4bf58dd8d48988d181941735", "Museum", ARTS)],
  ["tourism", "gallery", sight("4bf58dd8d48988d1e2931735", "Art Gallery", ARTS)],
  ["tourism", "zoo", sight("4bf58dd8d48988d17b941735", "Zoo", ARTS)],
  ["tourism", "aquarium", sight("4fceea171983d5d06c3e9823", "Aquarium", ARTS)],
  ["tourism", "viewpoint", sight("4bf58dd8d48988d165941735", "Scenic Lookout", OUTDOORS)],
  ["historic", "castle", sight("50aaa49e4b90af0d42d5de11", "Castle", OUTDOORS)],
  ["historic", "monument", sight("4bf58dd8d48988d12d941735", "Monument", OUTDOORS)],
  ["historic", "memorial", sight("5642206c498e4bfca532186c", "Memorial Site", OUTDOORS)],
  ["historic", "ruins", sight("4deefb944765f83613cdba6e", "Historic and Protected Site", OUTDOORS)],
  ["tourism", "attraction", sight("4deefb944765f83613cdba6e", "Historic and Protected Site", OUTDOORS)],
  ["leisure", "park", sight("4bf58dd8d48988d163941735", "Park", OUTDOORS)],
  ["leisure", "garden", sight("4bf58dd8d48988d15a941735", "Garden", OUTDOORS)],
  ["amenity", "place_of_worship", sight("4bf58dd8d48988d132941735", "Church", WORSHIP)],
  ["amenity", "pub", sight("4bf58dd8d48988d11b941735", "Pub", DINING)],
  ["amenity", "bar", sight("4bf58dd8d48988d116941735", "Bar", DINING)],
  ["place", "suburb", sight("4f2a25ac4b909258e854f55f", "Neighborhood", OUTDOORS)],
];

/** What Foursquare would file an element of the map under; undefined for what it would not have. */
export function categoryOf(tags: Readonly<Record<string, string>>): TestCategory | undefined {
  if (tags["name"] === undefined) return undefined;
  const eateryOf = EATERIES[tags["amenity"] ?? ""];
  if (eateryOf !== undefined) {
    const cuisines = (tags["cuisine"] ?? "").split(";").map((word) => CUISINES[word.trim()]);
    return tags["amenity"] === "restaurant" ? (cuisines.find(Boolean) ?? eateryOf) : eateryOf;
  }
  return SIGHTS.find(([key, value]) => tags[key] === value)?.[2];
}
