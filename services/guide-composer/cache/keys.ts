import { createHash } from "node:crypto";

/** Raised whenever the meaning of cached bytes changes: a bump is a cold cache, never a misread. */
const SCHEMA_VERSION = 1;

const digest = (parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("base64url");

/**
 * Key of one content. The destination stands in braces, so that a Redis Cluster keeps all keys of a destination in
 * one slot and one `MGET` reads a whole plan.
 *
 * @param aspects everything besides the destination that the answer depends on, in a fixed order
 */
export const contentKey = (
  destination: string,
  kind: string,
  provider: string,
  aspects: readonly string[],
): string => `content/${SCHEMA_VERSION}/{${destination}}/${kind}/${provider}/${digest(aspects)}`;

/** Key of a whole guide, from its resource name. */
export const guideKey = (guideName: string): string => `guide/${SCHEMA_VERSION}/${guideName}`;

/** Resource name of the guide to a spec: all that its content depends on, and nothing else. */
export const guideName = (destination: string, inputs: readonly string[]): string =>
  `guides/${digest([String(SCHEMA_VERSION), destination, ...inputs])}`;

/** Key of what the geocoders said about a query that the gazetteer does not know. */
export const geocodeKey = (foldedQuery: string): string =>
  `geocode/${SCHEMA_VERSION}/${digest([foldedQuery])}`;

/** Key of a destination that only geocoders know, by its resource name. */
export const destinationKey = (destination: string): string =>
  `destination/${SCHEMA_VERSION}/{${destination}}`;
