/** Words of generated cities: plain enough to be true of any city. */

type Words<T> = readonly [T, ...T[]];

function words(text: string, separator: string): Words<string> {
  const [first = "", ...others] = text.split(separator);
  return [first, ...others];
}

export const ADJECTIVES = words(
  "Amber Blue Bright Bronze Cedar Chestnut Copper Coral Crimson East Elder Emerald Fern Golden " +
    "Granite Green Grey Hazel High Indigo Iron Ivory Ivy Jade Juniper Laurel Lemon Linden Little Long " +
    "Maple Marble Mint New North Oak Ochre Old Olive Pearl Pine Poplar Quiet Red River Rosewood Round " +
    "Royal Saffron Scarlet Silver Slate South Stone Sunny Tall Velvet Violet Walnut West White Willow",
  " ",
);

export const NOUNS = words(
  "Acorn Anchor Arch Badger Barrel Beacon Bell Bridge Candle Cart Clover Compass Crane Crown Drum " +
    "Falcon Feather Fountain Fox Gate Hare Harp Heron Hive Horn Kettle Key Kiln Ladle Lantern Lark Loom " +
    "Magpie Mill Moon Orchard Otter Owl Pepper Pigeon Plough Quill Raven Robin Rook Sail Scale Shell " +
    "Sparrow Spindle Spoon Stag Star Stork Swan Table Thistle Trout Wheel Whistle Wren Yard",
  " ",
);

export const STREETS = words(
  "Bridge Street, Mill Lane, Market Street, Station Road, Church Street, Garden Street, " +
    "Harbour Street, School Lane, High Street, Queen Street, Castle Street, Park Avenue, Orchard Road, " +
    "Theatre Street, Museum Street, Baker Lane, Cooper Street, Tanner Street, Weaver Lane, " +
    "Fountain Street, Linden Avenue, Northern Road, Southern Road, Canal Street, Hill Street",
  ", ",
);

/** Value of `cuisine` and what is served. */
export const CUISINES: Words<readonly [string, string]> = [
  ["regional", "Regional cooking from a short menu that follows the season"],
  ["italian", "Fresh pasta and a few grilled dishes"],
  ["pizza;italian", "Pizza from a wood-fired oven"],
  ["indian", "Curries and bread from the tandoor"],
  ["chinese", "Dumplings and hand-pulled noodles"],
  ["japanese;sushi", "Sushi at the counter and set lunches"],
  ["thai", "Thai curries and stir-fries, as hot as you ask for"],
  ["seafood", "Fish by weight and a good soup"],
  ["mediterranean", "Small plates to share"],
  ["lebanese", "Cold and warm mezze"],
  ["mexican", "Tacos with freshly made tortillas"],
  ["vietnamese", "Noodle soups and summer rolls"],
  ["burger", "Burgers and home-cut fries"],
  ["vegetarian", "A vegetarian kitchen with a daily set lunch"],
  ["french", "Bistro dishes and a cheese board"],
];

/** `amenity`, ending of the name, and where one sits. */
export const EAT_ROOMS: Words<readonly [string, string, string]> = [
  ["restaurant", "", "a small dining room"],
  ["restaurant", "Kitchen", "a room with an open kitchen"],
  ["restaurant", "House", "a former workshop"],
  ["restaurant", "Grill", "a large room with a terrace"],
  ["cafe", "Café", "a corner café"],
  ["fast_food", "Counter", "a place with a few stools"],
];

/** Tag, its value, ending of the name, description. */
export const SIGHTS: Words<readonly [string, string, string, string]> = [
  ["tourism", "museum", "Museum", "A collection on the history of the town, shown on two floors."],
  ["tourism", "gallery", "Gallery", "Changing exhibitions of painting and photography."],
  ["tourism", "viewpoint", "Lookout", "A terrace with a wide view over the roofs."],
  ["tourism", "attraction", "Hall", "A hall with a carved timber ceiling."],
  ["historic", "castle", "Castle", "Walls and a keep; the courtyard is open to visitors."],
  ["historic", "monument", "Monument", "A monument at the meeting point of three streets."],
  ["historic", "ruins", "Priory Ruins", "Foundations and two standing arches in a small park."],
  ["leisure", "sports_centre", "", ""],
];

/** Ending of the name and description of something to do. */
export const DO: Words<readonly [string, string]> = [
  ["Baths", "Public baths with an indoor pool and a sauna."],
  ["Walking Tour", "A guided walk of about two hours through the centre."],
  ["Theatre", "Plays and concerts on most evenings."],
  ["Boat Hire", "Rowing boats by the hour in the warm months."],
];

/** `amenity`, ending of the name, description. */
export const DRINK_ROOMS: Words<readonly [string, string, string]> = [
  ["pub", "Arms", "A pub with local beers on tap."],
  ["bar", "Bar", "A bar with a long list of wines by the glass."],
  ["bar", "Taproom", "Beer from small breweries, eight taps."],
  ["nightclub", "Club", "Dancing at weekends."],
];

/** Kind of a yearly event and description. */
export const EVENTS: Words<readonly [string, string]> = [
  ["Lantern Festival", "Lanterns and music in the streets of the centre."],
  ["Book Fair", "Publishers and second-hand dealers in the market hall."],
  ["Street Food Market", "Stalls from all districts on the main square."],
  ["Film Weeks", "New films with subtitles in two cinemas."],
];

export const DISTRICTS: Words<readonly [string, string]> = [
  ["Old Town", "Narrow streets around the oldest square, with most of the museums."],
  ["Riverside", "Warehouses turned into homes and restaurants, with a path along the water."],
  ["Station Quarter", "Hotels, shops and offices around the main station."],
  ["Northgate", "A residential district with a weekly market."],
  ["University Quarter", "Student cafés, bookshops and the botanical garden."],
  ["Market Quarter", "Food halls and small shops, busiest in the morning."],
  ["Castle Hill", "Steep lanes and the best views of the centre."],
  ["Garden District", "Tree-lined streets with houses of the late 19th century."],
];
