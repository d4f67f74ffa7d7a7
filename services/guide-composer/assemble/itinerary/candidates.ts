import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Section } from "../../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  SectionKind,
  type Listing,
  type Preferences,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Point } from "../distance.ts";
import type { Hours } from "../hours/hours.ts";
import { readHours } from "../hours/read-hours.ts";
import { isNamed, likeness, nameOf, toName } from "../listings/names.ts";
import { isVouchedFor } from "../verify/standing.ts";
import { singular } from "../words.ts";
import type { Role } from "./slots.ts";
import { roofOf } from "./weather.ts";

/** Metres from the destination's centre, in a plane that touches the ground there: enough for the ways of a day. */
export interface Position {
  readonly x: number;
  readonly y: number;
}

/** Straight way between two positions, metres. `Math.hypot` takes ten times as long. */
export const wayM = (a: Position, b: Position): number => Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2);

/** A listing that can be a stop, with what planning needs, computed once. */
export interface Candidate {
  readonly listing: Listing;
  readonly role: Role;
  /** Place in its section, best first from 0; further back for what is no attraction. */
  readonly rank: number;
  /** Whether the traveller named it. */
  readonly must: boolean;
  readonly hours: Hours | undefined;
  /** How long a visit takes, minutes; undefined when no provider says so. */
  readonly visitMinutes: number | undefined;
  readonly roof: "indoors" | "outdoors" | undefined;
  readonly position: Position | undefined;
}

/** An event with a time of day. */
export interface TimedEvent {
  readonly listing: Listing;
  readonly rank: number;
  readonly must: boolean;
  readonly startMs: number;
  readonly endMs: number | undefined;
  readonly position: Position | undefined;
}

/** Experiences for after dark; by day they are closed, or another thing. */
const EVENING_KINDS = new Set(
  "nightlife bar pub club nightclub live-music casino concert theatre theater opera cinema".split(" "),
);

/** Words of titles of houses where something is on in the evening, in the spelling of `names.ts`. */
const SHOW_WORDS = new Set("theater opera cinema nightclub casino cabaret".split(" "));

/**
 * Ranks by which an experience comes after an attraction of its rank: what to see comes first, and shops last, unless
 * somebody asks for them.
 */
const EXPERIENCE_RANKS = 4;
const SHOP_RANKS = 20;

/** The listing that each place which the traveller named means: the most alike title, then the best-ranked one. */
export function namedKeys(
  sections: readonly Section[],
  mustSee: readonly string[],
): ReadonlyMap<string, string> {
  if (mustSee.length === 0) return new Map();
  const titles = sections.flatMap(({ listings }) =>
    listings.map((listing) => ({ key: listing.key, name: nameOf(listing) })),
  );
  return new Map(
    mustSee.flatMap((asked) => {
      const wanted = toName(asked);
      const match =
        titles.find(({ name }) => likeness(name, wanted) === "equal") ??
        titles.find(({ name }) => likeness(name, wanted) === "similar") ??
        titles.find(({ name }) => isNamed(name, wanted));
      return match === undefined ? [] : [[asked, match.key] as const];
    }),
  );
}

/** Whether a traveller asks for something that is done in the evening, in the singular or plural. */
export const goesOut = ({ interests }: Preferences): boolean =>
  interests.some((interest) => EVENING_KINDS.has(interest) || EVENING_KINDS.has(singular(interest)));

/** Projects positions around a centre; the way across the antimeridian is the short one. */
export function createProjection(center: Point): (point: Point) => Position {
  const metresPerDegree = 111_195;
  const narrowing = Math.cos((center.latitude * Math.PI) / 180);
  return ({ latitude, longitude }) => ({
    x: (((longitude - center.longitude + 540) % 360) - 180) * metresPerDegree * narrowing,
    y: (latitude - center.latitude) * metresPerDegree,
  });
}

/**
 * Listings that can be stops. Only where the traveller named it: a neighborhood, for that is where the stops are, and a
 * place that nobody vouches for, which may not be there.
 */
export function toCandidates(
  sections: readonly Section[],
  named: ReadonlySet<string>,
  project: (point: Point) => Position,
  interests: readonly string[],
): readonly Candidate[] {
  const read = new Map<string, Hours | undefined>();
  const hoursOf = (text: string): Hours | undefined => {
    if (!read.has(text)) read.set(text, readHours(text));
    return read.get(text);
  };
  const seen = new Set<string>();
  return sections.flatMap((section) =>
    section.listings.flatMap((listing, rank): Candidate[] => {
      const must = named.has(listing.key);
      const role = roleOf(section.kind, listing, must);
      if (role === undefined || seen.has(listing.key) || !(must || isVouchedFor(listing))) return [];
      seen.add(listing.key);
      return [
        {
          listing,
          role,
          rank: rank + (section.kind === SectionKind.EXPERIENCES ? handicapOf(listing, interests) : 0),
          must,
          hours: hoursOf(listing.openingHours),
          visitMinutes: visitMinutesOf(listing),
          roof: role === "sight" ? roofOf(listing) : undefined,
          position: listing.location && project(listing.location),
        },
      ];
    }),
  );
}

function roleOf(kind: SectionKind, listing: Listing, must: boolean): Role | undefined {
  const { details } = listing;
  if (kind === SectionKind.RESTAURANTS) return "meal";
  if (kind === SectionKind.ATTRACTIONS) return "sight";
  if (kind === SectionKind.NEIGHBORHOODS) return must ? "sight" : undefined;
  if (kind !== SectionKind.EXPERIENCES) return undefined;
  const category = details.case === "experience" ? details.value.category : "";
  const isShow = nameOf(listing).whole.words.some((word) => SHOW_WORDS.has(word));
  return EVENING_KINDS.has(category) || isShow ? "evening" : "sight";
}

function handicapOf({ details }: Listing, interests: readonly string[]): number {
  const isShop = details.case === "experience" && details.value.category === "shopping";
  return isShop && !interests.includes("shopping") ? SHOP_RANKS : EXPERIENCE_RANKS;
}

function visitMinutesOf({ details }: Listing): number | undefined {
  const duration =
    details.case === "attraction"
      ? details.value.visitDuration
      : details.case === "experience"
        ? details.value.duration
        : undefined;
  const minutes = duration === undefined ? 0 : durationMs(duration) / 60_000;
  return minutes > 0 ? minutes : undefined;
}

/**
 * Events with a time of day; those of whole days, such as holidays, are no stop, nor is one that nobody vouches for
 * unless the traveller named it.
 */
export const toTimedEvents = (
  sections: readonly Section[],
  named: ReadonlySet<string>,
  project: (point: Point) => Position,
): readonly TimedEvent[] =>
  sections.flatMap(({ listings }) =>
    listings.flatMap((listing, rank) => {
      const window = listing.details.case === "event" ? listing.details.value.window : undefined;
      const must = named.has(listing.key);
      if (window?.startTime === undefined || window.allDay || !(must || isVouchedFor(listing))) return [];
      return [
        {
          listing,
          rank,
          must,
          startMs: timestampMs(window.startTime),
          endMs: window.endTime && timestampMs(window.endTime),
          position: listing.location && project(listing.location),
        },
      ];
    }),
  );
