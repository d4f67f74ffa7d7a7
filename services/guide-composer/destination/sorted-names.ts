import type { NameColumns } from "./gazetteer-file.ts";

/** Half-open range of name indices. */
export interface NameRange {
  readonly from: number;
  readonly to: number;
}

/** Names in the order of UTF-16 code units. */
export interface SortedNames {
  readonly nameCount: number;
  /** Index of exactly this folded name. */
  readonly find: (folded: string) => number | undefined;
  /** Names that begin so. */
  readonly withPrefix: (foldedPrefix: string) => NameRange;
  /**
   * Names one typing error away from the whole of `folded`: a letter left out, put in, wrong, or two exchanged.
   * Nothing for names of less than four letters, which have too many neighbours to guess from.
   */
  readonly oneErrorAway: (folded: string) => readonly number[];
  /** Ranges of names whose beginning is one typing error away from `foldedPrefix`; they may overlap. */
  readonly withPrefixOneErrorAway: (foldedPrefix: string) => readonly NameRange[];
  readonly lengthOf: (name: number) => number;
}

const MIN_LENGTH = 4;
const MAX_LENGTH = 60;
/** Code units of one alphabet lie in one block of this size: a typing error stays in the alphabet. */
const ALPHABET_SHIFT = 8;

export function createSortedNames({ units, unitOffsets }: NameColumns): SortedNames {
  const nameCount = unitOffsets.length - 1;
  const lengthOf = (name: number): number => (unitOffsets[name + 1] ?? 0) - (unitOffsets[name] ?? 0);
  /** Code unit of a name, -1 after its end, so that a name sorts before its continuations. */
  const unitAt = (name: number, depth: number): number => {
    const at = (unitOffsets[name] ?? 0) + depth;
    return at < (unitOffsets[name + 1] ?? 0) ? (units[at] ?? -1) : -1;
  };

  /** First name of the range, all of which share `depth` units, whose next unit is at least `unit`. */
  function firstAtLeast({ from, to }: NameRange, depth: number, unit: number): number {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (unitAt(middle, depth) < unit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The part of a range whose next unit is this one. */
  function narrow(range: NameRange, depth: number, unit: number): NameRange {
    const from = firstAtLeast(range, depth, unit);
    if (unitAt(from, depth) !== unit || from >= range.to) return { from, to: from };
    return { from, to: firstAtLeast({ from, to: range.to }, depth, unit + 1) };
  }

  /** The part of a range that goes on with `rest`. */
  function follow(range: NameRange, depth: number, rest: string): NameRange {
    let found = range;
    for (let at = 0; at < rest.length && found.from < found.to; at += 1)
      found = narrow(found, depth + at, rest.charCodeAt(at));
    return found;
  }

  const all: NameRange = { from: 0, to: nameCount };

  /** Calls `visit` with each range that begins one error away from `folded`, and with its number of shared units. */
  function eachOneErrorAway(folded: string, visit: (range: NameRange, length: number) => void): void {
    if (folded.length < MIN_LENGTH || folded.length > MAX_LENGTH) return;
    const end = folded.length;
    let exact = all;
    for (let at = 0; at <= end && exact.from < exact.to; at += 1) {
      const rest = folded.slice(at);
      const unit = at < end ? folded.charCodeAt(at) : -1;
      if (unit >= 0) visit(follow(exact, at, folded.slice(at + 1)), end - 1);
      if (at + 1 < end) {
        const exchanged = rest.charAt(1) + rest.charAt(0) + rest.slice(2);
        if (exchanged !== rest) visit(follow(exact, at, exchanged), end);
      }
      // Only letters that occur are tried, and at the start, where all scripts meet, only those of this alphabet.
      const alphabet = folded.charCodeAt(Math.min(at, end - 1)) >>> ALPHABET_SHIFT;
      let from = firstAtLeast(exact, at, alphabet << ALPHABET_SHIFT);
      while (from < exact.to) {
        const other = unitAt(from, at);
        if (other >>> ALPHABET_SHIFT !== alphabet) break;
        const to = firstAtLeast({ from, to: exact.to }, at, other + 1);
        visit(follow({ from, to }, at + 1, rest), end + 1);
        if (unit >= 0 && other !== unit) visit(follow({ from, to }, at + 1, folded.slice(at + 1)), end);
        from = to;
      }
      if (unit >= 0) exact = narrow(exact, at, unit);
    }
  }

  return {
    nameCount,
    lengthOf,
    find: (folded) => {
      const { from, to } = follow(all, 0, folded);
      return from < to && lengthOf(from) === folded.length ? from : undefined;
    },
    withPrefix: (foldedPrefix) => follow(all, 0, foldedPrefix),
    oneErrorAway: (folded) => {
      const names = new Set<number>();
      eachOneErrorAway(folded, ({ from, to }, length) => {
        if (from < to && lengthOf(from) === length) names.add(from);
      });
      return [...names];
    },
    withPrefixOneErrorAway: (foldedPrefix) => {
      const ranges: NameRange[] = [];
      eachOneErrorAway(foldedPrefix, (range) => {
        if (range.from < range.to) ranges.push(range);
      });
      return ranges;
    },
  };
}
