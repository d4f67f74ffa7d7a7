import { createHash } from "node:crypto";
import { readHours } from "../../services/guide-composer/assemble/hours/read-hours.ts";
import { chanceOf } from "./world/random.ts";
import type { OsmElement } from "./world/world.ts";

/** Types of the values of OpenStreetMap's tags that the worlds have. */
const TYPES: Readonly<Record<string, string>> = {
  "amenity=restaurant": "restaurant",
  "amenity=cafe": "cafe",
  "amenity=fast_food": "fast_food_restaurant",
  "amenity=food_court": "food_court",
  "amenity=ice_cream": "ice_cream_shop",
  "amenity=bar": "bar",
  "amenity=pub": "pub",
  "tourism=museum": "museum",
  "tourism=gallery": "art_gallery",
  "tourism=zoo": "zoo",
  "tourism=aquarium": "aquarium",
  "tourism=theme_park": "amusement_park",
  "tourism=attraction": "tourist_attraction",
  "tourism=viewpoint": "observation_deck",
  "historic=castle": "historical_landmark",
  "historic=monument": "monument",
  "leisure=park": "park",
  "leisure=garden": "garden",
};
const CUISINE_TYPES = new Set(
  "american brazilian chinese french greek indian italian japanese korean mexican pizza portuguese ramen seafood spanish sushi thai vegan vegetarian".split(
    " ",
  ),
);
const EATERIES = new Set(["restaurant", "cafe", "fast_food_restaurant", "food_court", "ice_cream_shop"]);
const PRICE_LEVELS = ["INEXPENSIVE", "MODERATE", "EXPENSIVE", "VERY_EXPENSIVE"];
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

export function typesOf(tags: OsmElement["tags"]): string[] {
  const own = Object.entries(tags).flatMap(([key, value]) => TYPES[`${key}=${value}`] ?? []);
  if (own.length === 0) return [];
  const cuisines =
    tags["amenity"] === "restaurant"
      ? (tags["cuisine"]?.split(";") ?? []).filter((cuisine) => CUISINE_TYPES.has(cuisine))
      : [];
  const food = own.some((type) => EATERIES.has(type)) ? ["food"] : [];
  return [
    ...cuisines.map((cuisine) => `${cuisine}_restaurant`),
    ...own,
    ...food,
    "point_of_interest",
    "establishment",
  ];
}

const idOf = ({ type, id }: OsmElement): string =>
  `ChIJ${createHash("sha256").update(`${type}/${id}`).digest("base64url").slice(0, 23)}`;

/** How much a place is gone to, in [0, 1): what has an item in Wikidata is gone to most. */
export const popularityOf = (element: OsmElement): number =>
  (chanceOf(`popularity ${element.id}`) + (element.tags["wikidata"] === undefined ? 0 : 1)) / 2;

/** An element as a place with all its fields. */
export function toPlace(element: OsmElement): Readonly<Record<string, unknown>> {
  const { tags, lat, lon } = element;
  const types = typesOf(tags);
  const name = tags["name"] ?? "";
  const id = idOf(element);
  const [primaryType = ""] = types;
  const chance = chanceOf(`rating ${element.id}`);
  const street = [tags["addr:street"], tags["addr:housenumber"]]
    .filter((part) => part !== undefined)
    .join(" ");
  const town = [tags["addr:postcode"], tags["addr:city"]].filter((part) => part !== undefined).join(" ");
  const descriptions = weekdayDescriptions(tags["opening_hours"] ?? "");
  const wheelchair = tags["wheelchair"];
  return {
    name: `places/${id}`,
    id,
    types,
    ...(tags["phone"] !== undefined && { internationalPhoneNumber: tags["phone"] }),
    formattedAddress: [street, town].filter((part) => part !== "").join(", "),
    location: { latitude: lat, longitude: lon },
    rating: Math.round((3 + 2 * chance) * 10) / 10,
    googleMapsUri: `https://maps.google.com/?cid=${BigInt(element.id) * 7n}`,
    ...(tags["website"] !== undefined && { websiteUri: tags["website"] }),
    ...(descriptions.length > 0 && {
      regularOpeningHours: { openNow: true, weekdayDescriptions: descriptions },
    }),
    businessStatus: Object.keys(tags).some((key) => /^(?:disused|abandoned|closed)\b/.test(key))
      ? "CLOSED_PERMANENTLY"
      : "OPERATIONAL",
    ...(types.includes("food") && {
      priceLevel: `PRICE_LEVEL_${PRICE_LEVELS[Math.floor(chanceOf(`price ${element.id}`) * 4)] ?? ""}`,
    }),
    userRatingCount: Math.floor(20 + 4_000 * popularityOf(element)),
    displayName: { text: tags["name:en"] ?? name, languageCode: "en" },
    primaryTypeDisplayName: {
      text: primaryType.charAt(0).toUpperCase() + primaryType.slice(1).replaceAll("_", " "),
      languageCode: "en",
    },
    primaryType,
    ...((wheelchair === "yes" || wheelchair === "no") && {
      accessibilityOptions: { wheelchairAccessibleEntrance: wheelchair === "yes" },
    }),
  };
}

/** What stands on the page, with the narrow spaces that stand in it there. */
function weekdayDescriptions(openingHours: string): string[] {
  const rules = readHours(openingHours);
  if (rules === undefined) return [];
  return WEEKDAYS.map((weekday, index) => {
    const rule = rules.findLast(({ weekdays, holidays }) => weekdays?.has(index) ?? !holidays);
    const spans = rule?.spans ?? [];
    const text = spans.map(([from, to]) => `${toTime(from)} – ${toTime(to)}`).join(", ");
    return `${weekday}: ${text === "" ? "Closed" : text}`;
  });
}

function toTime(minutes: number): string {
  const hour = Math.floor(minutes / 60) % 24;
  const minute = String(minutes % 60).padStart(2, "0");
  return `${hour % 12 === 0 ? 12 : hour % 12}:${minute}\u202f${hour < 12 ? "AM" : "PM"}`;
}
