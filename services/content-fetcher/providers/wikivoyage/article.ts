import { parseWikitext, templatesOf, type Node, type Template } from "./wikitext/parse-wikitext.ts";
import { plainText } from "./wikitext/runs.ts";
import { cleanWikitext, splitSections } from "./wikitext/clean-wikitext.ts";
import { parseLocation, type Position } from "./coordinates.ts";
import type { Page } from "./media-wiki.ts";

/** One headed part of an article. */
export interface Section {
  /** As the article has it, without markup; empty before the first heading. */
  readonly heading: string;
  /** Number of equals signs; 0 before the first heading. */
  readonly level: number;
  /** Headings from the top one down to its own, in lower case; empty before the first heading. */
  readonly path: readonly string[];
  /** Read when first asked for. */
  readonly nodes: () => readonly Node[];
}

/** A page of Wikivoyage as it was read. */
export interface Article {
  readonly title: string;
  /** Address that a reader can open. */
  readonly uri: string;
  readonly fetchMs: number;
  readonly revisionMs: number | undefined;
  readonly location: Position | undefined;
  readonly wikidataId: string | undefined;
  /** The page only tells namesakes apart. */
  readonly disambiguation: boolean;
  /** It is about a country or a region, by the mark of its state of completion, such as `{{usableregion}}`. */
  readonly region: boolean;
  /** Title of the page that it is part of, by `{{IsPartOf}}`; empty when it does not say. */
  readonly partOf: string;
  readonly sections: readonly Section[];
}

/** Templates that mark pages which tell namesakes apart. */
const DISAMBIGUATION = new Set(["disamb", "disambig", "disambiguation"]);

/** `{{outlinecountry}}`, `{{guideregion}}`: states of completion by what the page is about. */
const REGION = /^(?:stub|outline|usable|guide|star)(?:country|region|continent)$/;

/** Reads a page; undefined when the query brought no text of it. */
export function toArticle(page: Page, fetchMs: number): Article | undefined {
  if (page.wikitext === undefined) return undefined;
  const sections = toSections(page.wikitext);
  const marks = new Map<string, Template>();
  // They stand in the first or the last section of a page, never within the text.
  for (const section of [sections[0], sections.at(-1)]) {
    for (const template of templatesOf(section?.nodes() ?? [])) marks.set(template.name, template);
  }
  const geo = marks.get("geo");
  const partOf = plainText(marks.get("ispartof")?.parameters.get("1") ?? []).replaceAll("_", " ");
  return {
    title: page.title,
    uri: page.uri,
    fetchMs,
    revisionMs: page.revisionMs,
    location: page.location ?? (geo && parseLocation(geo.parameters.get("1"), geo.parameters.get("2"))),
    wikidataId: page.wikidataId,
    disambiguation: page.disambiguation || [...marks.keys()].some((name) => DISAMBIGUATION.has(name)),
    region: [...marks.keys()].some((name) => REGION.test(name)),
    partOf,
    sections,
  };
}

/** Wikitext as sections, in their order; none is parsed before it is asked for. */
export function toSections(wikitext: string): Section[] {
  const open: { readonly level: number; readonly name: string }[] = [];
  return splitSections(cleanWikitext(wikitext)).map(({ level, heading, body }) => {
    const name = plainText(parseWikitext(heading));
    while ((open.at(-1)?.level ?? 0) >= level && open.length > 0) open.pop();
    if (level > 0) open.push({ level, name: name.toLowerCase() });
    let nodes: readonly Node[] | undefined;
    return {
      heading: name,
      level,
      path: open.map((each) => each.name),
      nodes: () => (nodes ??= parseWikitext(body)),
    };
  });
}
