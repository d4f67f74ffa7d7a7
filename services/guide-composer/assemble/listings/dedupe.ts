import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Listing } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { addressesAgree, addressesDiffer, toAddress, type Address } from "./address.ts";
import { distanceM, type Point } from "../distance.ts";
import { areEqual, isNamed, keysOf, likeness, nameOf, type Name } from "./names.ts";

/** Equal names of two providers this near to each other are one place. */
export const SAME_NAME_MAX_M = 500;
/** Similar names must be this near, and so must equal websites or phone numbers. */
export const SIMILAR_NAME_MAX_M = 150;
/** One provider tells its own places apart, but for those that it has twice: as a point and as a building. */
const SAME_PROVIDER_MAX_M = 60;
/** Map editors give the Wikidata id of a chain to its branches. */
export const SAME_ID_MAX_M = 2_000;
/** Sights have several entrances; up to here two addresses may be two sides of one. */
const SIDES_MAX_M = 100;
/** 500 m of latitude, in degrees. */
const WINDOW_DEGREES = 0.0045;
const HOUR_MS = 3_600_000;

/** A listing with what comparing needs, computed once at most. */
class Candidate {
  readonly listing: Listing;
  /** Which of the lists it is from. */
  readonly list: number;
  readonly name: Name;
  readonly location: Point | undefined;
  /** Of an event. */
  readonly startMs: number | undefined;
  readonly allDay: boolean;
  #address: Address | undefined;

  constructor(listing: Listing, list: number) {
    const window = listing.details.case === "event" ? listing.details.value.window : undefined;
    this.listing = listing;
    this.list = list;
    this.name = nameOf(listing);
    this.location = listing.location;
    this.startMs = window?.startTime && timestampMs(window.startTime);
    this.allDay = window?.allDay ?? false;
  }

  get address(): Address {
    this.#address ??= toAddress(this.listing.address);
    return this.#address;
  }
}

/** Orders candidates by what they are, so that the order of the lists does not matter. */
function compareCandidates(a: Candidate | undefined, b: Candidate | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const [left, right] = [a.listing, b.listing];
  return (
    compare(left.title, right.title) ||
    compare(a.location?.latitude ?? 0, b.location?.latitude ?? 0) ||
    compare(a.location?.longitude ?? 0, b.location?.longitude ?? 0) ||
    compare(a.startMs ?? 0, b.startMs ?? 0) ||
    compare(left.address, right.address) ||
    compare(left.wikidataId, right.wikidataId) ||
    compare(sourcesOf(left), sourcesOf(right))
  );
}

const compare = <T extends string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

const sourcesOf = ({ providerIds, citations }: Listing): string =>
  JSON.stringify([
    providerIds.map(({ provider, id }) => [provider, id]),
    citations.map(({ provider, uri, title }) => [provider, uri, title]),
  ]);

/** What speaks for two listings being one place, strongest first. */
const STRENGTH = { providerId: 0, wikidataId: 1, equalName: 2, similarName: 3 } as const;

interface Pair {
  readonly a: number;
  readonly b: number;
  readonly strength: number;
  /** Metres; hours for events. */
  readonly apart: number;
}

/**
 * Groups the listings that are one place or event. Which ones come together depends on the listings alone, not on the
 * order of the lists: the strongest and nearest pairs are joined first, and no group ever holds two listings that cannot
 * be one. So a third listing never joins two branches of a chain.
 *
 * @param lists one per provider
 * @returns groups of indices into `lists.flat()`, each in ascending order, ordered by their first
 */
export function groupListings(lists: readonly (readonly Listing[])[]): number[][] {
  const candidates = lists.flatMap((listings, list) =>
    listings.map((listing) => new Candidate(listing, list)),
  );
  const groups = new Groups(candidates);
  const pairs = [...idPairs(candidates), ...eventPairs(candidates), ...placePairs(candidates)].map((pair) =>
    compareCandidates(candidates[pair.a], candidates[pair.b]) > 0 ? { ...pair, a: pair.b, b: pair.a } : pair,
  );
  pairs.sort(
    (left, right) =>
      left.strength - right.strength ||
      left.apart - right.apart ||
      compareCandidates(candidates[left.a], candidates[right.a]) ||
      compareCandidates(candidates[left.b], candidates[right.b]),
  );
  for (const { a, b } of pairs) groups.join(a, b);
  joinUnplaced(candidates, groups);
  return groups.list();
}

/** Whether two listings cannot be one place, whatever else speaks for it. */
function differ(a: Candidate, b: Candidate): boolean {
  const [left, right] = [a.listing, b.listing];
  if (left.wikidataId !== "" && right.wikidataId !== "" && left.wikidataId !== right.wikidataId) return true;
  if (a.startMs !== undefined && b.startMs !== undefined) return !sameStart(a, b);
  const apartM = a.location && b.location ? distanceM(a.location, b.location) : undefined;
  if (apartM !== undefined && apartM > SAME_ID_MAX_M) return true;
  if (hasSharedId(left, right) || isOneSubject(left, right)) return false;
  if (a.list === b.list && !isTwice(a, b, apartM)) return true;
  const sides = left.details.case === "attraction" && apartM !== undefined && apartM <= SIDES_MAX_M;
  return !sides && addressesDiffer(a.address, b.address);
}

/** Restaurants and the like may carry the id of their chain; a sight has one of its own. */
const isOneSubject = (a: Listing, b: Listing): boolean =>
  a.wikidataId !== "" &&
  a.wikidataId === b.wikidataId &&
  (a.details.case === "attraction" || a.details.case === "neighborhood");

const isTwice = (a: Candidate, b: Candidate, apartM: number | undefined): boolean =>
  likeness(a.name, b.name) === "equal" &&
  (apartM === undefined ? !a.location && !b.location : apartM <= SAME_PROVIDER_MAX_M);

const sameStart = (a: Candidate, b: Candidate): boolean =>
  Math.abs((a.startMs ?? 0) - (b.startMs ?? 0)) < (a.allDay || b.allDay ? 24 * HOUR_MS : HOUR_MS);

const hasSharedId = (a: Listing, b: Listing): boolean =>
  a.providerIds.some(({ provider, id }) =>
    b.providerIds.some((other) => other.provider === provider && other.id === id),
  );

/** Groups of candidates; two of them join only when no member of the one differs from a member of the other. */
class Groups {
  readonly #candidates: readonly Candidate[];
  readonly #group: number[][];

  constructor(candidates: readonly Candidate[]) {
    this.#candidates = candidates;
    this.#group = candidates.map((_, index) => [index]);
  }

  of(index: number): readonly number[] {
    return this.#group[index] ?? [];
  }

  canJoin(a: number, b: number): boolean {
    return !this.of(a).some((left) =>
      this.of(b).some((right) => {
        const [one, other] = [this.#candidates[left], this.#candidates[right]];
        return one === undefined || other === undefined || differ(one, other);
      }),
    );
  }

  join(a: number, b: number): void {
    if (this.of(a) === this.of(b) || !this.canJoin(a, b)) return;
    const joined = [...this.of(a), ...this.of(b)].sort((x, y) => x - y);
    for (const index of joined) this.#group[index] = joined;
  }

  list(): number[][] {
    return this.#group.filter((members, index) => members[0] === index);
  }
}

/** Pairs with an equal id of a provider or of Wikidata. */
function* idPairs(candidates: readonly Candidate[]): Generator<Pair> {
  const seen = new Map<string, number[]>();
  for (const [index, { listing }] of candidates.entries()) {
    for (const { provider, id } of listing.providerIds)
      yield* pairsWith(seen, `${provider} ${id}`, index, STRENGTH.providerId);
    if (listing.wikidataId !== "") yield* pairsWith(seen, listing.wikidataId, index, STRENGTH.wikidataId);
  }
}

function* pairsWith(
  seen: Map<string, number[]>,
  id: string,
  index: number,
  strength: number,
): Generator<Pair> {
  const others = seen.get(id);
  if (others === undefined) return void seen.set(id, [index]);
  for (const other of others) yield { a: other, b: index, strength, apart: 0 };
  others.push(index);
}

/** Pairs of events that begin together; where they happen is often stated by one of them only. */
function* eventPairs(candidates: readonly Candidate[]): Generator<Pair> {
  const events = candidates
    .map((candidate, index) => ({ candidate, index }))
    .filter(({ candidate }) => candidate.startMs !== undefined)
    .sort((a, b) => (a.candidate.startMs ?? 0) - (b.candidate.startMs ?? 0));
  for (const [position, { candidate, index }] of events.entries()) {
    for (let next = position + 1; next < events.length; next += 1) {
      const other = events[next];
      if (other === undefined) break;
      const apartMs = (other.candidate.startMs ?? 0) - (candidate.startMs ?? 0);
      if (apartMs >= 24 * HOUR_MS) break;
      const pair = namePair(candidate, other.candidate, index, other.index, apartMs / HOUR_MS);
      if (pair !== undefined) yield pair;
    }
  }
}

/** Pairs of places near to each other, found in a sweep from south to north. */
function* placePairs(candidates: readonly Candidate[]): Generator<Pair> {
  const placed = candidates
    .flatMap((candidate, index) =>
      candidate.location && candidate.startMs === undefined
        ? [{ candidate, index, location: candidate.location }]
        : [],
    )
    .sort((a, b) => a.location.latitude - b.location.latitude);
  for (const [position, { candidate, index, location }] of placed.entries()) {
    const widthDegrees = WINDOW_DEGREES / Math.max(0.01, Math.cos((location.latitude * Math.PI) / 180));
    for (let next = position + 1; next < placed.length; next += 1) {
      const other = placed[next];
      if (other === undefined || other.location.latitude - location.latitude > WINDOW_DEGREES) break;
      const turn = Math.abs(other.location.longitude - location.longitude);
      if (Math.min(turn, 360 - turn) > widthDegrees) continue;
      const pair = namePair(
        candidate,
        other.candidate,
        index,
        other.index,
        distanceM(location, other.location),
      );
      if (pair !== undefined) yield pair;
    }
  }
}

function namePair(a: Candidate, b: Candidate, left: number, right: number, apart: number): Pair | undefined {
  const isEvent = a.startMs !== undefined;
  // Most pairs are too far apart for anything but equal names, which are found without weighing words.
  if (!isEvent && apart > SIMILAR_NAME_MAX_M)
    return apart <= SAME_NAME_MAX_M && areEqual(a.name, b.name)
      ? { a: left, b: right, strength: STRENGTH.equalName, apart }
      : undefined;
  const alike = likeness(a.name, b.name);
  if (alike === "equal") return { a: left, b: right, strength: STRENGTH.equalName, apart };
  return alike === "similar" || (!isEvent && (sharesContact(a.listing, b.listing) || isFullerName(a, b)))
    ? { a: left, b: right, strength: STRENGTH.similarName, apart }
    : undefined;
}

/** The one name in the other ("Ribadouro", "Cervejaria Ribadouro"), at one address or with one page. */
const isFullerName = (a: Candidate, b: Candidate): boolean =>
  (addressesAgree(a.address, b.address) ||
    (a.listing.websiteUri !== "" && a.listing.websiteUri === b.listing.websiteUri)) &&
  (isNamed(a.name, b.name) || isNamed(b.name, a.name));

const digits = (phone: string): string => phone.replaceAll(/\D/g, "").slice(-8);

/** Names in two scripts cannot be compared; a page or a phone number of its own says as much. */
export const sharesContact = (a: Listing, b: Listing): boolean =>
  a.websiteUri !== "" &&
  a.websiteUri === b.websiteUri &&
  a.phone !== "" &&
  digits(a.phone).length >= 7 &&
  digits(a.phone) === digits(b.phone);

/**
 * Joins listings without a position to the one place of that name, or of a fuller one at their address. When several
 * places have it, only an equal address decides; else it stays by itself.
 */
function joinUnplaced(candidates: readonly Candidate[], groups: Groups): void {
  const unplaced = candidates
    .flatMap(({ location, startMs }, index) =>
      location === undefined && startMs === undefined ? [index] : [],
    )
    .sort((a, b) => compareCandidates(candidates[a], candidates[b]));
  if (unplaced.length === 0) return;
  const byKey = new Map<string, number[]>();
  for (const [index, { name, startMs }] of candidates.entries()) {
    if (startMs !== undefined) continue;
    for (const key of keysOf(name)) {
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, [index]);
      else known.push(index);
    }
  }
  for (const index of unplaced) {
    const own = candidates[index];
    if (own === undefined) continue;
    const others = new Set([
      ...keysOf(own.name).flatMap((key) => byKey.get(key) ?? []),
      ...candidates.keys().filter((other) => isAtOneAddress(own, candidates[other])),
    ]);
    const found = new Map<readonly number[], { readonly index: number; readonly agrees: boolean }>();
    for (const other of others) {
      const candidate = candidates[other];
      if (candidate === undefined || groups.of(other) === groups.of(index)) continue;
      const isOne = likeness(own.name, candidate.name) === "equal" || isAtOneAddress(own, candidate);
      if (!isOne || !groups.canJoin(index, other)) continue;
      const agrees = addressesAgree(own.address, candidate.address);
      const known = found.get(groups.of(other));
      if (known === undefined || (agrees && !known.agrees))
        found.set(groups.of(other), { index: other, agrees });
    }
    const groupsFound = [...found.values()];
    const agreeing = groupsFound.filter(({ agrees }) => agrees);
    const [only, second] = agreeing.length > 0 ? agreeing : groupsFound;
    if (only !== undefined && second === undefined) groups.join(index, only.index);
  }
}

const isAtOneAddress = (own: Candidate, other: Candidate | undefined): boolean =>
  other !== undefined &&
  other !== own &&
  other.startMs === undefined &&
  addressesAgree(own.address, other.address) &&
  isFullerName(own, other);
