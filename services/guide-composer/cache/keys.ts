import { hash } from "node:crypto";
import type { EvictionScope } from "./store.ts";

/** Raised whenever the meaning of cached bytes changes: a bump is a cold cache, never a misread. */
const SCHEMA_VERSION = 2;

/** What every key of ours in a shared Redis begins with. */
const PREFIX = `wayfarer/${SCHEMA_VERSION}`;

/** Length of a digest as it stands in keys and guide names: SHA-256 in base64url. */
const DIGEST_LENGTH = 43;

const digest = (parts: readonly string[]): string => hash("sha256", JSON.stringify(parts), "base64url");

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
): string => `${PREFIX}/content/{${destination}}/${kind}/${provider}/${digest(aspects)}`;

const guideKeyOf = (destination: string, id: string): string => `${PREFIX}/guide/{${destination}}/${id}`;

export interface GuideIdentity {
  /** `guides/{guide}`. */
  readonly name: string;
  readonly key: string;
}

/** Names the guide to a spec by all that its content depends on, and nothing else. */
export function identifyGuide(destination: string, inputs: readonly string[]): GuideIdentity {
  const id = digest([String(SCHEMA_VERSION), destination, ...inputs]);
  return {
    name: `guides/${id}-${destination.replace(/^destinations\//, "")}`,
    key: guideKeyOf(destination, id),
  };
}

/** Key of a whole guide from its resource name; undefined when no guide can have that name. */
export function guideKey(name: string): string | undefined {
  const id = name.replace(/^guides\//, "");
  const destination = id.slice(DIGEST_LENGTH + 1);
  return id.charAt(DIGEST_LENGTH) === "-" && /^[\w-]{1,40}$/.test(destination)
    ? guideKeyOf(`destinations/${destination}`, id.slice(0, DIGEST_LENGTH))
    : undefined;
}

/**
 * Key of what a language model found in a guide, in the guide's slot and scope.
 *
 * @param etag of the guide: what was reviewed
 */
export const reviewKey = (keyOfGuide: string, provider: string, etag: string): string =>
  `${keyOfGuide}/review/${digest([provider, etag])}`;

/** Key of what the geocoders said about a query that the gazetteer does not know. */
export const geocodeKey = (foldedQuery: string): string => `${PREFIX}/geocode/{${digest([foldedQuery])}}`;

/** Key of a destination that only geocoders know, by its resource name. */
export const destinationKey = (destination: string): string => `${PREFIX}/destination/{${destination}}`;

/** Key of the right to load what is under a key, in the same slot. */
export const leaseKey = (key: string): string => `${key}/lease`;

/** Channel on which composers tell each other what has changed. */
export const BUS_CHANNEL = `${PREFIX}/bus`;

/** Stream of the evictions, for composers that were cut off from the channel. */
export const EVICTIONS_KEY = `${PREFIX}/evictions`;

/** Hash of the cluster's counters. */
export const CLUSTER_TALLY_KEY = `${PREFIX}/tally`;

/** Sorted set of what was asked for in an era of days; all eras in one slot. */
export const popularityKey = (era: number): string => `${PREFIX}/{popularity}/${era}`;

/** Lease of the process that warms. */
export const LEADER_KEY = `${PREFIX}/leader`;

/** Keys that are no entries: an eviction leaves them alone. */
const NO_ENTRIES = new Set(["bus", "evictions", "tally", "{popularity}", "leader"]);

/** Whether an eviction means what is under a key, its lease included. Geocoder answers belong to no scope but all. */
export function isInScope(key: string, scope: EvictionScope): boolean {
  if (!key.startsWith(`${PREFIX}/`)) return false;
  const [type = "", ...rest] = key.slice(PREFIX.length + 1).split("/");
  const { destination, kind, provider } = scope;
  if (destination === undefined && kind === undefined && provider === undefined) return !NO_ENTRIES.has(type);
  if (destination !== undefined && !key.includes(`/{${destination}}`)) return false;
  if (type === "guide") return true;
  if (type !== "content") return kind === undefined && provider === undefined && destination !== undefined;
  // content / {destinations / id} / KIND / providers / id / digest
  const [, , ownKind, providers, providerId] = rest;
  return (
    (kind === undefined || kind === ownKind) &&
    (provider === undefined || provider === `${providers}/${providerId}`)
  );
}

/** Pattern for `SCAN` that finds at least every key of a scope; `isInScope` decides. */
export const scanPattern = ({ destination }: EvictionScope): string =>
  destination === undefined
    ? `${PREFIX}/*`
    : `${PREFIX}/*{${destination.replaceAll(/[\\*?[\]]/g, String.raw`\$&`)}}*`;
