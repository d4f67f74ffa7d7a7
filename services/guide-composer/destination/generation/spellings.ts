import { foldName } from "../fold-name.ts";
import { KIND, type NameKind } from "../gazetteer-file.ts";
import type { GeoNamesRow } from "./geonames-rows.ts";
import { isAirportCode } from "./renown.ts";

export interface Spelling {
  readonly folded: string;
  /** As its source writes it. */
  readonly original: string;
  readonly kind: NameKind;
}

/** Words that are written both ways on maps and in letters. */
const ABBREVIATIONS: readonly (readonly [long: string, short: string])[] = [
  ["saint", "st"],
  ["sainte", "ste"],
  ["mount", "mt"],
  ["fort", "ft"],
];

/** How a vowel is written where its key is missing, in German and Scandinavian. */
const DIGRAPHS: Readonly<Record<string, string>> = { ä: "ae", ö: "oe", ü: "ue", ø: "oe", å: "aa" };

const MAX_FOLDED_LENGTH = 100;

/** "roranro", "beijingusutoku": letter by letter out of another script, by a machine; names have a capital. */
const isTransliteration = (name: string): boolean => /^[a-z][a-z' -]*$/.test(name);

const initialsOf = (name: string): string =>
  name
    .split(/[^\p{L}]+/u)
    .map((word) => word.charAt(0))
    .join("");

/** What two spellings of one word mostly share: Odesa and Odessa, Roma and Rome. */
const skeleton = (folded: string): string => folded.replaceAll(/(.)\1/gu, "$1").replace(/[aeiou]$/, "");

const ABBREVIABLE = new RegExp(`\\b(?:${ABBREVIATIONS.flat().join("|")})\\b`);

function otherWays(folded: string): string[] {
  if (!ABBREVIABLE.test(folded)) return [];
  const words = folded.split(" ");
  return ABBREVIATIONS.flatMap(([long, short]) => [
    ...(words.includes(long) ? [words.map((word) => (word === long ? short : word)).join(" ")] : []),
    ...(words.includes(short) ? [words.map((word) => (word === short ? long : word)).join(" ")] : []),
  ]);
}

/** All names of a place, each once, with the strongest claim that the place has to it. */
export function spellingsOf(row: GeoNamesRow): Spelling[] {
  const found = new Map<string, Spelling>();
  const ownNames = [row.name, row.asciiName];
  const ownFolded = [...new Set(ownNames.map(foldName))];
  const ownSkeletons = ownFolded.map(skeleton);

  function add(original: string, kind: NameKind): void {
    const folded = foldName(original);
    if (folded === "" || folded.length > MAX_FOLDED_LENGTH) return;
    put(folded, original, kind);
    for (const way of otherWays(folded)) put(way, original, kind === KIND.own ? KIND.variant : kind);
  }

  function put(folded: string, original: string, kind: NameKind): void {
    const known = found.get(folded);
    if (known === undefined || known.kind < kind) found.set(folded, { folded, original, kind });
  }

  for (const name of ownNames) {
    add(name, KIND.own);
    const typed = name.toLowerCase().replaceAll(/[äöüøå]/g, (letter) => DIGRAPHS[letter] ?? letter);
    if (typed !== name.toLowerCase()) add(typed, KIND.variant);
  }
  const initials = ownNames.map(initialsOf);
  for (const name of row.alternateNames) {
    // Airport codes are other words' spellings: GOA is Genoa, BAR is not Bar. NYC is a name.
    if ((isAirportCode(name) && !initials.includes(name)) || isTransliteration(name)) continue;
    const folded = foldName(name);
    // "Frankfurt" of Frankfurt am Main, "Newcastle" of Newcastle upon Tyne.
    const short = ownFolded.some((own) => own.startsWith(`${folded} `));
    add(name, short || ownSkeletons.includes(skeleton(folded)) ? KIND.variant : KIND.foreign);
  }
  return [...found.values()];
}
