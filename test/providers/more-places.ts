/** Places that the embedded gazetteer lacks and the geocoders know: villages, islands, regions. */
export interface MorePlace {
  readonly geonamesId: number;
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly elevationM: number;
  readonly featureCode: string;
  readonly countryCode: string;
  readonly admin1: string;
  readonly timeZone: string;
  readonly population: number;
}

const place = (
  geonamesId: number,
  name: string,
  [latitude, longitude, elevationM]: readonly [number, number, number],
  [featureCode, countryCode, admin1, timeZone]: readonly [string, string, string, string],
  population: number,
): MorePlace => ({
  geonamesId,
  name,
  latitude,
  longitude,
  elevationM,
  featureCode,
  countryCode,
  admin1,
  timeZone,
  population,
});

/** Ids are above every id of GeoNames: no test place is mistaken for a real row. */
export const MORE_PLACES: readonly MorePlace[] = [
  place(
    990_000_001,
    "Monsanto",
    [40.0389, -7.1148, 600],
    ["PPL", "PT", "Castelo Branco", "Europe/Lisbon"],
    828,
  ),
  place(990_000_002, "Marvão", [39.3944, -7.3767, 780], ["PPL", "PT", "Portalegre", "Europe/Lisbon"], 149),
  place(
    990_000_003,
    "Giethoorn",
    [52.7389, 6.0778, 1],
    ["PPL", "NL", "Overijssel", "Europe/Amsterdam"],
    2_620,
  ),
  place(990_000_004, "Shirakawa-gō", [36.2579, 136.9063, 500], ["PPL", "JP", "Gifu", "Asia/Tokyo"], 1_600),
];

/** What Nominatim knows beside them. */
export interface OsmPlace {
  readonly osmType: "node" | "way" | "relation";
  readonly osmId: number;
  readonly name: string;
  readonly displayName: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly category: string;
  readonly type: string;
  readonly addressType: string;
  readonly state: string;
  readonly country: string;
  readonly countryCode: string;
  /** In degrees: south, north, west, east. */
  readonly boundingBox: readonly [number, number, number, number];
}

export const OSM_PLACES: readonly OsmPlace[] = [
  {
    osmType: "relation",
    osmId: 8182617,
    name: "Innsbruck",
    displayName: "Innsbruck, Tyrol, Austria",
    latitude: 47.26951525,
    longitude: 11.3971372042211,
    category: "boundary",
    type: "administrative",
    addressType: "city",
    state: "Tyrol",
    country: "Austria",
    countryCode: "at",
    boundingBox: [47.2583715, 47.2808566, 11.3811871, 11.418183],
  },
  {
    osmType: "relation",
    osmId: 99_000_000_001,
    name: "Santorini",
    displayName: "Santorini, Thira Regional Unit, South Aegean, Aegean, Greece",
    latitude: 36.4072,
    longitude: 25.4567,
    category: "place",
    type: "island",
    addressType: "island",
    state: "South Aegean",
    country: "Greece",
    countryCode: "gr",
    boundingBox: [36.332, 36.481, 25.335, 25.484],
  },
  {
    osmType: "relation",
    osmId: 99_000_000_002,
    name: "Bali",
    displayName: "Bali, Lesser Sunda Islands, Indonesia",
    latitude: -8.2271,
    longitude: 115.1919,
    category: "boundary",
    type: "administrative",
    addressType: "state",
    state: "Bali",
    country: "Indonesia",
    countryCode: "id",
    boundingBox: [-8.9549, -7.9567, 114.2279, 115.8171],
  },
  {
    osmType: "relation",
    osmId: 99_000_000_003,
    name: "Lofoten",
    displayName: "Lofoten, Nordland, Norway",
    latitude: 68.2092,
    longitude: 13.7618,
    category: "place",
    type: "archipelago",
    addressType: "archipelago",
    state: "Nordland",
    country: "Norway",
    countryCode: "no",
    boundingBox: [67.4, 68.56, 12.1, 15.2],
  },
];
