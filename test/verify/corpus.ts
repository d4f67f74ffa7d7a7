import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ContentSchema, type Content } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  DestinationSchema,
  Evidence_Kind,
  ListingSchema,
  ProviderIdSchema,
  SectionKind,
  type Destination,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { suffixesOf } from "../../services/content-fetcher/providers/osm/tags.ts";
import {
  toListings,
  toPlaces,
  type Place,
} from "../../services/content-fetcher/providers/overpass/listing.ts";
import { likeness, nameOf, toName } from "../../services/guide-composer/assemble/listings/names.ts";
import { createRandom, type Random } from "../providers/world/random.ts";
import { ADJECTIVES, NOUNS, STREETS } from "../providers/world/words.ts";
import type { World } from "../providers/world/world.ts";
import type { Worlds } from "../providers/world/worlds.ts";
import { spell } from "./spellings.ts";

/**
 * What a language model may name, and whether it is right to.
 *
 * Right are `real` places, which the map's answer has; `unlisted` ones, which are as real but which its selection lacks;
 * and `branches`, unlisted ones of a listed restaurant. The others are wrong. Of these the last three leave no trace in
 * anything that a composer can see: no data of the destination tells them from unlisted places. They are counted apart.
 * So would be a place that has closed and that nobody lists any more: it would be drawn just as an unlisted one is.
 */
export const CLASSES = [
  "real",
  "unlisted",
  "branch",
  "invented",
  "moved",
  "renamed",
  "foreign",
  "closed",
  "invented, with a page of another place",
  "renamed, without an address",
  "foreign, put inside",
] as const;
export type Class = (typeof CLASSES)[number];
export const RIGHT: ReadonlySet<Class> = new Set<Class>(["real", "unlisted", "branch"]);
export const TRACELESS: ReadonlySet<Class> = new Set<Class>([
  "invented, with a page of another place",
  "renamed, without an address",
  "foreign, put inside",
]);

export interface NamedPlace {
  readonly class: Class;
  readonly listing: Listing;
}

/** What a composer has on one destination: what others answered, and what a model named. */
export interface Case {
  readonly destination: Destination;
  readonly contents: readonly Content[];
  readonly named: readonly NamedPlace[];
}

/** Written cities have the names of true ones in three languages; generated ones are larger. */
export interface City {
  readonly title: string;
  readonly latitude: number;
  readonly longitude: number;
}

const PER_CLASS_COUNT = 40;
/** Branches that no selection of a city's places has are not as frequent. */
const BRANCH_COUNT = 10;
const MAX_LISTING_COUNT = 60;
const KINDS = [
  SectionKind.ATTRACTIONS,
  SectionKind.RESTAURANTS,
  SectionKind.NEIGHBORHOODS,
  SectionKind.EXPERIENCES,
] as const;
/** Part of a city's places that the map's answer lacks, besides those beyond its length. */
const HIDDEN_SHARE = 0.2;
/** Part of the places that a places API knows to be closed for now; as many the map marks as gone. */
const CLOSED_SHARE = 0.08;
/** How often models state a position or an address, and cite a page about the place that was found. */
const PLACED_SHARE = 0.6;
const ADDRESS_SHARE = 0.8;
const PAGE_SHARE = 0.7;
/** How far two sources put one house from each other, metres. */
const MAX_SLIP_M = 150;
/** How far off what is elsewhere is, metres. */
const [MIN_MOVE_M, MAX_MOVE_M] = [1_500, 12_000];
const METERS_PER_DEGREE = 111_195;
const FETCH_TIME = timestampFromMs(Date.UTC(2026, 10, 24, 12));
const TELLER = {
  provider: "providers/overpass",
  suffixes: suffixesOf("en"),
  countryCode: "",
  fetchTime: FETCH_TIME,
};

/** A place of the world, as the map would list it. */
interface Spot {
  readonly listing: Listing;
  readonly localName: string;
  readonly street: string;
}

/**
 * One case for each city, the same for the same seed.
 *
 * @param cities foreign places come from the next city of the list
 */
export function drawCorpus(worlds: Worlds, cities: readonly City[], seed: string): Case[] {
  const all = cities.map((city) => {
    const world = worlds.at(city.latitude, city.longitude);
    return { city, spots: KINDS.flatMap((kind) => spotsOf(world, kind)) };
  });
  return all.flatMap(({ city, spots }, index) => {
    const abroad = all[(index + 1) % all.length];
    return abroad === undefined ? [] : [drawCase(city, spots, abroad, `${seed}|${city.title}`)];
  });
}

function spotsOf(world: World, kind: SectionKind): Spot[] {
  const places = toPlaces(world.elements).filter(({ kinds }) => kinds.includes(kind));
  return places.flatMap((place: Place): Spot[] => {
    const [init] = toListings(kind, [place], TELLER, 1);
    const { tags } = place;
    const street = [tags["addr:street"], tags["addr:housenumber"]].filter(Boolean).join(" ");
    return init === undefined
      ? []
      : [{ listing: create(ListingSchema, init), localName: tags["name"] ?? "", street }];
  });
}

interface Town {
  readonly city: City;
  readonly spots: readonly Spot[];
}

function drawCase(city: City, spots: readonly Spot[], abroad: Town, seed: string): Case {
  const random = createRandom(seed);
  const isHidden = new Map(spots.map((spot) => [spot, random.happens(HIDDEN_SHARE)]));
  const listed = KINDS.flatMap((kind) =>
    spots.filter((spot) => isHidden.get(spot) === false && kindOf(spot) === kind).slice(0, MAX_LISTING_COUNT),
  );
  const unlisted = spots.filter(
    (spot) => !listed.some(({ listing }) => listing.title === spot.listing.title),
  );
  const [pausing, gone, open] = inThree(listed, CLOSED_SHARE, random);
  const houses = open.filter(
    ({ listing, street }) =>
      (listing.details.case === "restaurant" || listing.details.case === "experience") && /\d/.test(street),
  );
  const strangers = abroad.spots.filter(({ listing: { title } }) => isNobodys(title, spots));
  const model = createModel(random, city);
  const draws: Readonly<Record<Class, () => Listing | undefined>> = {
    real: () => model.name(pick(random, open), { placed: true }),
    unlisted: () => model.name(pick(random, unlisted), { placed: true, page: true }),
    branch: () => model.open(pick(random, houses)),
    invented: () => model.invent(spots, false),
    moved: () => model.move(pick(random, open)),
    renamed: () => model.rename(pick(random, houses), spots, true),
    foreign: () => model.name(pick(random, strangers), { spelled: false, city: abroad.city }),
    closed: () => model.name(pick(random, [...pausing, ...gone]), { placed: true }),
    "invented, with a page of another place": () => model.invent(spots, true),
    "renamed, without an address": () => model.rename(pick(random, houses), spots, false),
    "foreign, put inside": () => {
      const stranger = model.name(pick(random, strangers), { spelled: false, page: true });
      return stranger && { ...stranger, location: somewhere(random, city) };
    },
  };
  return {
    destination: create(DestinationSchema, {
      name: `destinations/${city.title}`,
      displayName: city.title,
      location: { latitude: city.latitude, longitude: city.longitude },
    }),
    contents: [
      ...KINDS.map((kind) => {
        const [shown, over] = [[...open, ...pausing], gone].map((some) =>
          some.filter((spot) => kindOf(spot) === kind).map(({ listing }) => listing),
        );
        return contentOf("providers/overpass", kind, shown ?? [], over);
      }),
      contentOf(
        "providers/google-places",
        SectionKind.RESTAURANTS,
        pausing.map(({ listing }, index) => ({
          ...listing,
          openingHours: "Temporarily closed",
          providerIds: [
            create(ProviderIdSchema, { provider: "providers/google-places", id: `place-${index}` }),
          ],
        })),
      ),
    ],
    named: CLASSES.flatMap((each) =>
      Array.from({ length: each === "branch" ? BRANCH_COUNT : PER_CLASS_COUNT }, () => draws[each]()).flatMap(
        (listing) => (listing === undefined ? [] : [{ class: each, listing }]),
      ),
    ),
  };
}

const KIND_OF = {
  attraction: SectionKind.ATTRACTIONS,
  restaurant: SectionKind.RESTAURANTS,
  neighborhood: SectionKind.NEIGHBORHOODS,
  experience: SectionKind.EXPERIENCES,
  event: SectionKind.EVENTS,
} as const;

const kindOf = ({ listing: { details } }: Spot): SectionKind =>
  details.case === undefined ? SectionKind.UNSPECIFIED : KIND_OF[details.case];

const contentOf = (
  provider: string,
  sectionKind: SectionKind,
  listings: readonly Listing[],
  closedListings: readonly Listing[] = [],
): Content =>
  create(ContentSchema, {
    provider,
    sectionKind,
    fetchTime: FETCH_TIME,
    listings: [...listings],
    closedListings: [...closedListings],
  });

/** Two parts of the given share each, and the rest. */
function inThree<T>(values: readonly T[], share: number, random: Random): readonly [T[], T[], T[]] {
  const parts: readonly [T[], T[], T[]] = [[], [], []];
  for (const value of values) {
    const chance = random.next();
    parts[chance < share ? 0 : chance < 2 * share ? 1 : 2].push(value);
  }
  return parts;
}

function pick<T>(random: Random, values: readonly T[]): T | undefined {
  return values[random.whole(0, values.length - 1)];
}

function isNobodys(title: string, spots: readonly Spot[]): boolean {
  const name = toName(title);
  return !spots.some(({ listing }) => likeness(name, nameOf(listing)) !== "different");
}

function away(
  from: { readonly latitude: number; readonly longitude: number },
  meters: number,
  random: Random,
) {
  const angle = random.next() * 2 * Math.PI;
  const shrink = Math.cos((from.latitude * Math.PI) / 180);
  return {
    $typeName: "google.type.LatLng" as const,
    latitude: from.latitude + (Math.sin(angle) * meters) / METERS_PER_DEGREE,
    longitude: from.longitude + (Math.cos(angle) * meters) / (METERS_PER_DEGREE * shrink),
  };
}

/** A point among the city's places. */
const somewhere = (random: Random, city: City) => away(city, random.next() * 2_000, random);

interface Naming {
  /** Whether it is surely given a position. */
  readonly placed?: boolean;
  /** Whether its page was surely found. */
  readonly page?: boolean;
  /** Whether it may be written otherwise. */
  readonly spelled?: boolean;
  /** The city that its address names; default: the destination. */
  readonly city?: City;
}

/** Names places as a language model with a search does. */
function createModel(random: Random, city: City) {
  function state(title: string, spot: Spot, naming: Naming & { readonly addressed?: boolean }): Listing {
    const placed = naming.placed ?? random.happens(PLACED_SHARE);
    const addressed = naming.addressed ?? random.happens(ADDRESS_SHARE);
    const found = naming.page ?? random.happens(PAGE_SHARE);
    const { location, details } = spot.listing;
    const slipped = location && away(location, random.next() * MAX_SLIP_M, random);
    return create(ListingSchema, {
      key: title,
      title,
      ...(placed && slipped && { location: slipped }),
      address: addressed && spot.street !== "" ? `${spot.street}, ${(naming.city ?? city).title}` : "",
      citations: [{ provider: "providers/model", title: "a page", uri: "https://example.org/page" }],
      verification: {
        evidence: found
          ? [
              {
                kind: Evidence_Kind.CITED_PAGE_FOUND,
                provider: "providers/model",
                reference: "https://example.org/page",
              },
            ]
          : [],
      },
      details,
    });
  }

  function newName(spots: readonly Spot[]): string {
    for (;;) {
      const like = pick(random, spots)?.listing.title.split(" ") ?? [];
      // Half of them one word away from a true one, which is what is hardest to tell.
      const title =
        random.happens(0.5) && like.length > 1
          ? like.with(random.whole(0, like.length - 1), random.pick(NOUNS)).join(" ")
          : `${random.pick(ADJECTIVES)} ${random.pick(NOUNS)}`;
      if (spots.every(({ listing }) => likeness(toName(title), nameOf(listing)) !== "equal")) return title;
    }
  }

  return {
    name: (spot: Spot | undefined, naming: Naming): Listing | undefined => {
      if (spot === undefined) return undefined;
      const { title } = spot.listing;
      const spelled = naming.spelled ?? true;
      return state(spelled ? spell(title, spot.localName, city.title, random) : title, spot, naming);
    },
    /** Near the place whose kind it has, or anywhere. */
    invent: (spots: readonly Spot[], page: boolean): Listing | undefined => {
      const spot = pick(random, spots);
      if (spot === undefined) return undefined;
      const street = `${random.pick(STREETS)} ${random.whole(1, 120)}`;
      const location = random.happens(0.5) ? spot.listing.location : somewhere(random, city);
      const at = { ...spot, street, listing: { ...spot.listing, ...(location && { location }) } };
      return state(newName(spots), at, page ? { placed: true, page } : { page });
    },
    /** Another branch, in another street. */
    open: (spot: Spot | undefined): Listing | undefined => {
      if (spot === undefined) return undefined;
      const street = `${random.pick(STREETS)} ${random.whole(1, 120)}`;
      const at = { ...spot, street, listing: { ...spot.listing, location: somewhere(random, city) } };
      return state(spot.listing.title, at, { placed: true, page: true });
    },
    /** Far enough to send a traveller to the wrong end of the town, or beyond it. */
    move: (spot: Spot | undefined): Listing | undefined => {
      if (spot?.listing.location === undefined) return undefined;
      const meters = MIN_MOVE_M * (MAX_MOVE_M / MIN_MOVE_M) ** random.next();
      const location = away(spot.listing.location, meters, random);
      return state(spot.listing.title, { ...spot, listing: { ...spot.listing, location } }, { placed: true });
    },
    /** What stood there before, or what the model takes it for. */
    rename: (spot: Spot | undefined, spots: readonly Spot[], addressed: boolean): Listing | undefined =>
      spot &&
      state(newName(spots), spot, addressed ? { addressed } : { addressed, placed: true, page: true }),
  };
}
