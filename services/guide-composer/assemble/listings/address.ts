import { wordsOf } from "../words.ts";

/** Words for kinds of streets; they name none. */
const STREET_KINDS = new Set(
  (
    "street st road rd avenue ave av lane ln boulevard blvd square sq drive dr place pl rua r travessa tv largo praca pc " +
    "calcada avenida calle c plaza via viale corso piazza rue strasse str platz weg gasse ulica"
  ).split(" "),
);
const ARTICLES = new Set("the de da do das dos del della di la le les du des von der and e y".split(" "));

/** What tells two addresses apart. */
export interface Address {
  readonly numbers: readonly string[];
  readonly words: readonly string[];
  /** Whether it names a street, and is no direction such as "behind the cathedral". */
  readonly isStreet: boolean;
}

/** "5th" is the name of a street, and no house number. */
const isNumber = (word: string): boolean => /^\d/.test(word) && !/^\d+(?:st|nd|rd|th)$/.test(word);

const NUMBER_ONLY = /^\s*\d+\s*[a-z]?(?:\s*[-–]\s*\d+)?\s*$/i;

/** Street and house number stand in the first part, at times one of them in the second; the town tells nothing. */
export function toAddress(text: string): Address {
  const [street = "", next = ""] = text.replace(/\([^()]*\)/g, "").split(",");
  const words = wordsOf(NUMBER_ONLY.test(next) || NUMBER_ONLY.test(street) ? `${street} ${next}` : street);
  const numbers = words.filter(isNumber);
  return {
    numbers,
    words: words.filter(
      (word) => !isNumber(word) && word.length > 1 && !STREET_KINDS.has(word) && !ARTICLES.has(word),
    ),
    isStreet: numbers.length > 0 || words.some((word) => STREET_KINDS.has(word)),
  };
}

const disjoint = (a: readonly string[], b: readonly string[]): boolean =>
  a.length > 0 && b.length > 0 && !a.some((word) => b.includes(word));

/** Whether two addresses cannot be one: another street, or another number. What one of them lacks tells nothing. */
export const addressesDiffer = (a: Address, b: Address): boolean =>
  a.isStreet && b.isStreet && (disjoint(a.words, b.words) || disjoint(a.numbers, b.numbers));

/** Whether two addresses are one: the same street and number, both stated. */
export const addressesAgree = (a: Address, b: Address): boolean =>
  a.numbers.length > 0 &&
  b.numbers.length > 0 &&
  a.words.length > 0 &&
  b.words.length > 0 &&
  !addressesDiffer(a, b);
