import type { Listing } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { fold, singular, SPACELESS, wordsOf } from "./words.ts";

/** A text that wishes can be looked for in, folded. */
export type WishText = string;

export const toWishText = (parts: readonly string[]): WishText => fold(parts.join("\n"));

/**
 * Whether a text contains a wish: its words as whole words, in their order, in the singular or plural. Nothing is
 * inferred: "seafood" is not met by "fish", because nobody said so.
 */
export function meets(text: WishText, wish: string): boolean {
  const words = wordsOf(wish).map(singular);
  const [first] = words;
  if (first === undefined) return false;
  if (SPACELESS.test(wish)) return text.includes(fold(wish));
  const start = commonStart(first);
  for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + 1)) {
    if (isWordsAt(text, at, words)) return true;
  }
  return false;
}

/** What singular, plural and other spellings of a word begin with. */
const commonStart = (word: string): string =>
  word.length <= 3 ? word : word.slice(0, Math.min(5, word.length - 1));

const WORD = /[\p{L}\p{N}\p{M}]+/uy;
const BETWEEN = /[^\p{L}\p{N}\p{M}]+/uy;
const WORD_CHARACTER = /[\p{L}\p{N}\p{M}]/u;

function isWordsAt(text: string, start: number, words: readonly string[]): boolean {
  if (start > 0 && WORD_CHARACTER.test(text.charAt(start - 1))) return false;
  let at = start;
  return words.every((word, index) => {
    if (index > 0) at += matchLength(BETWEEN, text, at);
    const length = matchLength(WORD, text, at);
    const found = text.slice(at, at + length);
    at += length;
    return singular(found) === word;
  });
}

function matchLength(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

/** What a listing is, in words: its title and the kinds that its provider states. */
export function kindsOf({ details }: Listing): readonly string[] {
  switch (details.case) {
    case "restaurant":
      return [...details.value.cuisines, ...details.value.dietaryTags, ...details.value.signatureDishes];
    case "attraction":
    case "event":
    case "experience":
      return [details.value.category];
    case "neighborhood":
      return details.value.highlights;
    case undefined:
      return [];
  }
}

/** Everything of a listing that a wish can be found in. */
export const wishTextOf = (listing: Listing): WishText =>
  toWishText([listing.title, ...kindsOf(listing), listing.summary]);
