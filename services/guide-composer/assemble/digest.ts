import { createHash } from "node:crypto";

/** Field names that say when and how something was had, not what a traveller can see. */
const UNSEEN = new Set([
  "fetchTime",
  "publishTime",
  "expireTime",
  "createTime",
  "freshness",
  "providerOutcomes",
  "etag",
  "$typeName",
  "$unknown",
]);

/** Digest of what a traveller can see in a value: a refresh that finds nothing new keeps it. */
export function visibleDigest(value: unknown): string {
  const json = JSON.stringify(value, (name, inner: unknown) => {
    if (UNSEEN.has(name)) return undefined;
    return typeof inner === "bigint" ? String(inner) : inner;
  });
  return createHash("sha256").update(json).digest("base64url").slice(0, 22);
}
