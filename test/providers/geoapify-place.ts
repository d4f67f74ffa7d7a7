import type { OsmElement } from "./world/world.ts";

/** Categories of the values of OpenStreetMap's tags that the worlds have; each stands with those above it. */
const CATEGORIES: Readonly<Record<string, string>> = {
  "amenity=restaurant": "catering.restaurant",
  "amenity=cafe": "catering.cafe",
  "amenity=fast_food": "catering.fast_food",
  "amenity=food_court": "catering.food_court",
  "amenity=ice_cream": "catering.ice_cream",
  "amenity=bar": "catering.bar",
  "amenity=pub": "catering.pub",
  "amenity=nightclub": "adult.nightclub",
  "amenity=theatre": "entertainment.culture.theatre",
  "amenity=cinema": "entertainment.cinema",
  "amenity=marketplace": "commercial.marketplace",
  "amenity=place_of_worship": "tourism.sights.place_of_worship",
  "tourism=museum": "entertainment.museum",
  "tourism=gallery": "entertainment.culture.gallery",
  "tourism=zoo": "entertainment.zoo",
  "tourism=aquarium": "entertainment.aquarium",
  "tourism=theme_park": "entertainment.theme_park",
  "tourism=attraction": "tourism.attraction",
  "tourism=viewpoint": "tourism.attraction.viewpoint",
  "tourism=artwork": "tourism.attraction.artwork",
  "historic=castle": "tourism.sights.castle",
  "historic=fort": "tourism.sights.fort",
  "historic=monument": "tourism.sights.memorial.monument",
  "historic=memorial": "tourism.sights.memorial",
  "historic=ruins": "tourism.sights.ruines",
  "historic=archaeological_site": "tourism.sights.archaeological_site",
  "historic=monastery": "tourism.sights.monastery",
  "leisure=park": "leisure.park",
  "leisure=garden": "leisure.park.garden",
  "leisure=nature_reserve": "leisure.park.nature_reserve",
};
const DIETS = ["vegetarian", "vegan", "halal", "kosher", "gluten_free"];
const TYPE_CODES = { relation: 1, way: 2, node: 3 } as const;

export function categoriesOf(tags: OsmElement["tags"]): string[] {
  const own = Object.entries(tags).flatMap(([key, value]) => CATEGORIES[`${key}=${value}`] ?? []);
  const cuisine = tags["cuisine"]?.split(";")[0] ?? "";
  if (own.includes("catering.restaurant") && cuisine !== "") own.push(`catering.restaurant.${cuisine}`);
  const all = own.flatMap((category) => {
    const words = category.split(".");
    return words.map((_, index) => words.slice(0, index + 1).join("."));
  });
  if (all.length === 0) return [];
  const { wheelchair } = tags;
  if (wheelchair === "yes" || wheelchair === "limited") all.push("wheelchair", `wheelchair.${wheelchair}`);
  if (tags["fee"] === "no") all.push("no_fee");
  for (const diet of DIETS) {
    const value = tags[`diet:${diet}`];
    if (value === "yes" || value === "only") all.push(diet);
    if (value === "only") all.push(`${diet}.only`);
  }
  return [...new Set(all)];
}

/** The id of an object: position, type and id as a message of Protocol Buffers, its name behind them. */
export function placeIdOf(
  type: OsmElement["type"],
  id: number,
  { lat, lon, name }: { readonly lat: number; readonly lon: number; readonly name: string },
): string {
  const position = Buffer.alloc(18);
  position.writeUInt8(0x51, 0);
  position.writeDoubleLE(lon, 1);
  position.writeUInt8(0x59, 9);
  position.writeDoubleLE(lat, 10);
  const object = Buffer.from([0xf0, 0x01, TYPE_CODES[type], 0xf9, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
  object.writeBigUInt64LE(BigInt(id), 5);
  const title = Buffer.from(name).subarray(0, 127);
  return Buffer.concat([position, object, Buffer.from([0x92, 0x03, title.length]), title]).toString("hex");
}

export const DATASOURCE = {
  sourcename: "openstreetmap",
  attribution: "© OpenStreetMap contributors",
  license: "Open Database License",
  url: "https://www.openstreetmap.org/copyright",
} as const;

/** An element as a feature of GeoJSON. */
export function toFeature({ type, id, lat, lon, tags }: OsmElement, distanceM: number): object {
  const name = tags["name"] ?? "";
  const street = tags["addr:street"];
  const housenumber = tags["addr:housenumber"];
  const town = [tags["addr:postcode"], tags["addr:city"]].filter((part) => part !== undefined).join(" ");
  const address = [[street, housenumber].filter((part) => part !== undefined).join(" "), town]
    .filter((part) => part !== "")
    .join(", ");
  // What looks like a number in a tag is one in the answer.
  const raw = Object.fromEntries(
    Object.entries(tags).map(([key, value]) => [key, /^[1-9]\d{0,8}$/.test(value) ? Number(value) : value]),
  );
  return {
    type: "Feature",
    properties: {
      name,
      ...(street !== undefined && { street }),
      ...(housenumber !== undefined && { housenumber }),
      ...(tags["addr:city"] !== undefined && { city: tags["addr:city"] }),
      ...(tags["addr:postcode"] !== undefined && { postcode: tags["addr:postcode"] }),
      lon,
      lat,
      formatted: [name, address].filter((part) => part !== "").join(", "),
      address_line1: name,
      address_line2: address,
      categories: categoriesOf(tags),
      details: ["details"],
      datasource: { ...DATASOURCE, raw: { ...raw, osm_id: id, osm_type: type.charAt(0) } },
      ...(tags["website"] !== undefined && { website: tags["website"] }),
      ...(tags["opening_hours"] !== undefined && { opening_hours: tags["opening_hours"] }),
      ...(tags["phone"] !== undefined && { contact: { phone: tags["phone"] } }),
      ...(tags["cuisine"] !== undefined && { catering: { cuisine: tags["cuisine"] } }),
      distance: Math.round(distanceM),
      place_id: placeIdOf(type, id, { lat, lon, name }),
    },
    geometry: { type: "Point", coordinates: [lon, lat] },
  };
}
