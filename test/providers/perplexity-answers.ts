import { chanceOf } from "./world/random.ts";
import type { OsmElement, World } from "./world/world.ts";
import type { Worlds } from "./world/worlds.ts";

/** What a question holds as data. */
export interface Asked {
  /** Name of the answer's schema. */
  readonly subject: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly maxItemCount: number;
  /** Lists and texts of the request, by their names. */
  readonly wishes: Readonly<Record<string, unknown>>;
}

export interface Result {
  readonly id: number;
  readonly url: string;
  readonly title: string;
  readonly snippet: string;
  readonly date?: string;
  readonly last_updated?: string;
}

export interface Written {
  readonly results: readonly Result[];
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

/** A place that stands in no world, with a page that says it does. */
export const INVENTED_NAME = "The Gilded Otter Rooms";
const TOKYO = { latitude: 35.6895, longitude: 139.69171 };

const PICKS: Readonly<Record<string, (tags: OsmElement["tags"]) => boolean>> = {
  restaurants: ({ amenity }) => amenity === "restaurant" || amenity === "cafe",
  attractions: ({ tourism, historic }) => tourism !== undefined || historic !== undefined,
  experiences: ({ amenity, leisure, tourism }) =>
    leisure !== undefined ||
    ["pub", "bar", "nightclub", "theatre"].includes(amenity ?? "") ||
    ["zoo", "aquarium", "viewpoint"].includes(tourism ?? ""),
  neighborhoods: ({ place }) => place === "suburb" || place === "neighbourhood" || place === "quarter",
};

const namedElements = ({ elements }: World, subject: string): OsmElement[] =>
  elements.filter(
    ({ tags }) =>
      tags["name"] !== undefined && tags["abandoned"] !== "yes" && PICKS[subject]?.(tags) === true,
  );

/** Lower with each wish that the place meets; chance decides between equals. */
function rankOf({ id, tags }: OsmElement, wishes: Asked["wishes"]): number {
  const wanted = Object.values(wishes)
    .flat()
    .filter((wish) => typeof wish === "string")
    .map((wish) => wish.toLowerCase());
  const spoken = Object.entries(tags)
    .map(([key, value]) => `${key} ${value}`)
    .join(" ")
    .toLowerCase();
  const met = wanted.filter((wish) => wish !== "" && spoken.includes(wish)).length;
  return chanceOf(`perplexity ${id}`) - met - (tags["wikidata"] === undefined ? 0 : 0.2);
}

/** Answers from what the worlds know, each item with the page that tells of it. */
export function writeAnswer(worlds: Worlds, asked: Asked, inventsPlaces: boolean): Written {
  const world = worlds.at(asked.latitude, asked.longitude);
  const article: Result = {
    id: 1,
    url: `https://en.wikivoyage.org/wiki/${encodeURIComponent(world.title)}`,
    title: `${world.title} – Travel guide at Wikivoyage`,
    snippet: `A travel guide to ${world.title}.`,
    last_updated: "2026-11-02",
  };
  if (PICKS[asked.subject] !== undefined) return writePlaces(worlds, world, article, asked, inventsPlaces);
  if (asked.subject === "events") return writeEvents(world, article, asked);
  return { results: [article], items: writePassages(world, asked.subject) };
}

function writePlaces(
  worlds: Worlds,
  world: World,
  article: Result,
  { subject, maxItemCount, wishes }: Asked,
  inventsPlaces: boolean,
): Written {
  const known = namedElements(world, subject)
    .sort((a, b) => rankOf(a, wishes) - rankOf(b, wishes))
    .slice(0, Math.max(0, inventsPlaces ? maxItemCount - 2 : maxItemCount));
  const elsewhere = worlds.at(TOKYO.latitude, TOKYO.longitude);
  const foreign = namedElements(elsewhere, subject)[0];
  const elements = [...known, ...(inventsPlaces && foreign !== undefined ? [foreign] : [])];
  const results = [article, ...elements.map((element, index) => pageOf(element, index + 2))];
  const items = elements.map((element, index) =>
    toItem(subject, element, index + 2, (element === foreign ? elsewhere : world).title),
  );
  if (!inventsPlaces) return { results, items };
  const id = results.length + 1;
  const invented = { url: "https://listicle.example/best", title: "The best addresses", snippet: "A list." };
  const tags = { name: INVENTED_NAME, cuisine: "fusion", tourism: "museum", "addr:street": "Nowhere Lane" };
  const element = { type: "node", id: 0, lat: world.latitude, lon: world.longitude, tags } as const;
  return {
    results: [...results, { id, ...invented }],
    items: [...items, toItem(subject, element, id, world.title)],
  };
}

const pageOf = ({ type, id: osmId, tags }: OsmElement, id: number): Result => ({
  id,
  url: tags["website"]?.replace(/^http:/, "https:") ?? `https://places.example/${type}/${osmId}`,
  title: tags["name"] ?? "",
  snippet: `${tags["name"] ?? ""}, ${tags["addr:street"] ?? ""}`,
  ...(chanceOf(`dated ${osmId}`) < 0.5 && { date: "2025-06-14", last_updated: "2026-09-30" }),
});

function toItem(
  subject: string,
  { id, tags }: OsmElement,
  page: number,
  town: string,
): Readonly<Record<string, unknown>> {
  const name = tags["name"] ?? "";
  const named = { name, summary: summaryOf(subject, tags, page) };
  const sources = [`[${page}]`];
  if (subject === "neighborhoods") return { ...named, highlights: [], sources };
  const street = [tags["addr:street"], tags["addr:housenumber"]].filter((part) => part !== undefined);
  const place = {
    address: street.length === 0 ? null : `${street.join(" ")}, ${town}`,
    sources,
  };
  if (subject === "restaurants")
    return {
      ...named,
      cuisines: tags["cuisine"]?.split(";") ?? [],
      price_level: 1 + Math.floor(chanceOf(`price ${id}`) * 4),
      diets: ["vegan", "vegetarian"].filter((diet) => /yes|only/.test(tags[`diet:${diet}`] ?? "")),
      dishes: [],
      ...place,
    };
  if (subject === "attractions")
    return {
      ...named,
      category: tags["tourism"] ?? tags["historic"] ?? null,
      fee: tags["charge"] ?? (tags["fee"] === "no" ? "free" : null),
      best_time: null,
      visit_minutes: null,
      ...place,
    };
  return {
    ...named,
    category: tags["leisure"] ?? tags["amenity"] ?? tags["tourism"] ?? null,
    price: null,
    duration_minutes: null,
    ...place,
  };
}

function summaryOf(subject: string, tags: OsmElement["tags"], page: number): string {
  const street = tags["addr:street"] === undefined ? "" : ` on ${tags["addr:street"]}`;
  if (subject === "restaurants")
    return `Serves ${tags["cuisine"]?.replaceAll(";", ", ") ?? "food"}${street}.[${page}]`;
  if (subject === "neighborhoods") return `A part of the city that its guides describe.[${page}][1]`;
  return `One of the addresses that visitors are told of${street}.[${page}]`;
}

const DAY_MS = 86_400_000;
const dayAfter = (day: string, dayCount: number): string =>
  new Date(Date.parse(day) + dayCount * DAY_MS).toISOString().slice(0, 10);

function writeEvents(world: World, article: Result, { maxItemCount, wishes }: Asked): Written {
  const first = String(wishes["first_day"]);
  const last = String(wishes["last_day"]);
  const venue = namedElements(world, "attractions")[0]?.tags["name"] ?? null;
  const common = { category: null, start_time: null, venue: null, price: null, tickets: null };
  const page = {
    url: "https://events.example/calendar",
    title: "Calendar of events",
    snippet: "What is on.",
  };
  const items = [
    {
      ...common,
      name: `${world.title} Winter Market`,
      summary: "Stalls on the main square on every day.[2]",
      category: "market",
      first_day: dayAfter(first, -3),
      last_day: dayAfter(last, 3),
      price: "free",
      sources: ["[2]"],
    },
    {
      ...common,
      name: `Chamber music: ${world.title} Quartet`,
      summary: "An evening with a string quartet.[2]",
      category: "concert",
      first_day: first,
      last_day: first,
      start_time: "19:30",
      venue,
      sources: ["[2]"],
    },
    {
      ...common,
      name: `${world.title} Jubilee of Years Past`,
      summary: "It was long ago.[1]",
      first_day: dayAfter(first, -400),
      last_day: dayAfter(first, -398),
      sources: ["[1]"],
    },
  ];
  return { results: [article, { id: 2, ...page }], items: items.slice(0, maxItemCount) };
}

const PASSAGES: Readonly<
  Record<string, readonly (readonly [topic: string, heading: string, text: string])[]>
> = {
  overview: [
    [
      "introduction",
      "Introduction",
      "The city is laid out around its old centre. Its districts differ within a walk.",
    ],
    ["when-to-go", "When to go", "Spring and autumn are mild. Museums are open all year."],
  ],
  practical: [
    ["get-in", "Get in", "Trains stop within walking distance of the centre."],
    ["get-around", "Get around", "Buses cover all districts. Tickets are sold at machines and on board."],
    ["money", "Money", "Cards are taken in most shops."],
    ["stay-safe", "Stay safe", "Keep an eye on your belongings in crowds and at the station."],
    ["connect", "Connect", "Most cafés offer wi-fi."],
    ["respect", "Respect", "Greet before you ask."],
  ],
};

const writePassages = ({ title }: World, subject: string): Readonly<Record<string, unknown>>[] =>
  (PASSAGES[subject] ?? []).map(([topic, heading, text]) => ({
    topic,
    heading,
    text: `${title}: ${text}[1]`,
    sources: ["[1]"],
  }));
