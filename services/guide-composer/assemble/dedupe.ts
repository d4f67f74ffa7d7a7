import type { Listing } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM } from "./distance.ts";

/** Equal names this near to each other are one place. */
const SAME_NAME_MAX_M = 500;
/** Similar names must be this near. */
const SIMILAR_NAME_MAX_M = 150;
/** Share of word pairs from which names count as similar. */
const SIMILARITY = 0.75;

/** Names without case, accents, punctuation and articles. */
const words = (title: string): string[] =>
  title
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .split(" ")
    .filter((word) => word !== "" && word !== "the");

/** Share of common words, 0 to 1 (Dice). */
export function nameSimilarity(a: string, b: string): number {
  const [left, right] = [new Set(words(a)), new Set(words(b))];
  const common = [...left].filter((word) => right.has(word)).length;
  return left.size + right.size === 0 ? 0 : (2 * common) / (left.size + right.size);
}

/** Whether two listings are one place: by a provider's id, by Wikidata id, or by name and distance. */
export function isSameListing(a: Listing, b: Listing): boolean {
  if (
    a.providerIds.some((left) =>
      b.providerIds.some((right) => left.provider === right.provider && left.id === right.id),
    )
  )
    return true;
  if (a.wikidataId !== "" && b.wikidataId !== "") return a.wikidataId === b.wikidataId;
  if (a.details.case === "event" && b.details.case === "event") {
    const [start, other] = [a.details.value.window?.startTime, b.details.value.window?.startTime];
    return start?.seconds === other?.seconds && nameSimilarity(a.title, b.title) >= SIMILARITY;
  }
  const similarity = nameSimilarity(a.title, b.title);
  if (a.location === undefined || b.location === undefined) return similarity === 1;
  const apartM = distanceM(a.location, b.location);
  return (
    (similarity === 1 && apartM <= SAME_NAME_MAX_M) ||
    (similarity >= SIMILARITY && apartM <= SIMILAR_NAME_MAX_M)
  );
}
