import { SectionKind, SectionKindSchema } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A kind that this build has a row for. Values of the enum may be added, so a message can hold another one. */
export type KnownKind = (typeof SectionKind)[keyof typeof SectionKind];

export const isKnownKind = (kind: SectionKind): kind is KnownKind => kind in SECTION_LIFE_MS;

/** All kinds that a guide can have, in the order of their numbers: the default order of a guide. */
export const SECTION_KINDS = [
  SectionKind.OVERVIEW,
  SectionKind.WEATHER,
  SectionKind.ATTRACTIONS,
  SectionKind.RESTAURANTS,
  SectionKind.NEIGHBORHOODS,
  SectionKind.EVENTS,
  SectionKind.EXPERIENCES,
  SectionKind.PRACTICAL,
] as const;

/** How long content on a kind is valid after its fetch, unless terms or the provider's own expiry end it sooner. */
export const SECTION_LIFE_MS = {
  [SectionKind.UNSPECIFIED]: 0,
  [SectionKind.OVERVIEW]: 6 * HOUR_MS,
  [SectionKind.WEATHER]: 1 * HOUR_MS,
  [SectionKind.ATTRACTIONS]: 6 * HOUR_MS,
  [SectionKind.RESTAURANTS]: 6 * HOUR_MS,
  [SectionKind.NEIGHBORHOODS]: 7 * DAY_MS,
  [SectionKind.EVENTS]: 12 * HOUR_MS,
  [SectionKind.EXPERIENCES]: 6 * HOUR_MS,
  [SectionKind.PRACTICAL]: 6 * HOUR_MS,
} as const satisfies Record<KnownKind, number>;

/** Life of a kind, milliseconds; 0, which is never cached, for a kind that this build does not know. */
export const lifeMsOf = (kind: SectionKind): number => (isKnownKind(kind) ? SECTION_LIFE_MS[kind] : 0);

/** Heading of a section in a guide, in English, the one language that guides are written in so far. */
export const SECTION_TITLE = {
  [SectionKind.UNSPECIFIED]: "",
  [SectionKind.OVERVIEW]: "Overview",
  [SectionKind.WEATHER]: "Weather",
  [SectionKind.ATTRACTIONS]: "Attractions",
  [SectionKind.RESTAURANTS]: "Restaurants",
  [SectionKind.NEIGHBORHOODS]: "Neighborhoods",
  [SectionKind.EVENTS]: "Events",
  [SectionKind.EXPERIENCES]: "Experiences",
  [SectionKind.PRACTICAL]: "Practical",
} as const satisfies Record<KnownKind, string>;

/** Heading of a kind; empty for a kind that this build does not know. */
export const titleOf = (kind: SectionKind): string => (isKnownKind(kind) ? SECTION_TITLE[kind] : "");

/** Name of a kind without its prefix, for keys, messages, spans and metrics; its number for one that this build does not know. */
export const kindNameOf = (kind: SectionKind): string =>
  SectionKindSchema.value[kind]?.localName ?? String(kind);

/** Kinds whose sections consist of listings: what an itinerary is made of. */
export const LISTING_KINDS: readonly SectionKind[] = [
  SectionKind.ATTRACTIONS,
  SectionKind.RESTAURANTS,
  SectionKind.NEIGHBORHOODS,
  SectionKind.EVENTS,
  SectionKind.EXPERIENCES,
];
