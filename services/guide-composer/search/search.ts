import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { foldName } from "../destination/fold-name.ts";
import { BLOCK_SIZE, KIND, kindOf, POSTING_SHIFT, type NameKind } from "../destination/gazetteer-file.ts";
import type { Gazetteer } from "../destination/gazetteer.ts";
import type { NameRange } from "../destination/sorted-names.ts";
import { createBest } from "./best.ts";

export interface SearchQuery {
  readonly text: string;
  /** ISO 3166-1 alpha-2; empty for all countries. */
  readonly countryCode: string;
  readonly near: { readonly latitude: number; readonly longitude: number } | undefined;
}

export interface Match {
  readonly destination: Destination;
  readonly matchedName: string;
  /** In (0, 1]; comparable within one answer. */
  readonly score: number;
}

export interface MatchPage {
  /** Best first. */
  readonly matches: readonly Match[];
  /** Whether a further page has any. */
  readonly more: boolean;
}

export interface Search {
  /** Matches `offset` to `offset` + `count` of at most `MAX_MATCH_COUNT`. */
  readonly find: (query: SearchQuery, offset: number, count: number) => MatchPage;
}

/** Beyond this many matches nobody pages. */
export const MAX_MATCH_COUNT = 500;
/** With fewer matches than a page shows, the text may be misspelled. */
const FEW_COUNT = 10;

/**
 * Scores are decimal logarithms, like the weights that they start from. A complete name counts as a tenfold weight:
 * enough for Nice over Nicosia, too little for a small town called Par over Paris.
 */
const COMPLETE_SCORE = 1;
const KIND_SCORE: Readonly<Record<NameKind, number>> = {
  [KIND.own]: 0,
  [KIND.variant]: -0.3,
  [KIND.foreign]: -1.3,
};
/** Of the names of a place that fit, the one with the least to come is told. */
const SCORE_PER_LETTER_TO_COME = -0.001;
/** A place right at the given point is as likely as one of the thousandfold weight far away. */
const NEAR_SCORE = 3;
/** Distance at which nearness counts half, and from which on it does not count, kilometres. */
const NEAR_KM = 100;
const MAX_NEAR_KM = 500;
const MISSPELLED_SCORE = -3;
/** More than any place gets; brings scores into (0, 1]. */
const TOP_SCORE = 15;
const LEAST_SCORE = 0.001;

/** What a scan is about besides the names: how much worse they fit, and which places are wanted. */
interface Wanted {
  readonly handicap: number;
  readonly qualifies: (place: number) => boolean;
}

/** Typeahead over the gazetteer. */
export function createSearch(gazetteer: Gazetteer): Search {
  const { names, blockBest, postings, postingOffsets, weight } = gazetteer;
  const best = createBest(gazetteer.placeCount, MAX_MATCH_COUNT);
  /** What nearness to the point of the present search adds, per place; 0 for all but `nearPlaces`. */
  const nearScores = new Float32Array(gazetteer.placeCount);
  const nearPlaces: number[] = [];

  function scan({ from, to }: NameRange, length: number, { handicap, qualifies }: Wanted): void {
    const mostNear = nearPlaces.length === 0 ? 0 : NEAR_SCORE;
    for (let block = Math.floor(from / BLOCK_SIZE); block * BLOCK_SIZE < to; block += 1) {
      if (weight(blockBest[block] ?? 0) + handicap + COMPLETE_SCORE + mostNear <= best.threshold()) continue;
      const end = Math.min(to, (block + 1) * BLOCK_SIZE);
      for (let name = Math.max(from, block * BLOCK_SIZE); name < end; name += 1) {
        const toComeCount = names.lengthOf(name) - length;
        const bonus =
          handicap + (toComeCount === 0 ? COMPLETE_SCORE : toComeCount * SCORE_PER_LETTER_TO_COME);
        for (let at = postingOffsets[name] ?? 0; at < (postingOffsets[name + 1] ?? 0); at += 1) {
          const posting = postings[at] ?? 0;
          const place = posting >>> POSTING_SHIFT;
          const near = nearScores[place] ?? 0;
          const score = weight(place) + near + bonus + KIND_SCORE[kindOf(posting)];
          if (score > best.threshold() && qualifies(place)) best.offer(place, name, score);
        }
      }
    }
  }

  function setNear(near: SearchQuery["near"]): void {
    for (const place of nearPlaces) nearScores[place] = 0;
    nearPlaces.length = 0;
    if (near === undefined) return;
    gazetteer.nearby.within(near.latitude, near.longitude, MAX_NEAR_KM, (place, km) => {
      nearScores[place] = (NEAR_SCORE * NEAR_KM) / (NEAR_KM + km);
      nearPlaces.push(place);
    });
  }

  /** Places that the text after the name is the beginning of a country, region or code of. */
  function qualifierOf(countryCode: string, qualifier: string): (place: number) => boolean {
    if (qualifier === "")
      return countryCode === "" ? () => true : (place) => gazetteer.countryCode(place) === countryCode;
    const countries = gazetteer.countriesStarting(qualifier);
    const areas = gazetteer.areasStarting(qualifier);
    return (place) =>
      (countryCode === "" || gazetteer.countryCode(place) === countryCode) &&
      (countries.has(gazetteer.countryCode(place)) ||
        areas.has(gazetteer.area1(place) ?? -1) ||
        areas.has(gazetteer.area2(place) ?? -1));
  }

  function collect({ text, countryCode }: SearchQuery): void {
    // What follows the first comma says where: "Paris, Te".
    const [head = "", ...rest] = text.split(/[,;，、]/);
    const folded = foldName(head);
    if (folded === "") return;
    const qualifier = foldName(rest.join(" "));
    const wanted: Wanted = { handicap: 0, qualifies: qualifierOf(countryCode, qualifier) };
    scan(names.withPrefix(folded), folded.length, wanted);
    if (best.count() === 0 && qualifier === "") {
      // The last words may say where without a comma: "paris te".
      const words = folded.split(" ");
      for (let count = words.length - 1; count > 0 && best.count() === 0; count -= 1) {
        const name = words.slice(0, count).join(" ");
        const qualifies = qualifierOf(countryCode, words.slice(count).join(" "));
        scan(names.withPrefix(name), name.length, { ...wanted, qualifies });
      }
    }
    if (best.count() >= FEW_COUNT) return;
    for (const range of names.withPrefixOneErrorAway(folded))
      scan(range, folded.length, { ...wanted, handicap: MISSPELLED_SCORE });
  }

  /** A place's own name as it writes it; of other names, the spelling that the index has. */
  const matchedName = (place: number, name: number): string =>
    gazetteer.matchesOf(name).some((match) => match.place === place && match.kind === KIND.own)
      ? gazetteer.displayName(place)
      : gazetteer.originalOf(name);

  return {
    find: (query, offset, count) => {
      best.clear();
      setNear(query.near);
      collect(query);
      const found = best.sorted();
      return {
        matches: found.slice(offset, offset + count).map(({ place, name, score }) => ({
          destination: gazetteer.toDestination(place),
          matchedName: matchedName(place, name),
          score: Math.max(LEAST_SCORE, Math.min(1, score / TOP_SCORE)),
        })),
        more: found.length > offset + count,
      };
    },
  };
}
