import { hash } from "node:crypto";
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { GuideSchema } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";

/** Fields that say when and how something was had, not what a traveller can see. */
const UNSEEN = new Set([
  "createTime",
  "etag",
  "expireTime",
  "fetchTime",
  "freshness",
  "providerOutcomes",
  "publishTime",
  "status",
]);

/** Six bits each: 132 bits tell the versions of a guide apart. */
const DIGEST_CHARACTERS = 22;

/** Names of the visible fields of each message that a guide is made of, in the order of their numbers. */
const VISIBLE: ReadonlyMap<string, readonly string[]> = visibleFields(GuideSchema, new Map());

function visibleFields(
  desc: DescMessage,
  found: Map<string, readonly string[]>,
): Map<string, readonly string[]> {
  if (found.has(desc.typeName)) return found;
  found.set(
    desc.typeName,
    desc.members.map(({ localName }) => localName).filter((name) => !UNSEEN.has(name)),
  );
  for (const { message } of desc.fields) if (message !== undefined) visibleFields(message, found);
  return found;
}

/**
 * Digest of what a traveller can see in the parts: times and outcomes do not count, so that a refresh that finds
 * nothing new keeps it. Fields are read in a fixed order, because decoded messages hold theirs in the order of the wire.
 */
export function visibleDigest(parts: readonly (Message | readonly Message[] | string | undefined)[]): string {
  // One string that grows, because the engine keeps it as a rope: half the time of collecting pieces and joining them.
  let seen = "";
  for (const part of parts) seen = write(part, seen);
  return hash("sha256", seen.slice(SEPARATOR.length), "base64url").slice(0, DIGEST_CHARACTERS);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** The two fields of a oneof, in one order. */
const ONEOF = ["case", "value"] as const;

/** Stands before each piece; no text of a guide contains it. */
const SEPARATOR = "\u0000";

/** Adds a value behind what was seen so far. */
function write(value: unknown, before: string): string {
  if (typeof value === "string") return before + SEPARATOR + value;
  if (Array.isArray(value)) {
    let seen = `${before}${SEPARATOR}[`;
    for (const item of value) seen = write(item, seen);
    return `${seen}${SEPARATOR}]`;
  }
  if (isRecord(value)) {
    const { $typeName } = value;
    const names = typeof $typeName === "string" ? VISIBLE.get($typeName) : undefined;
    let seen = `${before}${SEPARATOR}{`;
    for (const name of names ?? ONEOF) seen = write(value[name], seen);
    return `${seen}${SEPARATOR}}`;
  }
  return before + SEPARATOR + String(value);
}
