/** Words whose full stop ends no sentence, in lower case. */
const ABBREVIATIONS = new Set(
  "a.m approx apt ave bldg blvd c ca cf dr e.g esp est etc ext fl fr ft gen gov hon hwy i.e inc jr lt ltd min mr mrs ms mt mts no nr p.m pl prof pt rd rev rm sq sr st sta ste tel vol vs".split(
    " ",
  ),
);
const END = /[.!?…][)\]"'”’»]*(?=\s|$)|[。！？]/g;

/**
 * Where sentences end: index after the full stop and the quotes and parentheses that close with it.
 *
 * @param text on one line
 */
export function sentenceEnds(text: string): number[] {
  const ends: number[] = [];
  END.lastIndex = 0;
  for (let match = END.exec(text); match !== null; match = END.exec(text)) {
    const end = match.index + match[0].length;
    const next = text.slice(end, end + 4).trimStart();
    const goesOn = /^\p{Ll}/u.test(next);
    if (!goesOn && !(match[0] === "." && isAbbreviated(text, match.index))) ends.push(end);
  }
  return ends;
}

/** Longest word that is looked at; longer ones are no abbreviations. */
const MAX_ABBREVIATION_LENGTH = 12;

function isAbbreviated(text: string, stop: number): boolean {
  const [word = ""] = /[\p{L}.]+$/u.exec(text.slice(Math.max(0, stop - MAX_ABBREVIATION_LENGTH), stop)) ?? [];
  if (stop + 1 >= text.length) return false;
  // A single letter is an initial: "J. P. Licks".
  return ABBREVIATIONS.has(word.toLowerCase()) || /^(?:\p{Lu}|(?:\p{L}\.)+\p{L})$/u.test(word);
}

/**
 * Text of at most so many UTF-16 units, cut at the end of a sentence; where no sentence ends, after a word, with an
 * ellipsis.
 *
 * @param text on one line
 * @param maxLength at least 2
 */
export function cutAtSentence(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // One more than the limit, so that a sentence that ends exactly at it is seen to end.
  const end = sentenceEnds(text.slice(0, maxLength + 1)).findLast((each) => each <= maxLength);
  if (end !== undefined && end < text.length && isRealEnd(text, end)) return text.slice(0, end);
  return cutAtWord(text, maxLength);
}

/** The slice can end inside of a token such as "3.50", whose dot then looks like an end. */
const isRealEnd = (text: string, end: number): boolean =>
  /^(?:\s|$)/.test(text.slice(end, end + 1)) || /[。！？]$/.test(text.slice(0, end));

/** At most so many UTF-16 units, with an ellipsis after the last whole word. */
export function cutAtWord(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const head = text.slice(0, maxLength - 1);
  const space = head.lastIndexOf(" ");
  const cut = space > 0 ? head.slice(0, space) : head;
  // Never half of a surrogate pair.
  return `${cut.replace(/[\uD800-\uDBFF]$/, "").replace(/[\s,;:–—-]+$/, "")}…`;
}
