import { escapeMarkdown, link, visible } from "./escape.ts";

/**
 * CommonMark of a provider inside of a guide. Paragraphs, lists, emphasis and links to the web come through; what could
 * pass for a part of the guide itself does not: raw HTML, images, code, quotes, rules, tables, link definitions.
 */
export function renderNarrative(text: string): string {
  const blocks = visible(text)
    .split(/\n[^\S\n]*\n+/)
    .map((block) =>
      block
        .split("\n")
        .map(renderLine)
        .filter((line) => line !== "")
        .join("\n"),
    );
  return blocks.filter((block) => block !== "").join("\n\n");
}

const LIST_MARK = /^(\s{0,5})([-*+]|\d{1,3}[.)])\s+(?=\S)/;

/** A heading within a text becomes a line in bold, which no heading of the guide is. */
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/;

function renderLine(line: string): string {
  const heading = HEADING.exec(line)?.[1]
    ?.replaceAll(/[*_]{2,}/g, "")
    .trim();
  if (heading !== undefined) return heading === "" ? "" : `**${escapeMarkdown(heading)}**`;
  const mark = LIST_MARK.exec(line);
  if (mark === null) return withoutBlockMark(renderInline(line.trim()));
  const [whole, indent = "", bullet = ""] = mark;
  return `${" ".repeat(indent.length)}${bullet} ${withoutBlockMark(renderInline(line.slice(whole.length).trim()))}`;
}

/** Escapes what makes a heading, a quote, a rule, a fence or a table row of a line. */
const withoutBlockMark = (line: string): string =>
  /^(?:[-*_=]\s*)+$/.test(line)
    ? line.replaceAll(/[-*_=]/g, String.raw`\$&`)
    : line.replace(/^(?:#{1,6}(?=\s|$)|>|=+|~{3,}|[-+](?=\s|$))/, String.raw`\$&`);

/** A link whose text and page hold no bracket, or an escaped character, or one that Markdown acts on. */
const INLINE =
  /(?<image>!?)\[(?<label>[^[\]\n]*)\]\((?<page><[^<>\n]*>|[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)(?:\s+"[^"\n]*")?\)|\\[!-/:-@[-`{-~]|[`<[\]|\\!&]/g;

const renderInline = (text: string): string =>
  text.replaceAll(INLINE, (match, ...rest) => {
    const groups: unknown = rest.at(-1);
    const { image, label, page } = readGroups(groups);
    if (label !== undefined && page !== undefined) {
      const words = label.trim();
      if (image === "!") return escapeMarkdown(words);
      return link(words, page.replaceAll(/^<|>$/g, ""));
    }
    if (match === "!" || match === "&") return match;
    return match.length > 1 ? match : `\\${match}`;
  });

const readGroups = (groups: unknown): { image?: string; label?: string; page?: string } =>
  typeof groups === "object" && groups !== null ? groups : {};
