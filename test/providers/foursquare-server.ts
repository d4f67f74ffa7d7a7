import { LRUCache } from "lru-cache";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { categoryOf, type TestCategory } from "./foursquare-categories.ts";
import { hash32 } from "./world/random.ts";
import { distanceM, type OsmElement } from "./world/world.ts";
import type { Worlds } from "./world/worlds.ts";

const API_VERSION = "2025-06-17";
const MAX_CACHED_BYTES = 64 << 20;
const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 50;
const DEFAULT_RADIUS_M = 22_000;
const MAX_RADIUS_M = 100_000;
/** Fields of an answer to a request that names none. */
const PRO_FIELDS =
  "fsq_place_id,name,latitude,longitude,categories,location,tel,website,link,distance,date_closed,date_created,date_refreshed,chains,extended_location,placemaker_url,related_places,social_media";
const KNOWN_FIELDS = new Set(
  [
    PRO_FIELDS,
    "description,hours,hours_popular,price,rating,popularity,stats,tastes,tips,photos,attributes,menu,email",
  ]
    .join(",")
    .split(","),
);
const SORTS = new Set(["RELEVANCE", "RATING", "DISTANCE", "POPULARITY"]);
/** What the service knows as a key of its own. */
const AUTHORIZATION = /^Bearer [\w-]{8,}$/;

const refusal = (status: number, message: string): Reply => ({ status, body: JSON.stringify({ message }) });

const UNAUTHORIZED = refusal(401, "Invalid request token.");
export const FOURSQUARE_FAULTS = { "rate-limit": refusal(429, "Too many requests. Please slow down.") };

/** Foursquare's place search of 2025: what stands on the map around a point, as Foursquare would tell of it. */
export function createFoursquare(worlds: Worlds): (request: ReceivedRequest) => Reply {
  const cached = new LRUCache<string, Reply>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ body }) => Math.max(1, body.length),
  });
  return ({ url, headers }) => {
    if (!AUTHORIZATION.test(headers.authorization ?? "")) return UNAUTHORIZED;
    if (url.pathname !== "/places/search") return refusal(404, "Endpoint does not exist.");
    if (headers["x-places-api-version"] !== API_VERSION)
      return refusal(400, "Missing or invalid header: X-Places-Api-Version");
    const given = url.searchParams;
    const problem = problemOf(given);
    if (problem !== undefined) return refusal(400, problem);
    const key = given.toString();
    const reply = cached.get(key) ?? answer(given, worlds);
    cached.set(key, reply);
    return reply;
  };
}

function problemOf(given: URLSearchParams): string | undefined {
  const limit = Number(given.get("limit") ?? DEFAULT_LIMIT);
  const radius = Number(given.get("radius") ?? DEFAULT_RADIUS_M);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return "limit must be between 1 and 50";
  if (!Number.isInteger(radius) || radius < 0 || radius > MAX_RADIUS_M)
    return "radius must be between 0 and 100000";
  if (!/^-?\d+(\.\d+)?,-?\d+(\.\d+)?$/.test(given.get("ll") ?? ""))
    return "ll must be specified as latitude,longitude";
  if (!SORTS.has(given.get("sort") ?? "RELEVANCE")) return "sort has an unknown value";
  const unknown = fieldsOf(given).find((name) => !KNOWN_FIELDS.has(name));
  return unknown === undefined ? undefined : `unknown field: ${unknown}`;
}

const fieldsOf = (given: URLSearchParams): string[] => (given.get("fields") ?? PRO_FIELDS).split(",");

interface Candidate {
  readonly element: OsmElement;
  readonly category: TestCategory;
  readonly distance: number;
  readonly rating: number;
  readonly popularity: number;
}

function answer(given: URLSearchParams, worlds: Worlds): Reply {
  const [latitude = 0, longitude = 0] = (given.get("ll") ?? "").split(",").map(Number);
  const radius = Number(given.get("radius") ?? DEFAULT_RADIUS_M);
  const wanted = given.get("fsq_category_ids")?.split(",");
  const candidates = worlds.at(latitude, longitude).elements.flatMap((element): Candidate[] => {
    const category = categoryOf(element.tags);
    const distance = Math.round(distanceM(latitude, longitude, element.lat, element.lon));
    if (category === undefined || distance > radius) return [];
    if (wanted !== undefined && !wanted.some((id) => id === category.id || id === category.under)) return [];
    const chance = hash32(`foursquare|${element.id}`);
    const rating = Math.round(60 + (chance % 360) / 10) / 10;
    return [{ element, category, distance, rating, popularity: (chance % 9_973) / 9_973 }];
  });
  const rankOf: Readonly<Record<string, (candidate: Candidate) => number>> = {
    RATING: ({ rating }) => -rating,
    POPULARITY: ({ popularity }) => -popularity,
    DISTANCE: ({ distance }) => distance,
  };
  const rank = rankOf[given.get("sort") ?? ""] ?? (({ popularity }) => -popularity);
  candidates.sort((a, b) => rank(a) - rank(b) || a.element.id - b.element.id);
  const limit = Number(given.get("limit") ?? DEFAULT_LIMIT);
  const start = Number(Buffer.from(given.get("cursor") ?? "", "base64url").toString("utf8") || "0");
  const fields = new Set(fieldsOf(given));
  const results = candidates.slice(start, start + limit).map((candidate) => toPlace(candidate, fields));
  const next = new URLSearchParams(given);
  next.set("cursor", Buffer.from(String(start + limit)).toString("base64url"));
  return {
    headers:
      start + limit < candidates.length
        ? { link: `<https://places-api.foursquare.com/places/search?${next.toString()}>; rel="next"` }
        : {},
    body: Buffer.from(
      JSON.stringify({
        results,
        context: { geo_bounds: { circle: { center: { latitude, longitude }, radius } } },
      }),
    ),
  };
}

/** Above every id of a true place, which begin with the time that they were made at. */
const placeId = (id: number): string => `ffff${id.toString(16).padStart(20, "0")}`;

function toPlace(
  { element, category, distance, rating, popularity }: Candidate,
  fields: ReadonlySet<string>,
): object {
  const { tags, id } = element;
  const street = tags["addr:street"];
  const address = street && [street, tags["addr:housenumber"]].filter(Boolean).join(" ");
  const postcode = tags["addr:postcode"] ?? "";
  const locality = tags["addr:city"];
  const chance = hash32(`foursquare|${id}|details`);
  const icon = { prefix: "https://ss3.4sqi.net/img/categories_v2/food/default_", suffix: ".png" };
  const regular = regularOf(tags["opening_hours"] ?? "");
  const place: Readonly<Record<string, unknown>> = {
    fsq_place_id: placeId(id),
    name: tags["name"],
    latitude: element.lat,
    longitude: element.lon,
    categories: [{ fsq_category_id: category.id, name: category.name, short_name: category.name, icon }],
    location: {
      ...(address !== undefined && address !== "" && { address }),
      ...(locality !== undefined && { locality }),
      postcode,
      formatted_address: [address, [postcode, locality].filter(Boolean).join(" ")].filter(Boolean).join(", "),
    },
    tel: tags["phone"],
    website: tags["website"],
    link: `/places/${placeId(id)}`,
    distance,
    // One in thirty has closed for good, and is still found.
    date_closed: chance % 30 === 0 ? "2026-03-01" : undefined,
    date_refreshed: "2026-10-02",
    extended_location: {},
    related_places: {},
    social_media: {},
    rating: chance % 5 === 0 ? undefined : rating,
    popularity,
    stats: { total_photos: chance % 400, total_ratings: chance % 900, total_tips: chance % 90 },
    price: category.isEatery && chance % 3 !== 0 ? 1 + (chance % 4) : undefined,
    hours: regular.length === 0 ? undefined : { display: "Open until 10:00 PM", open_now: true, regular },
  };
  return Object.fromEntries(Object.entries(place).filter(([name]) => fields.has(name)));
}

const DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

interface RegularHours {
  readonly day: number;
  readonly open: string;
  readonly close: string;
}

/** `Mo-Fr 10:00-18:00,19:00-22:00`; what is written in another way is not known here. */
function regularOf(openingHours: string): RegularHours[] {
  const [, first = "", last = first, spans = ""] =
    /^(Mo|Tu|We|Th|Fr|Sa|Su)(?:-(Mo|Tu|We|Th|Fr|Sa|Su))? (\d{2}:\d{2}-\d{2}:\d{2}(?:,\d{2}:\d{2}-\d{2}:\d{2})*)$/.exec(
      openingHours,
    ) ?? [];
  const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
  if (from < 0 || to < from) return [];
  return DAYS.slice(from, to + 1).flatMap((_, offset) =>
    spans.split(",").map((span) => {
      const [open = "", close = ""] = span.replaceAll(":", "").split("-");
      return { day: from + offset + 1, open, close: close < open ? `+${close}` : close };
    }),
  );
}
