/** Words of headings, in lower case without marks, for the tables below. */
const words = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** From 1 (cheap) to 4 (very expensive), of the headings that the style guide of Wikivoyage has for restaurants. */
const PRICE_LEVELS: Readonly<Record<string, number>> = {
  budget: 1,
  cheap: 1,
  inexpensive: 1,
  "mid range": 2,
  midrange: 2,
  moderate: 2,
  // Three levels for our four: the highest is all that is above the middle, and 4 keeps it apart from what suits
  // travellers with moderate means.
  splurge: 4,
  expensive: 4,
  "high end": 4,
  upscale: 4,
};

/** Cuisines that a heading can name by itself. */
const CUISINES: ReadonlySet<string> = new Set(
  "afghan african algerian american argentine argentinian armenian asian australian austrian bangladeshi barbecue basque belgian brazilian british burmese cajun cambodian cantonese caribbean chinese colombian creole cuban czech danish dutch egyptian english ethiopian filipino french fusion georgian german greek hawaiian hungarian indian indonesian iranian irish israeli italian jamaican japanese jewish korean lebanese malaysian mediterranean mexican moroccan nepalese nepali nigerian norwegian pakistani pan-asian persian peruvian polish polynesian portuguese russian scandinavian scottish seafood sicilian singaporean spanish steak sushi swedish swiss syrian szechuan tibetan taiwanese tex-mex thai tunisian turkish tuscan ukrainian uzbek venezuelan vietnamese welsh".split(
    " ",
  ),
);
const CUISINE_HEADINGS: Readonly<Record<string, string>> = {
  pizza: "pizza",
  pizzeria: "pizza",
  pizzerias: "pizza",
  burgers: "burger",
  ramen: "ramen",
  steakhouses: "steak",
  "steak houses": "steak",
  bakeries: "bakery",
  "middle eastern": "middle-eastern",
  "latin american": "latin-american",
  "south indian": "south-indian",
  "north indian": "north-indian",
  "dim sum": "dim-sum",
  "ice cream": "ice-cream",
  "street food": "street-food",
  bbq: "barbecue",
};
/** Diets that everything under such a heading serves. A vegetarian kitchen need not serve vegans. */
const DIETS: Readonly<Record<string, readonly string[]>> = {
  vegetarian: ["vegetarian"],
  "vegetarian and vegan": ["vegetarian"],
  "vegetarian vegan": ["vegetarian"],
  "vegan and vegetarian": ["vegetarian"],
  vegan: ["vegan", "vegetarian"],
  halal: ["halal"],
  kosher: ["kosher"],
  "gluten free": ["gluten-free"],
};

/** What is under a heading that names one kind of sight. */
const ATTRACTION_CATEGORIES: Readonly<Record<string, string>> = {
  museums: "museum",
  "art museums": "museum",
  "history museums": "museum",
  galleries: "gallery",
  "art galleries": "gallery",
  parks: "park",
  gardens: "garden",
  "botanical gardens": "garden",
  churches: "church",
  cathedrals: "cathedral",
  temples: "temple",
  shrines: "shrine",
  mosques: "mosque",
  synagogues: "synagogue",
  monasteries: "monastery",
  "religious sites": "place-of-worship",
  "religious buildings": "place-of-worship",
  "places of worship": "place-of-worship",
  castles: "castle",
  palaces: "palace",
  forts: "fort",
  fortresses: "fort",
  monuments: "monument",
  memorials: "memorial",
  statues: "statue",
  fountains: "fountain",
  ruins: "ruins",
  "archaeological sites": "archaeological-site",
  landmarks: "landmark",
  "historic sites": "historic-site",
  "historical sites": "historic-site",
  "historic buildings": "historic-building",
  "historical buildings": "historic-building",
  architecture: "architecture",
  beaches: "beach",
  viewpoints: "viewpoint",
  views: "viewpoint",
  lookouts: "viewpoint",
  zoos: "zoo",
  aquariums: "aquarium",
  markets: "market",
  bridges: "bridge",
  towers: "tower",
  squares: "square",
  plazas: "square",
  cemeteries: "cemetery",
  libraries: "library",
  theatres: "theatre",
  theaters: "theatre",
  lighthouses: "lighthouse",
  waterfalls: "waterfall",
  caves: "cave",
  lakes: "lake",
  islands: "island",
  "street art": "street-art",
  "public art": "public-art",
};
/** Words of a title that decide between the two kinds that a heading names together. */
const TITLE_WORDS: Readonly<Record<string, string>> = {
  museum: "museum",
  museums: "museum",
  gallery: "gallery",
  park: "park",
  garden: "garden",
  gardens: "garden",
  church: "church",
  cathedral: "cathedral",
  temple: "temple",
  shrine: "shrine",
  mosque: "mosque",
  synagogue: "synagogue",
  castle: "castle",
  palace: "palace",
  monument: "monument",
  memorial: "memorial",
};

/** Headings whose listings somebody guides. */
const TOURS: ReadonlySet<string> = new Set([
  "tours",
  "guided tours",
  "walking tours",
  "bus tours",
  "boat tours",
  "boat trips",
  "cruises",
  "tours and cruises",
]);

const lookUp = <T>(table: Readonly<Record<string, T>>, heading: string): T | undefined =>
  Object.hasOwn(table, words(heading)) ? table[words(heading)] : undefined;

/** First answer of the headings, innermost first. */
const innermost = <T>(path: readonly string[], read: (heading: string) => T | undefined): T | undefined => {
  for (const heading of path.toReversed()) {
    const found = read(heading);
    if (found !== undefined) return found;
  }
  return undefined;
};

/**
 * From 1 to 4, or 0 when no heading says.
 *
 * @param path headings from the top one down, in lower case
 */
export const priceLevelOf = (path: readonly string[]): number =>
  innermost(path, (heading) => lookUp(PRICE_LEVELS, heading)) ?? 0;

/** Cuisine in kebab-case that a heading names; empty when none does. */
export function cuisinesOf(path: readonly string[]): string[] {
  const found = innermost(path, (heading) => {
    const name = words(heading).replace(/ (?:food|cuisine|restaurants?|dishes)$/, "");
    return CUISINES.has(name) ? name : lookUp(CUISINE_HEADINGS, name);
  });
  return found === undefined ? [] : [found];
}

/** Diets that a heading says are served; empty when none does. */
export const dietsOf = (path: readonly string[]): string[] => [
  ...(innermost(path, (heading) =>
    lookUp(DIETS, words(heading).replace(/ (?:food|cuisine|restaurants?|options)$/, "")),
  ) ?? []),
];

/** What a heading says that a sight is; empty when it says nothing or several things that the title does not decide. */
export function attractionCategoryOf(path: readonly string[], title: string): string {
  return (
    innermost(path, (heading) => {
      const whole = lookUp(ATTRACTION_CATEGORIES, heading);
      if (whole !== undefined) return whole;
      const kinds = words(heading)
        .split(/ and | or /)
        .map((part) => lookUp(ATTRACTION_CATEGORIES, part));
      if (kinds.length < 2) return undefined;
      const named = new Set(
        words(title)
          .split(" ")
          .flatMap((word) => lookUp(TITLE_WORDS, word) ?? []),
      );
      const fitting = kinds.filter((kind) => kind !== undefined && named.has(kind));
      return fitting.length === 1 ? fitting[0] : undefined;
    }) ?? ""
  );
}

/** Whether a heading is about tours. */
export const isAboutTours = (path: readonly string[]): boolean =>
  path.some((heading) => TOURS.has(words(heading)));

const CAFE_HEADING =
  /^(?:coffee|tea|caf[eé]s?|coffee ?(?:shops?|houses?)|tea ?(?:houses?|rooms?)|coffee and tea|caf[eé]s and (?:tea|coffee) ?houses?)$/;
const CAFE_WORDS = new Set(
  "café cafe caffè caffe coffee coffeehouse espresso kaffee kaffeehaus teahouse tearoom".split(" "),
);

/**
 * Whether a heading is about cafés, or the title calls itself one: they serve food and no night out, wherever the
 * article has them.
 */
export const isCafe = (path: readonly string[], title: string): boolean =>
  path.some((heading) => CAFE_HEADING.test(words(heading))) ||
  words(title)
    .split(" ")
    .some((word) => CAFE_WORDS.has(word));
