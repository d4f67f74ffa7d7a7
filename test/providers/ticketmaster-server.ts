import { readFileSync } from "node:fs";
import { LRUCache } from "lru-cache";
import tzLookup from "tz-lookup";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { isoDayAt, isoDaysFrom, offsetSeconds } from "./world/local-time.ts";
import { createRandom, hash32, type Random } from "./world/random.ts";
import { ADJECTIVES, NOUNS, STREETS } from "./world/words.ts";
import { distanceM, type World } from "./world/world.ts";
import type { Worlds } from "./world/worlds.ts";

const MAX_CACHED_BYTES = 64 << 20;
const DEFAULT_SIZE = 20;
const MAX_SIZE = 200;
const MAX_DEPTH = 1_000;
const MAX_SPAN_DAYS = 60;
const KM_PER_MILE = 1.609344;
const UTC_TEXT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const QUOTA = 5_000;
const DAY_MS = 86_400_000;

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/ticketmaster/${name}`, import.meta.url), "utf8");

const INVALID_KEY: Reply = { status: 401, body: fixture("error-401-invalid-apikey.json") };
const MISSING_KEY: Reply = {
  status: 401,
  body: JSON.stringify({
    fault: {
      faultstring: "Failed to resolve API Key variable request.queryparam.apikey",
      detail: { errorcode: "steps.oauth.v2.FailedToResolveAPIKey" },
    },
  }),
};
export const TICKETMASTER_FAULTS = {
  "rate-limit": { status: 429, body: fixture("error-429-quota.json") },
};

/** What the gateway lets in: it knows the keys that it has given out. */
const KEY = /^[\w-]{8,}$/;

const badRequest = (code: string, detail: string): Reply => ({
  status: 400,
  body: JSON.stringify({
    errors: [
      {
        _links: { about: { href: `/discovery/v2/errors.html#${code}` } },
        code,
        detail,
        status: "400 BAD_REQUEST",
      },
    ],
  }),
});

/** Ticketmaster's events search: what takes place in the city of a point on each of its days. */
export function createTicketmaster(
  worlds: Worlds,
  seed: number,
  now: () => number,
): (request: ReceivedRequest) => Reply {
  const cached = new LRUCache<string, Buffer>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: (body) => body.length,
  });
  const startMs = now();
  let callCount = 0;

  return ({ url }) => {
    const given = new URLSearchParams(url.searchParams);
    const key = given.get("apikey");
    if (key === null) return MISSING_KEY;
    if (!KEY.test(key)) return INVALID_KEY;
    if (url.pathname !== "/discovery/v2/events.json" && url.pathname !== "/discovery/v2/events")
      return {
        status: 404,
        body: JSON.stringify({ errors: [{ code: "DIS1004", detail: "Resource not found", status: "404" }] }),
      };
    given.delete("apikey");
    const problem = problemOf(given);
    callCount += 1;
    if (problem !== undefined) return problem;
    const asked = given.toString();
    const body = cached.get(asked) ?? Buffer.from(JSON.stringify(answer(given, worlds, seed)));
    cached.set(asked, body);
    return {
      headers: {
        "rate-limit": String(QUOTA),
        "rate-limit-available": String(Math.max(0, QUOTA - callCount)),
        "rate-limit-over": "0",
        "rate-limit-reset": String(startMs + DAY_MS),
      },
      body,
    };
  };
}

function problemOf(given: URLSearchParams): Reply | undefined {
  const size = Number(given.get("size") ?? DEFAULT_SIZE);
  const page = Number(given.get("page") ?? 0);
  if (!Number.isInteger(size) || size < 0 || size > MAX_SIZE)
    return badRequest("DIS1036", 'Query param "size" must be less than 200');
  if (!Number.isInteger(page) || page < 0 || size * page > MAX_DEPTH)
    return badRequest(
      "DIS1035",
      "API Limits Exceeded: Max paging depth exceeded. (page * size) must be less than 1,000",
    );
  const times = [given.get("startDateTime"), given.get("endDateTime")].filter((text) => text !== null);
  if (times.some((text) => !UTC_TEXT.test(text)))
    return badRequest(
      "DIS1015",
      "Query param with date must be of valid format YYYY-MM-DDTHH:mm:ssZ {example: 2020-08-01T14:00:00Z }",
    );
  const latlong = given.get("latlong");
  if (latlong !== null && !/^-?\d+(\.\d+)?,-?\d+(\.\d+)?$/.test(latlong))
    return badRequest("DIS1004", 'Query param "latlong" must be of valid format');
  return undefined;
}

interface TestEvent {
  readonly relevance: number;
  readonly startMs: number;
  readonly locale: string;
  readonly apartM: number;
  readonly event: object;
}

function answer(given: URLSearchParams, worlds: Worlds, seed: number): object {
  const [latitude, longitude] = pointOf(given, worlds);
  const radius = Number(given.get("radius") ?? 50) * (given.get("unit") === "km" ? 1 : KM_PER_MILE);
  const fromMs = Date.parse(given.get("startDateTime") ?? "");
  const toMs = Date.parse(given.get("endDateTime") ?? "");
  const locale = given.get("locale") ?? "en-us";
  const found =
    latitude === undefined || longitude === undefined || Number.isNaN(fromMs) || Number.isNaN(toMs)
      ? []
      : eventsOf(worlds.at(latitude, longitude), seed, latitude, longitude, fromMs, toMs).filter(
          (each) =>
            each.startMs >= fromMs &&
            each.startMs <= toMs &&
            each.apartM <= radius * 1_000 &&
            (locale === "*" || each.locale === locale),
        );
  const byDate = given.get("sort") === "date,asc";
  found.sort((a, b) => (byDate ? a.startMs - b.startMs : b.relevance - a.relevance));
  const size = Number(given.get("size") ?? DEFAULT_SIZE);
  const number = Number(given.get("page") ?? 0);
  const shown = found.slice(number * size, (number + 1) * size);
  return {
    ...(shown.length > 0 && { _embedded: { events: shown.map(({ event }) => event) } }),
    _links: { self: { href: `/discovery/v2/events.json?${given.toString()}` } },
    page: {
      size,
      totalElements: found.length,
      totalPages: size === 0 ? 0 : Math.ceil(found.length / size),
      number,
    },
  };
}

function pointOf(given: URLSearchParams, worlds: Worlds): [number | undefined, number | undefined] {
  const latlong = given.get("latlong");
  if (latlong !== null) {
    const [latitude, longitude] = latlong.split(",").map(Number);
    return [latitude, longitude];
  }
  const page = worlds.find(given.get("city") ?? "");
  const direct = page !== undefined && "redirectTo" in page ? worlds.find(page.redirectTo) : page;
  const place = direct !== undefined && "article" in direct ? direct.article.coordinates : undefined;
  return [place?.lat, place?.lon];
}

function eventsOf(
  world: World,
  seed: number,
  latitude: number,
  longitude: number,
  fromMs: number,
  toMs: number,
): TestEvent[] {
  const timeZone = tzLookup(world.latitude, world.longitude);
  const first = isoDayAt(fromMs, timeZone);
  const last = isoDayAt(Math.min(toMs, fromMs + MAX_SPAN_DAYS * DAY_MS), timeZone);
  const place: EventPlace = { seed, world, timeZone, latitude, longitude };
  return isoDaysFrom(first, last).flatMap((day) => eventsOn(day, place));
}

interface EventPlace {
  readonly seed: number;
  readonly world: World;
  readonly timeZone: string;
  readonly latitude: number;
  readonly longitude: number;
}

const kind = (segment: string, genre: string, subGenre: string, ending: string) => ({
  segment,
  genre,
  subGenre,
  ending,
});
const KINDS = [
  kind("Music", "Rock", "Alternative Rock", "Live"),
  kind("Music", "Undefined", "Undefined", "in Concert"),
  kind("Arts & Theatre", "Theatre", "Drama", "The Play"),
  kind("Arts & Theatre", "Comedy", "Comedy", "Stand-up"),
  kind("Sports", "Basketball", "Undefined", "v. Visitors"),
  kind("Miscellaneous", "Family", "Other", "on Ice"),
] as const;
const VENUE_ENDINGS = ["Arena", "Hall", "Theatre", "Club"] as const;
const STATUSES = ["onsale", "onsale", "onsale", "onsale", "offsale", "rescheduled", "cancelled"] as const;
const TIMES = ["14:00:00", "19:30:00", "20:00:00", "21:00:00"] as const;

function eventsOn(day: string, place: EventPlace): TestEvent[] {
  const random = createRandom(`${place.seed}|ticketmaster|${place.world.title}|${day}`);
  return Array.from({ length: random.whole(1, 4) }, (_, index) =>
    toEvent(`${place.world.title}|${day}|${index}`, day, random, place),
  );
}

function toEvent(identity: string, day: string, random: Random, place: EventPlace): TestEvent {
  const { timeZone, world } = place;
  const id = `Z7r9jZ${hash32(identity).toString(36)}`;
  const { segment, genre, subGenre, ending } = random.pick(KINDS);
  const name = `${random.pick(ADJECTIVES)} ${random.pick(NOUNS)} ${ending}`;
  const time = random.pick(TIMES);
  const timed = !random.happens(0.15);
  const status = random.pick(STATUSES);
  const utcMs = Date.parse(`${day}T${time}Z`);
  const startMs = utcMs - offsetSeconds(utcMs, timeZone) * 1_000;
  const [lat, lon] = [world.latitude + random.around(0.02), world.longitude + random.around(0.02)];
  const price = random.whole(15, 90);
  const named = (text: string) => ({ id: `KZ${hash32(text).toString(36)}`, name: text });
  const locale = "en-us";
  return {
    relevance: random.next(),
    startMs,
    locale,
    apartM: distanceM(place.latitude, place.longitude, lat, lon),
    event: {
      name,
      type: "event",
      id,
      test: false,
      url: `https://www.ticketmaster.com/event/${id}`,
      locale,
      images: [],
      ...(random.happens(0.3) && {
        info: "Doors open an hour before the start. Bags are searched at the door.",
      }),
      ...(random.happens(0.5) && {
        priceRanges: [
          {
            type: "standard",
            currency: timeZone.startsWith("America/") ? "USD" : "EUR",
            min: price,
            max: price + 30.5,
          },
        ],
      }),
      dates: {
        start: {
          localDate: day,
          ...(timed && { localTime: time, dateTime: new Date(startMs).toISOString().replace(".000Z", "Z") }),
          dateTBD: false,
          dateTBA: false,
          timeTBA: false,
          noSpecificTime: !timed,
        },
        ...(random.happens(0.7) && { timezone: timeZone }),
        status: { code: status },
        spanMultipleDays: false,
      },
      classifications: [
        {
          primary: true,
          segment: named(segment),
          genre: named(genre),
          subGenre: named(subGenre),
          family: false,
        },
      ],
      _embedded: {
        venues: [
          {
            name: `${random.pick(NOUNS)} ${random.pick(VENUE_ENDINGS)}`,
            type: "venue",
            id: `Z198x${hash32(`${identity}|venue`).toString(36)}`,
            test: false,
            locale,
            postalCode: String(10_000 + (hash32(world.title) % 80_000)),
            timezone: timeZone,
            city: { name: world.title.replace(/ \(.*/, "") },
            address: { line1: `${random.whole(1, 120)} ${random.pick(STREETS)}` },
            location: { longitude: lon.toFixed(8), latitude: lat.toFixed(8) },
          },
        ],
      },
    },
  };
}
