import { createRandom, hash32, type Random } from "./random.ts";
import { climateOf } from "./weather.ts";
import { osmId, testWikidataId, toArticle, type Article, type OsmElement, type World } from "./world.ts";
import {
  ADJECTIVES,
  CUISINES,
  DISTRICTS,
  DO,
  DRINK_ROOMS,
  EAT_ROOMS,
  EVENTS,
  NOUNS,
  SIGHTS,
  STREETS,
} from "./words.ts";

/** Where and what a generated city is. */
export interface Site {
  readonly title: string;
  /** Unique number of the place, for example its GeoNames id. */
  readonly number: number;
  readonly latitude: number;
  readonly longitude: number;
}

/** Places of a generated city in OpenStreetMap, districts and suburbs included. */
export const GENERATED_PLACE_COUNT = 300;

const DISTRICT_COUNT = 6;
const SUBURB_ENDINGS = ["Park", "Hill", "End", "Field"] as const;
const RESTAURANT_COUNT = 150;
const SIGHT_COUNT = 70;
const DRINK_COUNT = 50;
const DEGREES_PER_KM = 1 / 111.2;
/** Share of restaurants and sights that the guide's editors have described too. */
const DESCRIBED_SHARE = 0.45;

interface Place {
  readonly element: OsmElement;
  readonly district: number;
  /** Name of the listing template; undefined when no editor has described the place. */
  readonly template: "see" | "do" | "eat" | "drink" | undefined;
  readonly content: string;
}

/**
 * A city that nobody wrote: 300 places in true wire formats, districts, practical sections and events, the same for the
 * same seed and site. Its texts say nothing that only a real place could be true of.
 */
export function generateCity(seed: number, site: Site): World {
  const random = createRandom(`${seed}|${site.title}|${site.latitude}|${site.longitude}`);
  const districts = pickDistricts(random, site);
  const places = generatePlaces(random, site, districts);
  const suburbNames = ADJECTIVES.flatMap((first) => SUBURB_ENDINGS.map((ending) => `${first} ${ending}`));
  const suburbStart = random.whole(0, suburbNames.length - 1);
  const suburbs = Array.from({ length: GENERATED_PLACE_COUNT - places.length }, (_, index): OsmElement => {
    const district = districts[index];
    return {
      type: "node",
      id: osmId(hash32(String(site.number)) % 1e6, 500 + index),
      lat: place5(district?.lat ?? site.latitude + random.around(3 * DEGREES_PER_KM)),
      lon: place5(district?.lon ?? site.longitude + random.around(3 * DEGREES_PER_KM)),
      tags: {
        place: district === undefined ? random.pick(["neighbourhood", "quarter"]) : "suburb",
        name: district?.name ?? suburbNames[(suburbStart + index * 7) % suburbNames.length] ?? "",
      },
    };
  });
  const articles = new Map<string, Article>();
  for (const article of writeArticles(site, districts, places, random)) articles.set(article.title, article);
  return {
    title: site.title,
    latitude: site.latitude,
    longitude: site.longitude,
    climate: climateOf(site.latitude),
    articles,
    elements: [...places.map(({ element }) => element), ...suburbs],
  };
}

interface District {
  readonly name: string;
  readonly description: string;
  readonly lat: number;
  readonly lon: number;
}

const place5 = (degrees: number): number => Math.round(degrees * 1e5) / 1e5;

function pickDistricts(random: Random, site: Site): District[] {
  const first = random.whole(0, DISTRICTS.length - 1);
  const stretch = 1 / Math.max(0.2, Math.cos((site.latitude * Math.PI) / 180));
  return Array.from({ length: DISTRICT_COUNT }, (_, index) => {
    const [name, description] = DISTRICTS[(first + index) % DISTRICTS.length] ?? DISTRICTS[0];
    const angle = (index / (DISTRICT_COUNT - 1)) * 2 * Math.PI;
    const km = index === 0 ? 0 : 1.2;
    return {
      name,
      description,
      lat: place5(site.latitude + Math.sin(angle) * km * DEGREES_PER_KM),
      lon: place5(site.longitude + Math.cos(angle) * km * DEGREES_PER_KM * stretch),
    };
  });
}

function generatePlaces(random: Random, site: Site, districts: readonly District[]): Place[] {
  const taken = new Set<string>();
  const nameOf = (ending: string): string => {
    for (;;) {
      const name = `${random.pick(ADJECTIVES)} ${random.pick(NOUNS)}${ending === "" ? "" : ` ${ending}`}`;
      if (!taken.has(name)) {
        taken.add(name);
        return name;
      }
    }
  };
  const total = RESTAURANT_COUNT + SIGHT_COUNT + DRINK_COUNT;
  return Array.from({ length: total }, (_, index): Place => {
    const district = random.whole(0, districts.length - 1);
    const { lat, lon } = districts[district] ?? { lat: site.latitude, lon: site.longitude };
    const street = random.pick(STREETS);
    const described = random.happens(DESCRIBED_SHARE);
    const kind = index < RESTAURANT_COUNT ? "eat" : index < RESTAURANT_COUNT + SIGHT_COUNT ? "see" : "drink";
    const base =
      kind === "eat" ? eat(random, nameOf) : kind === "see" ? see(random, nameOf) : drink(random, nameOf);
    const wikidata: Readonly<Record<string, string>> = base.notable
      ? { wikidata: testWikidataId(hash32(`${site.number}|${index}`)) }
      : {};
    return {
      district,
      template: described || base.notable ? base.template : undefined,
      content: base.content(street),
      element: {
        type: random.happens(0.7) ? "node" : random.happens(0.8) ? "way" : "relation",
        id: osmId(hash32(String(site.number)) % 1e6, index),
        lat: place5(lat + random.around(0.25 * DEGREES_PER_KM)),
        lon: place5(lon + random.around(0.25 * DEGREES_PER_KM)),
        tags: {
          ...base.tags,
          "addr:street": street,
          "addr:housenumber": String(random.whole(1, 120)),
          ...(random.happens(0.4) && { wheelchair: random.pick(["yes", "limited", "no"]) }),
          ...wikidata,
        },
      },
    };
  });
}

interface Drawn {
  readonly template: "see" | "do" | "eat" | "drink";
  readonly tags: Readonly<Record<string, string>>;
  readonly notable: boolean;
  readonly content: (street: string) => string;
}

const HOURS = [
  "Mo-Su 12:00-22:00",
  "Tu-Su 12:00-15:00,18:30-23:00",
  "Mo-Sa 08:00-19:00",
  "We-Su 17:00-23:00",
] as const;

function eat(random: Random, nameOf: (ending: string) => string): Drawn {
  const [cuisine, dish] = random.pick(CUISINES);
  const [amenity, ending, room] = random.pick(EAT_ROOMS);
  return {
    template: "eat",
    notable: false,
    tags: {
      amenity,
      name: nameOf(ending),
      cuisine,
      ...(random.happens(0.7) && { opening_hours: random.pick(HOURS) }),
      ...(random.happens(0.3) && { "diet:vegetarian": "yes" }),
      ...(random.happens(0.15) && { "diet:vegan": random.pick(["yes", "only"]) }),
    },
    content: (street) => `${dish} in ${room} on ${street}.`,
  };
}

function see(random: Random, nameOf: (ending: string) => string): Drawn {
  const [key, value, ending, content] = random.pick(SIGHTS);
  const [activity, activityContent] = random.pick(DO);
  const active = key === "leisure";
  return {
    template: active ? "do" : "see",
    notable: key === "historic" || random.happens(0.25),
    tags: {
      [key]: value,
      name: nameOf(active ? activity : ending),
      ...(value === "museum" && { opening_hours: "Tu-Su 10:00-18:00", charge: `${random.whole(4, 16)} EUR` }),
      ...(random.happens(0.3) && { fee: "no" }),
    },
    content: () => (active ? activityContent : content),
  };
}

function drink(random: Random, nameOf: (ending: string) => string): Drawn {
  const [amenity, ending, content] = random.pick(DRINK_ROOMS);
  return {
    template: "drink",
    notable: false,
    tags: { amenity, name: nameOf(ending), opening_hours: "Mo-Sa 17:00-01:00" },
    content: () => content,
  };
}

/** As editors write the same place: the name a little differently, hours in words, the position rounded. */
function listing({ element: { tags, lat, lon }, template, content }: Place, edited: number): string {
  const name = tags["name"] ?? "";
  const spelled = edited % 5 === 0 && !name.startsWith("The ") ? `The ${name}` : name;
  const hours = (tags["opening_hours"] ?? "").replace("Mo-Su", "Daily").replace(",", ", ");
  return `* {{${template}
| name=${spelled} | alt= | url=${edited % 7 === 0 ? "http://www.example.org/closed {{dead link|March 2024}}" : ""} | email=
| address=${tags["addr:housenumber"]} ${tags["addr:street"]} | lat=${lat.toFixed(5)} | long=${lon.toFixed(5)} | directions=
| phone= | tollfree= | fax=
| hours=${hours} | price=${tags["charge"] ?? ""}
| wikipedia= | wikidata=${tags["wikidata"] ?? ""}
| lastedit=2025-0${1 + (edited % 9)}-14
| content=${content}${edited % 6 === 0 ? " <!-- checked in person -->" : ""}
}}`;
}

function writeArticles(
  site: Site,
  districts: readonly District[],
  places: readonly Place[],
  random: Random,
): Article[] {
  const section = (heading: string, lines: readonly string[]): string =>
    lines.length === 0 ? "" : `==${heading}==\n${lines.join("\n")}\n\n`;
  const templates = { See: "see", Do: "do", Eat: "eat", Drink: "drink" } as const;
  const districtArticles = districts.map((district, number) => {
    const title = `${site.title}/${district.name}`;
    const here = places.filter((place) => place.district === number);
    const text =
      `{{pagebanner|Default banner.jpg}}\n'''${district.name}''' is a district of [[${site.title}]]. ${district.description}\n\n` +
      Object.entries(templates)
        .map(([heading, template]) =>
          section(
            heading,
            here
              .filter((place) => place.template === template)
              .map((place, index) => listing(place, index + number)),
          ),
        )
        .join("") +
      `{{IsPartOf|${site.title}}}\n{{geo|${district.lat}|${district.lon}}}\n{{usabledistrict}}\n`;
    return toArticle(title, text, pageIdOf(title));
  });
  const regions = districts.map(
    ({ name, description }, index) =>
      `| region${index + 1}name=[[${site.title}/${name}|${name}]]\n| region${index + 1}color=#4F93C0\n| region${index + 1}description=${description}`,
  );
  const events = [1, 3, 5, 7, 9, 11].map((first) => generatedEvent(random, first));
  const main =
    `{{pagebanner|Default banner.jpg}}\n'''${site.title.replace(/ \(.*/, "")}''' is laid out around its old centre, with ${DISTRICT_COUNT} districts that a visitor can tell apart within a day.\n\n` +
    `==Districts==\n{{Regionlist\n| regionmap=\n${regions.join("\n")}\n}}\n\n` +
    `==Understand==\nThe centre is best seen on foot; the outer districts are reached by public transport.\n\n` +
    `==Get in==\n===By train===\nThe main station is within walking distance of the centre.\n\n` +
    `==Get around==\n===By public transit===\nBuses cover all districts. Tickets are sold at machines and on board.\n\n` +
    `==Do==\n===Events===\n${events.join("\n")}\n\n` +
    `==Stay safe==\nKeep an eye on your belongings in crowds, at the station and in the market.\n\n==Connect==\nMost cafés and the public library offer wi-fi without a password.\n\n` +
    `{{geo|${site.latitude}|${site.longitude}|zoom=12}}\n{{usablecity}}\n`;
  return [toArticle(site.title, main, pageIdOf(site.title)), ...districtArticles];
}

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

/** A yearly event that begins in one month and ends in the next, so that most trips meet one of six. */
function generatedEvent(random: Random, firstMonth: number): string {
  const [kind, content] = random.pick(EVENTS);
  const start = MONTHS[(firstMonth - 1) % 12] ?? MONTHS[0];
  const end = MONTHS[firstMonth % 12] ?? MONTHS[0];
  return `* {{event
| name=${random.pick(ADJECTIVES)} ${random.pick(NOUNS)} ${kind} | alt= | url= | email=
| address= | lat= | long= | directions=
| year=annual | month=${start} | date=${random.whole(1, 14)} | endmonth=${end} | enddate=${random.whole(15, 28)}
| hours= | price=
| content=${content}
}}`;
}

const pageIdOf = (title: string): number => 1_000_000 + (hash32(title) % 1_000_000_000);
