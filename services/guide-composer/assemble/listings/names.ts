import type { Listing } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { fold, splitWords } from "../words.ts";
import { createNote } from "../../../../shared/note.ts";

/** Articles and prepositions of European languages: two spellings of a name differ in them first. */
const SMALL_WORDS = new Set(
  (
    "the a an of in at on and & de do da dos das o os as e del de la el los las y en du des le les l d et aux au " +
    "il lo gli i di della dello dei degli delle al alla der die das den dem des und am im zum zur von van het"
  ).split(" "),
);

/** Words for kinds of places, each with what other languages call it: "Museu do Fado" and "Fado Museum" are one name. */
const KIND_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    museum: "museu museo musee musei museums muzeum muzej muzeul",
    gallery: "galeria galerie galleria galeries galerija",
    church: "igreja iglesia eglise chiesa kirche kerk kosciol crkva",
    cathedral: "catedral cathedrale cattedrale kathedrale katedrala duomo dom se",
    basilica: "basilique basilika",
    chapel: "capela capilla chapelle cappella kapelle",
    monastery: "mosteiro monasterio monastere monastero kloster",
    convent: "convento couvent",
    castle: "castelo castillo castello chateau schloss burg kasteel zamek hrad",
    palace: "palacio palazzo palais palast paleis",
    fortress: "fortaleza forte fort fortezza festung",
    tower: "torre tour turm toren",
    bridge: "ponte puente pont brucke bridges most",
    square: "praca plaza piazza place platz plein largo trg namesti",
    park: "parque parc parco parks",
    garden: "jardim jardin giardino garten gardens jardins jardines",
    market: "mercado mercato marche markt mercat",
    beach: "praia playa plage spiaggia strand",
    viewpoint: "miradouro mirador belvedere lookout",
    theater: "teatro theatre teatre",
    library: "biblioteca bibliotheque bibliothek",
    fountain: "fonte fuente fontaine fontana brunnen",
    cafe: "coffee kaffee caffe kafe kavarna",
    restaurant: "restaurante ristorante",
    saint: "sao santo santa san sant saint sankt st sainte ste",
    national: "nacional nazionale nationale",
    zoo: "zoologico zoological zoologischer",
    aquarium: "oceanario aquario acuario acquario",
    house: "casa maison haus",
    street: "rua calle rue via strasse straat",
  }).flatMap(([kind, others]) => [kind, ...others.split(" ")].map((word) => [word, kind] as const)),
);

/** Words that many names share: that two names have them in common says little. */
const COMMON_WORDS = new Set([
  ...KIND_WORDS.values(),
  ..."old new great grand royal city central center centre hotel bar pizzeria trattoria tavern taverna bistro shop hall".split(
    " ",
  ),
]);
const COMMON_WEIGHT = 0.3;

/** Words that say what a place is: the museum of São Roque is not its church, though it is next door. */
const PLACE_KINDS = new Set([...KIND_WORDS.values(), "hotel", "bar", "shop"]);
for (const word of ["saint", "national", "house", "street"]) PLACE_KINDS.delete(word);

/** From this share of common words on, weighted, names count as similar. */
const SIMILARITY = 0.75;

interface Spelling {
  /** Folded words without articles, kinds in English, sorted: equal for "Torre de Belém" and "Belém Tower". */
  readonly words: readonly string[];
  readonly key: string;
  /** All words run together: equal for "Sensō-ji" and "Sensoji". */
  readonly joined: string;
  readonly weight: number;
  /** Which of them say what the place is. */
  readonly kinds: readonly string[];
  /** Numbers in it: "Pier 1" is not "Pier 2". */
  readonly numbers: string;
}

/** A title, taken apart once so that it can be compared with many. */
export interface Name {
  readonly whole: Spelling;
  /** Without what stands in parentheses; undefined when nothing does. */
  readonly outer: Spelling | undefined;
  /** What may be another name of it: in parentheses, beside a slash or a dash, or said to be one. */
  readonly alternates: readonly Spelling[];
}

const weightOf = (word: string): number => (COMMON_WORDS.has(word) ? COMMON_WEIGHT : 1);

/** @param folded without case and accents */
function toSpelling(folded: string): Spelling {
  const all = splitWords(folded);
  const words: string[] = [];
  const kinds: string[] = [];
  let weight = 0;
  // A name of nothing but articles is made of them: "The The".
  const onlySmall = all.every((word) => SMALL_WORDS.has(word));
  for (const word of all) {
    if (!onlySmall && SMALL_WORDS.has(word)) continue;
    const kind = KIND_WORDS.get(word) ?? word;
    if (words.includes(kind)) continue;
    words.push(kind);
    weight += weightOf(kind);
    if (PLACE_KINDS.has(kind)) kinds.push(kind);
  }
  words.sort();
  const numbers = HAS_DIGIT.test(folded) ? words.filter((word) => /^\d+$/.test(word)).join(" ") : "";
  return { words, key: words.join(" "), joined: all.join(""), weight, kinds, numbers };
}

const hasWords = ({ words }: Spelling): boolean => words.length > 0;
const isTelling = ({ words }: Spelling): boolean => words.some((word) => !COMMON_WORDS.has(word));

const PARENTHESES = /[(（[]([^()（）[\]]*)[)）\]]/gu;
const HAS_DIGIT = /\d/;
const HAS_PARTS = /[(（[]|\s[/|–—-]\s/u;
const BESIDE = /\s[/|–—-]\s/u;

/** Takes a title apart: "Mosteiro dos Jerónimos (Jerónimos Monastery)" and "浅草寺 / Sensō-ji" hold two names each. */
export function toName(title: string): Name {
  const folded = fold(title);
  const whole = toSpelling(folded);
  if (!HAS_PARTS.test(folded)) return { whole, outer: undefined, alternates: [] };
  const outerText = folded.replaceAll(PARENTHESES, " ");
  const outer = outerText === folded ? undefined : toSpelling(outerText);
  const inner = [...folded.matchAll(PARENTHESES)].map((match) => match[1] ?? "");
  const parts = outerText.split(BESIDE);
  const alternates = [...inner, ...(parts.length > 1 ? parts : [])].map(toSpelling).filter(isTelling);
  return { whole, outer: outer !== undefined && hasWords(outer) ? outer : undefined, alternates };
}

const names = createNote<Listing, Name>("name");

/** The names of a listing, taken apart once as long as the listing lives: every step of the assembly asks for it. */
export function nameOf(listing: Listing): Name {
  const known = names.of(listing);
  if (known !== undefined) return known;
  const own = toName(listing.title);
  const others = listing.alternateTitles.flatMap((title) => {
    const { whole, outer, alternates } = toName(title);
    return [whole, ...(outer === undefined ? [] : [outer]), ...alternates].filter(isTelling);
  });
  const name = others.length === 0 ? own : { ...own, alternates: [...own.alternates, ...others] };
  names.write(listing, name);
  return name;
}

/** Takes the titles apart ahead of the steps that will ask for them. */
export function takeApart(listings: readonly Listing[]): void {
  for (const listing of listings) nameOf(listing);
}

export type Likeness = "equal" | "similar" | "different";

/**
 * How alike two titles are. An alternate name makes them similar at most, and what two titles both have in parentheses
 * tells them apart: it may be the branch ("Starbucks (Rossio)", "Starbucks (Chiado)").
 */
export function likeness(a: Name, b: Name): Likeness {
  const whole = compare(a.whole, b.whole);
  if (whole === "equal" || (a.outer !== undefined && b.outer !== undefined)) return whole;
  const outer = compare(a.outer ?? a.whole, b.outer ?? b.whole);
  if (outer === "equal") return outer;
  return whole === "similar" || outer === "similar" || isAlternate(a, b) || isAlternate(b, a)
    ? "similar"
    : "different";
}

/** Whether two titles are as alike as can be: what `likeness` calls equal, for less. */
export const areEqual = (a: Name, b: Name): boolean =>
  isSame(a.whole, b.whole) ||
  ((a.outer === undefined || b.outer === undefined) && isSame(a.outer ?? a.whole, b.outer ?? b.whole));

const isAlternate = ({ alternates }: Name, { whole }: Name): boolean =>
  alternates.some((spelling) => compare(spelling, whole) === "equal");

const isSame = (a: Spelling, b: Spelling): boolean =>
  hasWords(a) && hasWords(b) && (a.key === b.key || a.joined === b.joined);

function compare(a: Spelling, b: Spelling): Likeness {
  if (!hasWords(a) || !hasWords(b)) return "different";
  if (isSame(a, b)) return "equal";
  if (a.numbers !== b.numbers || areOtherKinds(a, b)) return "different";
  return dice(a, b) >= SIMILARITY ? "similar" : "different";
}

const areOtherKinds = (a: Spelling, b: Spelling): boolean =>
  a.kinds.length > 0 && b.kinds.length > 0 && !a.kinds.some((kind) => b.kinds.includes(kind));

/** Weighted share of common words, 0 to 1 (Dice). Both lists are sorted. */
function dice(a: Spelling, b: Spelling): number {
  let common = 0;
  for (let i = 0, j = 0; i < a.words.length && j < b.words.length;) {
    const [left = "", right = ""] = [a.words[i], b.words[j]];
    if (left === right) common += weightOf(left);
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return (2 * common) / (a.weight + b.weight);
}

/**
 * Whether a title is the one that a traveller asked for: equal or similar, or all the words asked for are in it and
 * one of them is telling ("Jerónimos" is met by "Mosteiro dos Jerónimos", "museum" alone by nothing).
 */
export const isNamed = (title: Name, asked: Name): boolean =>
  likeness(title, asked) !== "different" ||
  (isTelling(asked.whole) && asked.whole.words.every((word) => title.whole.words.includes(word)));

/** Equal titles have one of these in common, and few others do. */
export const keysOf = ({ whole, outer, alternates }: Name): string[] => {
  const spellings = [whole, ...(outer === undefined ? [] : [outer]), ...alternates];
  return [...new Set(spellings.flatMap(({ key, joined }) => [key, joined]))].filter((key) => key !== "");
};

/** Whether a title has a word that not many places share. */
export const isTellingName = ({ whole }: Name): boolean => isTelling(whole);

/** Bigrams that two spellings of one word share at least, 0 to 1 (Dice): a letter more or less in a name of ten. */
const MISSPELT = 0.8;
/** Names with fewer bigrams in common are two names, whatever the spelling. */
const UNLIKE = 0.4;

/** Whether two titles differ in a letter or two only. */
export const isMisspelt = (a: Name, b: Name): boolean =>
  a.whole.numbers === b.whole.numbers &&
  !areOtherKinds(a.whole, b.whole) &&
  bigramDice(a.whole.joined, b.whole.joined) >= MISSPELT;

/**
 * Whether two titles are two names, and neither spellings nor translations of one. Only known of names in Latin letters:
 * of others there are transliterations.
 */
export const areUnlike = (a: Name, b: Name): boolean =>
  [a, b].every(({ whole }) => isTelling(whole) && LATIN_ONLY.test(whole.joined)) &&
  likeness(a, b) === "different" &&
  !a.whole.words.some((word) => !COMMON_WORDS.has(word) && b.whole.words.includes(word)) &&
  bigramDice(a.whole.joined, b.whole.joined) < UNLIKE;

const LATIN_ONLY = /^[a-z0-9]+$/;

function bigramDice(a: string, b: string): number {
  if (a.length < 2 || b.length < 2) return 0;
  const counts = new Map<string, number>();
  for (let at = 0; at < a.length - 1; at += 1) {
    const pair = a.slice(at, at + 2);
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  let common = 0;
  for (let at = 0; at < b.length - 1; at += 1) {
    const pair = b.slice(at, at + 2);
    const left = counts.get(pair) ?? 0;
    if (left === 0) continue;
    counts.set(pair, left - 1);
    common += 1;
  }
  return (2 * common) / (a.length + b.length - 2);
}
