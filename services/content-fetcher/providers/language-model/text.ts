import { oneLine, plainText } from "../plain-text.ts";
import { cutAtSentence, cutAtWord } from "../sentences.ts";
import { OWN_SENTENCES } from "./instructions.ts";

/** Marks of results in a text: `[3]`, `[3][4]`, `[3, 4]`. */
const MARKS = /\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]/g;
const LINK = /!?\[([^\]]*)\]\((\S*?)\)/g;
const ADDRESS = /\bhttps?:\/\/[^\s<>()[\]"]+/gi;

/** Numbers of the results that a text is marked with. */
export const marksIn = (text: string): number[] =>
  [...text.matchAll(MARKS)].flatMap(([, numbers = ""]) => numbers.split(/[,;]/).map(Number));

/** Web addresses in a text. */
export const addressesIn = (text: string): string[] =>
  [...text.matchAll(ADDRESS)].map(([address]) => address.replace(/[.,;:!?]+$/, ""));

/** What stands where nothing is known. */
const PLACEHOLDER =
  /^(?:n\/?a|none|null|nil|unknown|undefined|unspecified|tb[acd]|to be (?:announced|confirmed|determined)|not (?:applicable|available|found|known|listed|mentioned|provided|specified|stated)|no (?:information|data|details)(?: \w+)?|(?:information|details) (?:is |are )?not available|varies|various|[^\p{L}\p{N}]*)$/iu;

/** Phrases that say nothing of a place, whichever it is. A text that has one was not written from a result. */
const FILLER =
  /explore neighborhoods and local culture|contact (?:the |your )?hotel concierge|research local (?:tipping )?customs|perfect weather for exploring|no (?:real |specific |upcoming )?events (?:were )?found|unknown destination|lorem ipsum|as an ai\b|language model/i;

const isEcho = (text: string): boolean => OWN_SENTENCES.some((sentence) => text.includes(sentence));

/** A text without marks, links and markup; empty for a placeholder, for filler and for our own words. */
function cleaned(text: string | null): string {
  const bare = plainText(
    (text ?? "")
      .replaceAll(LINK, (whole, words: string) => (whole.startsWith("!") ? " " : words))
      .replaceAll(MARKS, " ")
      .replaceAll(ADDRESS, " ")
      .replaceAll(/^\s*#+\s+/gm, "")
      .replaceAll(/\*\*|__|`+/g, ""),
  )
    .replaceAll(/\(\s*\)/g, "")
    .replaceAll(/\s+([.,;:!?)])/g, "$1");
  const tidied = oneLine(bare.replaceAll(/\p{C}/gu, " "));
  return PLACEHOLDER.test(tidied.replace(/[.!]$/, "")) || FILLER.test(tidied) || isEcho(tidied) ? "" : tidied;
}

/** Running text on one line, cut at a sentence. */
export const prose = (text: string | null, maxLength: number): string =>
  cutAtSentence(cleaned(text), maxLength);

/** A few words, such as an address or hours. */
export const words = (text: string | null, maxLength = 200): string => cutAtWord(cleaned(text), maxLength);

const KIND_WORDS =
  "restaurant|cafe|café|bar|eatery|attraction|museum|park|landmark|event|festival|concert|neighbou?rhood|district|area|experience|activity|tour|place|venue|item|name";
/** Names of anything of a kind, and those that a template numbers. */
const GENERIC_NAME = new RegExp(
  String.raw`^(?:(?:a|an|any|some|the)\s+)?(?:(?:local|hotel|traditional|typical|popular|famous|nearby|unnamed|sample|example|placeholder|generic|other|various)\s+)*(?:${KIND_WORDS})s?(?:\s*(?:#?\d{1,2}|[a-e]))?$`,
  "iu",
);
const MAX_NAME_LENGTH = 150;

/** The name of a place or an event; empty when it is none. */
export function nameOf(text: string, city: string): string {
  const name = words(text, MAX_NAME_LENGTH);
  const isTemplate = /^[[{<(].*[\]}>)]$/.test(oneLine(text)) || /^explore\b/i.test(name);
  const isCity = name.toLowerCase() === city.toLowerCase();
  return name.length < 2 || name.endsWith("…") || isTemplate || isCity || GENERIC_NAME.test(name) ? "" : name;
}

/** Plain text as CommonMark: what would be markup there is escaped. */
export const toCommonMark = (text: string): string =>
  text
    .replaceAll(/[\\`*_[\]<>&~|]/g, String.raw`\$&`)
    .replace(/^([#+-])/, String.raw`\$1`)
    .replace(/^(\d+)([.)])/, String.raw`$1\$2`);
