import type { MessageInitShape } from "@bufbuild/protobuf";
import type { NarrativeSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Article, Section } from "./article.ts";
import { citationOf } from "./citation.ts";
import { isListing, toRawListing } from "./listings.ts";
import {
  passagesMarkdown,
  fitPassages,
  toPassages,
  withoutLinks,
  type Passage,
} from "./wikitext/passages.ts";
import type { ShowTemplate } from "./wikitext/inline-templates.ts";
import { inlineMarkdown } from "./wikitext/markdown.ts";
import type { Node } from "./wikitext/parse-wikitext.ts";
import { inlineTemplates } from "./wikitext/runs.ts";

export type NarrativeInit = MessageInitShape<typeof NarrativeSchema>;

/** Limit of `Narrative.text`, characters. */
const MAX_TEXT_LENGTH = 4000;
/** Below this, what a part of a section may have is not worth its heading. */
const MIN_PART_LENGTH = 120;

/** One text of a guide and the section of an article that it is made of. */
export interface Excerpt {
  /** Stable key of the narrative, in kebab-case. */
  readonly key: string;
  /** Headings from the top one down, in lower case; the first that the article has counts. */
  readonly paths: readonly (readonly string[])[];
  /** Headings of subsections that belong to another text. */
  readonly without?: readonly string[];
  /** Listings are written out, because no section of the guide lists them; elsewhere they are left out. */
  readonly withListings: boolean;
}

/** Subsections of "Buy" that are about paying and not about shops. */
const MONEY = ["money", "currency", "costs", "tipping", "banks", "atms", "exchange"];

/** What a traveller must know, in the order of the articles. Keys are part of the API. */
export const PRACTICAL_EXCERPTS: readonly Excerpt[] = [
  {
    key: "visitor-information",
    paths: [
      ["understand", "visitor information"],
      ["understand", "tourist information"],
    ],
    withListings: true,
  },
  { key: "talk", paths: [["talk"]], withListings: true },
  { key: "get-in", paths: [["get in"]], withListings: true },
  { key: "get-around", paths: [["get around"]], withListings: true },
  { key: "money", paths: MONEY.map((heading) => ["buy", heading]), withListings: true },
  { key: "connect", paths: [["connect"]], withListings: true },
  { key: "stay-safe", paths: [["stay safe"]], withListings: true },
  { key: "stay-healthy", paths: [["stay healthy"]], withListings: true },
  { key: "cope", paths: [["cope"]], withListings: true },
  { key: "respect", paths: [["respect"]], withListings: true },
];

export const SEE_EXCERPTS: readonly Excerpt[] = [
  { key: "see", paths: [["see"], ["see and do"], ["see & do"]], withListings: false },
];
export const EAT_EXCERPTS: readonly Excerpt[] = [
  { key: "eat", paths: [["eat"], ["eat and drink"], ["eat & drink"]], withListings: false },
];
export const EXPERIENCE_EXCERPTS: readonly Excerpt[] = [
  { key: "do", paths: [["do"]], without: ["events", "festivals"], withListings: false },
  { key: "drink", paths: [["drink"]], withListings: false },
  { key: "buy", paths: [["buy"]], without: MONEY, withListings: false },
];

const withoutListings: ShowTemplate = (template) => (isListing(template) ? [] : inlineTemplates(template));

/** A listing in running text, as the page sets it: name, other name, address, phone, hours, price, description. */
const withListings =
  (section: Section): ShowTemplate =>
  (template) => {
    if (!isListing(template)) return inlineTemplates(template);
    const raw = toRawListing(template, section);
    if (raw === undefined) return [];
    const shown = (key: string): readonly Node[] => template.parameters.get(key) ?? [];
    const name: Node[] =
      raw.url === "" ? [raw.name] : [{ kind: "external", uri: raw.url, label: [raw.name] }];
    const alt = raw.alt === "" ? [] : [" (", ...shown("alt"), ")"];
    const facts = [raw.address, raw.directions, raw.phone, raw.hours, raw.price].flatMap((fact) =>
      fact === "" ? [] : [`, ${fact}`],
    );
    const content = raw.content === "" ? [] : [". ", ...shown("content")];
    return ["'''", ...name, "'''", ...alt, ...facts, ...content];
  };

/** The text before the first heading; undefined when there is none. */
export function introductionOf(article: Article): NarrativeInit | undefined {
  const [first] = article.sections;
  if (first === undefined || first.level !== 0) return undefined;
  const text = passagesMarkdown(fitPassages(toPassages(first.nodes(), withoutListings), MAX_TEXT_LENGTH));
  return text === "" ? undefined : toNarrative("introduction", "", text, article);
}

/** What stands right below a heading, without its subsections; undefined when there is nothing. */
export function leadOf(article: Article, heading: string, key: string): NarrativeInit | undefined {
  const section = article.sections.find(({ path }) => path.length === 1 && path[0] === heading);
  if (section === undefined) return undefined;
  const text = passagesMarkdown(fitPassages(toPassages(section.nodes(), withoutListings), MAX_TEXT_LENGTH));
  return text === "" ? undefined : toNarrative(key, section.heading, text, article);
}

/** The texts that an article has, in the order of the excerpts. */
export const narrativesOf = (article: Article, excerpts: readonly Excerpt[]): NarrativeInit[] =>
  excerpts.flatMap((excerpt) => narrativeOf(article, excerpt) ?? []);

function narrativeOf(article: Article, excerpt: Excerpt): NarrativeInit | undefined {
  for (const path of excerpt.paths) {
    const sections = article.sections.filter(
      (section) =>
        path.every((heading, index) => section.path[index] === heading) &&
        !section.path.slice(path.length).some((heading) => excerpt.without?.includes(heading) === true),
    );
    const [first] = sections;
    if (first === undefined) continue;
    const parts = sections.map((section, index) => ({
      heading: index === 0 ? "" : headingLine(section),
      passages: toPassages(section.nodes(), excerpt.withListings ? withListings(section) : withoutListings),
    }));
    const text = fitParts(parts);
    if (text !== "") return toNarrative(excerpt.key, first.heading, text, article);
  }
  return undefined;
}

interface Part {
  /** Line of CommonMark; empty for the first part. */
  readonly heading: string;
  readonly passages: readonly Passage[];
}

/**
 * A subsection's heading, in bold: a text of a guide is a passage of a page that has headings of its own, at levels that
 * are not known here.
 */
const headingLine = ({ heading }: Section): string =>
  inlineMarkdown([{ text: heading, style: "bold", uri: undefined }]);

/**
 * Parts under their headings, within the limit. What does not fit is cut at the ends of sentences, and each part has
 * its share: a long one takes what the short ones leave, so that a page on flights does not push out trains and buses.
 * Where something must be cut, the addresses of links go first.
 */
function fitParts(parts: readonly Part[]): string {
  const filled = parts.filter(({ passages }) => passages.length > 0);
  const total = filled.reduce((sum, part) => sum + lengthOf(part) + GAP.length, 0);
  if (total - GAP.length <= MAX_TEXT_LENGTH) return filled.map(partMarkdown).join(GAP);
  const whole = filled
    .map(({ heading, passages }) => ({ heading, passages: withoutLinks(passages) }))
    .map((part) => ({ ...part, length: lengthOf(part) + GAP.length }));
  const lengths = whole.map(({ length }) => length).sort((a, b) => a - b);
  let left = MAX_TEXT_LENGTH + GAP.length;
  let wholeCount = 0;
  // Rising water: parts below its level are whole, the others share what is left.
  for (const length of lengths) {
    if (length * (lengths.length - wholeCount) > left) break;
    left -= length;
    wholeCount += 1;
  }
  const share =
    wholeCount === lengths.length ? MAX_TEXT_LENGTH + GAP.length : left / (lengths.length - wholeCount);
  return whole
    .flatMap(({ heading, passages, length }) => {
      if (length <= share) return [partMarkdown({ heading, passages })];
      const room = Math.floor(share) - GAP.length - headingLength(heading);
      const fitting = room < MIN_PART_LENGTH ? [] : fitPassages(passages, room);
      return fitting.length === 0 ? [] : [partMarkdown({ heading, passages: fitting })];
    })
    .join(GAP);
}

/** Between parts, and between a heading and its text. */
const GAP = "\n\n";

const headingLength = (heading: string): number => (heading === "" ? 0 : heading.length + GAP.length);

const partMarkdown = ({ heading, passages }: Part): string =>
  heading === "" ? passagesMarkdown(passages) : `${heading}${GAP}${passagesMarkdown(passages)}`;

const lengthOf = (part: Part): number => partMarkdown(part).length;

const toNarrative = (key: string, heading: string, text: string, article: Article): NarrativeInit => ({
  key,
  heading,
  text,
  languageCode: "en",
  citations: [citationOf(article)],
});
