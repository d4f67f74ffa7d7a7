import type { Listing } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { fold, singular, SPACELESS, wordsOf } from "./words.ts";

/** A text that wishes can be looked for in, folded. */
export type WishText = string;

export const toWishText = (parts: readonly string[]): WishText => fold(parts.join("\n"));

/** A wish, made ready to be looked for in many texts. */
export interface Wish {
  readonly text: string;
  /** Its words in the singular. */
  readonly words: readonly string[];
  /** What singular, plural and other spellings of its first word begin with. */
  readonly start: string;
  /** The whole, folded, when its script puts no space between words; it is then looked for anywhere. */
  readonly anywhere: string | undefined;
}

export function toWish(text: string): Wish {
  const words = wordsOf(text).map(singular);
  const [first = ""] = words;
  return {
    text,
    words,
    start: first.length <= 3 ? first : first.slice(0, Math.min(5, first.length - 1)),
    anywhere: SPACELESS.test(text) ? fold(text) : undefined,
  };
}

/**
 * Whether a text contains a wish: its words as whole words, in their order, in the singular or plural. Nothing is
 * inferred: "seafood" is not met by "fish", because nobody said so.
 */
export function meets(text: WishText, { words, start, anywhere }: Wish): boolean {
  if (words.length === 0) return false;
  if (anywhere !== undefined) return text.includes(anywhere);
  for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + 1)) {
    if (isWordsAt(text, at, words)) return true;
  }
  return false;
}

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
