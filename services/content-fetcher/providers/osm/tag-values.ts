const TOURISM = ["attraction", "museum", "gallery", "viewpoint", "zoo", "aquarium", "theme_park"] as const;
const HISTORIC = ["castle", "monument", "memorial", "archaeological_site", "fort", "ruins"] as const;

/** Values of OpenStreetMap's tags that make an element one of a kind. Overpass is asked for these, and only these are read. */
export const TAG_VALUES = {
  eateries: new Set<string>(["restaurant", "cafe", "fast_food", "food_court", "ice_cream"]),
  tourism: new Set<string>(TOURISM),
  historic: new Set<string>(HISTORIC),
  greens: new Set<string>(["park", "garden", "nature_reserve"]),
  venues: new Set<string>([
    "arts_centre",
    "bar",
    "casino",
    "cinema",
    "marketplace",
    "nightclub",
    "planetarium",
    "pub",
    "public_bath",
    "theatre",
  ]),
  pastimes: new Set<string>(["amusement_arcade", "bowling_alley", "escape_game", "ice_rink", "water_park"]),
  places: new Set<string>(["borough", "suburb", "quarter", "neighbourhood"]),
} as const;
