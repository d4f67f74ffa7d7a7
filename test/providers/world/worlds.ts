import { LRUCache } from "lru-cache";
import { foldName } from "../../../services/guide-composer/destination/fold-name.ts";
import { KIND } from "../../../services/guide-composer/destination/gazetteer-file.ts";
import { loadGazetteer, type Gazetteer } from "../../../services/guide-composer/destination/gazetteer.ts";
import { generateCity } from "./generated-city.ts";
import { hash32 } from "./random.ts";
import { loadWrittenWorlds } from "./written-worlds.ts";
import { climateOf } from "./weather.ts";
import { distanceM, type Article, type Climate, type World } from "./world.ts";

/** Everything that the test providers know: the written cities, and a generated one for any other place on earth. */
export interface Worlds {
  /** The article of a title as a wiki stores it, or the title that it redirects to. */
  readonly find: (
    title: string,
  ) => { readonly article: Article } | { readonly redirectTo: string } | undefined;
  /** The destination that a point belongs to. */
  readonly at: (latitude: number, longitude: number) => World;
  /** Articles with coordinates within the radius, nearest first. */
  readonly articlesNear: (latitude: number, longitude: number, radiusM: number) => Article[];
  /** Articles whose title or text has all words of the query, best first. */
  readonly search: (query: string) => Article[];
  /** Climate and the name under which the weather of a point is drawn: points of one city share theirs. */
  readonly climateAt: (
    latitude: number,
    longitude: number,
  ) => { readonly place: string; readonly climate: Climate };
  /** Places by name, most populous first; for the geocoders. */
  readonly gazetteer: () => Gazetteer;
}

/** A point this near to a written city's centre is in that city. */
const CITY_RADIUS_M = 30_000;
/** Around its centre there is no other town; farther out a point that is this near to one is that one. */
const CENTRE_RADIUS_M = 3_000;
const OWN_PLACE_M = 1_000;
/** Beyond this from any place a point is a place of its own. */
const NEAREST_PLACE_M = 15_000;
const MAX_GENERATED_COUNT = 400;
/** A name is one place's page when that has this many times the inhabitants of the next namesake. */
const STANDS_OUT_FACTOR = 1.5;
const CELLS_PER_DEGREE = 4;

/** Read once a process, by the first server that needs it: it never changes. */
let loaded: Gazetteer | undefined;
const gazetteer = (): Gazetteer => (loaded ??= loadGazetteer());

export function createWorlds(seed: number): Worlds {
  const { worlds: written, redirects, pages } = loadWrittenWorlds();
  const generated = new LRUCache<string, World>({ max: MAX_GENERATED_COUNT });
  let grid: ReadonlyMap<string, readonly number[]> | undefined;

  const cell = (latitude: number, longitude: number): string =>
    `${Math.floor(latitude * CELLS_PER_DEGREE)},${Math.floor(longitude * CELLS_PER_DEGREE)}`;

  function placesNear(latitude: number, longitude: number): readonly number[] {
    grid ??= buildGrid(gazetteer(), cell);
    const step = 1 / CELLS_PER_DEGREE;
    const near = [-step, 0, step].flatMap((north) =>
      [-step, 0, step].flatMap((east) => grid?.get(cell(latitude + north, longitude + east)) ?? []),
    );
    return near
      .map((place) => {
        const there = gazetteer().location(place);
        return { place, apartM: distanceM(latitude, longitude, there.latitude, there.longitude) };
      })
      .filter(({ apartM }) => apartM <= NEAREST_PLACE_M)
      .sort((a, b) => a.apartM - b.apartM)
      .map(({ place }) => place);
  }

  function generate(title: string, number: number, latitude: number, longitude: number): World {
    const key = `${number}|${title}`;
    const known = generated.get(key) ?? generateCity(seed, { title, number, latitude, longitude });
    generated.set(key, known);
    return known;
  }

  function worldOf(place: number): World {
    const { geonamesId, location } = gazetteer().toDestination(place);
    return generate(
      titleOf(gazetteer(), place),
      geonamesId,
      location?.latitude ?? 0,
      location?.longitude ?? 0,
    );
  }

  function writtenAt(latitude: number, longitude: number): World | undefined {
    const apartM = (world: World): number => distanceM(latitude, longitude, world.latitude, world.longitude);
    const city = written.find((world) => apartM(world) <= CITY_RADIUS_M);
    if (city === undefined || apartM(city) <= CENTRE_RADIUS_M) return city;
    const [nearest] = placesNear(latitude, longitude);
    if (nearest === undefined) return city;
    const there = gazetteer().location(nearest);
    return distanceM(latitude, longitude, there.latitude, there.longitude) <= OWN_PLACE_M ? undefined : city;
  }

  function at(latitude: number, longitude: number): World {
    const known = writtenAt(latitude, longitude);
    if (known !== undefined) return known;
    const [nearest] = placesNear(latitude, longitude);
    if (nearest !== undefined) return worldOf(nearest);
    const point = `${latitude.toFixed(2)},${longitude.toFixed(2)}`;
    return generate("", hash32(point), Number(latitude.toFixed(2)), Number(longitude.toFixed(2)));
  }

  function find(title: string): ReturnType<Worlds["find"]> {
    const redirectTo = redirects.get(title);
    if (redirectTo !== undefined) return { redirectTo };
    const page = pages.get(title);
    if (page !== undefined) return { article: page };
    const [root = "", district] = title.split("/");
    const place = placeOf(gazetteer(), root);
    if (place === undefined) return undefined;
    if (place === "ambiguous") return district === undefined ? { article: disambiguation(root) } : undefined;
    // A written city has its articles under its own title only.
    const { latitude, longitude } = gazetteer().location(place);
    const known = writtenAt(latitude, longitude);
    if (known !== undefined) return district === undefined ? { redirectTo: known.title } : undefined;
    const world = worldOf(place);
    if (root !== world.title)
      return { redirectTo: district === undefined ? world.title : `${world.title}/${district}` };
    const article = world.articles.get(title);
    return article && { article };
  }

  return {
    find,
    at,
    articlesNear: (latitude, longitude, radiusM) => {
      const [nearest] = placesNear(latitude, longitude);
      const world = writtenAt(latitude, longitude) ?? (nearest === undefined ? undefined : worldOf(nearest));
      return [...(world?.articles.values() ?? [])]
        .flatMap((article) => {
          const { coordinates } = article;
          if (coordinates === undefined) return [];
          const apartM = distanceM(latitude, longitude, coordinates.lat, coordinates.lon);
          return apartM <= radiusM ? [{ article, apartM }] : [];
        })
        .sort((a, b) => a.apartM - b.apartM)
        .map(({ article }) => article);
    },
    search: (query) => {
      const words = foldName(query)
        .split(" ")
        .filter((word) => word !== "");
      const hit = find(query);
      const direct = hit !== undefined && "redirectTo" in hit ? find(hit.redirectTo) : hit;
      const first = direct !== undefined && "article" in direct ? [direct.article] : [];
      const others = [...pages.values()].filter(
        (page) => !first.includes(page) && words.every((word) => foldName(page.title).includes(word)),
      );
      return [...first, ...others];
    },
    climateAt: (latitude, longitude) => {
      const known = writtenAt(latitude, longitude);
      return known === undefined
        ? { place: `${latitude.toFixed(1)},${longitude.toFixed(1)}`, climate: climateOf(latitude) }
        : { place: known.title, climate: known.climate };
    },
    gazetteer,
  };
}

function buildGrid(
  gazetteer: Gazetteer,
  cell: (latitude: number, longitude: number) => string,
): Map<string, number[]> {
  const grid = new Map<string, number[]>();
  for (let place = 0; place < gazetteer.placeCount; place += 1) {
    const { latitude, longitude } = gazetteer.location(place);
    const key = cell(latitude, longitude);
    const places = grid.get(key);
    if (places === undefined) grid.set(key, [place]);
    else places.push(place);
  }
  return grid;
}

const countryName = new Intl.DisplayNames("en", { type: "region" });

/** The names that a page's title tells namesakes apart by. */
function qualifiersOf(gazetteer: Gazetteer, place: number): string[] {
  const country = gazetteer.countryCode(place);
  const region = gazetteer.regionName(place);
  return [region, countryName.of(country) ?? ""].filter((name) => name !== "");
}

/** Places of a name, most populous first; those that it is only a foreign name of where it is nobody's own. */
function namesakes(gazetteer: Gazetteer, name: string): number[] {
  const matches = gazetteer.byName(foldName(name));
  const own = matches.filter(({ kind }) => kind === KIND.own);
  return (own.length > 0 ? own : matches)
    .map(({ place }) => place)
    .sort((a, b) => gazetteer.population(b) - gazetteer.population(a) || a - b);
}

/** The place of a page's title: `Paris`, `Paris (Texas)`. */
function placeOf(gazetteer: Gazetteer, title: string): number | "ambiguous" | undefined {
  const [, name = title, qualifier] = /^(.*?)(?: \((.+)\))?$/.exec(title) ?? [];
  const all = namesakes(gazetteer, name);
  if (qualifier !== undefined) return all.find((place) => qualifiersOf(gazetteer, place).includes(qualifier));
  const [first, second] = all;
  if (first === undefined || second === undefined) return first;
  return gazetteer.population(first) >= STANDS_OUT_FACTOR * gazetteer.population(second)
    ? first
    : "ambiguous";
}

/** The title of a place's page: its name, with its region where the bare name is another's or nobody's. */
function titleOf(gazetteer: Gazetteer, place: number): string {
  const { displayName } = gazetteer.toDestination(place);
  if (placeOf(gazetteer, displayName) === place) return displayName;
  const qualified = qualifiersOf(gazetteer, place)
    .map((qualifier) => `${displayName} (${qualifier})`)
    .find((title) => placeOf(gazetteer, title) === place);
  return qualified ?? displayName;
}

function disambiguation(title: string): Article {
  return {
    pageId: 500_000 + (hash32(title) % 400_000),
    title,
    wikitext: `{{pagebanner|Disambiguation banner.png}}\nThere is more than one place called '''${title}''':\n{{disamb}}\n`,
    coordinates: undefined,
    wikidataId: undefined,
    disambiguation: true,
  };
}
