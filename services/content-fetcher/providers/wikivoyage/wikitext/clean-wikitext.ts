/** Elements whose content is no text of the article: notes, galleries, maps, formulas, struck-out text, code. */
const DROPPED_ELEMENTS = new Set([
  "ref",
  "references",
  "gallery",
  "imagemap",
  "mapframe",
  "maplink",
  "math",
  "chem",
  "score",
  "timeline",
  "graph",
  "syntaxhighlight",
  "source",
  "pre",
  "table",
  "templatedata",
  "templatestyles",
  "includeonly",
  "categorytree",
  "inputbox",
  "indicator",
  "s",
  "strike",
  "del",
  "script",
  "style",
]);
/** Elements that end a line. */
const BLOCK_ELEMENTS = new Set(["p", "div", "blockquote", "center", "ul", "ol", "poem", "section"]);

/** `<!--`, or a tag with its name, the rest of it, and its end. */
const TAG = /<!--|<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)>|<([a-z][a-z0-9]*)((?:\s[^<>]*)?)\/>/gi;
const MARKUP_CHARACTERS = /[[\]{}|'<>=*#:;\n_]/g;

/** A heading line: `== See ==`. The level is the smaller number of signs of the two sides. */
const HEADING = /^(={1,6})(?!=)(.+?)(?<!=)(={1,6})[ \t]*$/;

/** One headed part of an article, as raw wikitext. */
export interface HeadedText {
  /** Number of equals signs; 0 for the text before the first heading. */
  readonly level: number;
  /** Raw wikitext of the heading; empty for the text before the first. */
  readonly heading: string;
  /** Raw wikitext up to the next heading of any level. */
  readonly body: string;
}

/**
 * Takes out what is not wikitext: comments, tags, and the elements that hold no text. What stands in `<nowiki>` comes
 * back as character references, so that nothing later reads it as markup. In time linear to the text, for any text.
 */
export function cleanWikitext(wikitext: string): string {
  /** Ends that are known to be missing from here on: each is searched for in vain at most once. */
  const missing = new Set<string>();
  const find = (end: string, from: number): number => {
    if (missing.has(end)) return -1;
    const pattern = new RegExp(end, "gi");
    pattern.lastIndex = from;
    const at = pattern.exec(wikitext)?.index ?? -1;
    if (at === -1) missing.add(end);
    return at;
  };
  const parts: string[] = [];
  let position = 0;
  TAG.lastIndex = 0;
  for (let match = TAG.exec(wikitext); match !== null; match = TAG.exec(wikitext)) {
    parts.push(wikitext.slice(position, match.index));
    const after = TAG.lastIndex;
    position = after;
    const name = (match[2] ?? match[4] ?? "").toLowerCase();
    if (name === "") {
      // An open comment reaches to the end, as in MediaWiki.
      const end = find("-->", after);
      position = end === -1 ? wikitext.length : end + 3;
    } else if (name === "br") {
      parts.push(" ");
    } else if (BLOCK_ELEMENTS.has(name)) {
      parts.push("\n");
    } else if (name === "li") {
      parts.push(match[1] === "" ? "\n* " : "\n");
    } else if (match[1] === "" && match[3]?.endsWith("/") !== true) {
      const literal = name === "nowiki";
      if (literal || DROPPED_ELEMENTS.has(name)) {
        const end = find(`</${name}`, after);
        if (end !== -1) {
          if (literal) parts.push(asReferences(wikitext.slice(after, end)));
          const close = wikitext.indexOf(">", end);
          position = close === -1 ? wikitext.length : close + 1;
        }
      }
    }
    TAG.lastIndex = position;
  }
  parts.push(wikitext.slice(position));
  return parts.join("");
}

const asReferences = (text: string): string =>
  text.replaceAll(MARKUP_CHARACTERS, (character) => `&#${character.codePointAt(0)};`);

/** Splits cleaned wikitext at its headings. The first section is the text before them. */
export function splitSections(wikitext: string): HeadedText[] {
  const sections: HeadedText[] = [];
  let level = 0;
  let heading = "";
  let start = 0;
  for (const { 0: line, index } of wikitext.matchAll(/^=.*$/gm)) {
    const match = HEADING.exec(line);
    if (match === null) continue;
    sections.push({ level, heading, body: wikitext.slice(start, Math.max(start, index - 1)) });
    level = Math.min(match[1]?.length ?? 0, match[3]?.length ?? 0);
    heading = (match[2] ?? "").trim();
    start = index + line.length + 1;
  }
  sections.push({ level, heading, body: wikitext.slice(start) });
  return sections;
}
