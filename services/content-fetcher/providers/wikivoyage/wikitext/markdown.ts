import type { Run } from "./runs.ts";
import { sentenceEnds } from "../../sentences.ts";

const PUNCTUATION = /[\p{P}\p{S}]/u;
const MARK = { plain: "", bold: "**", italic: "*" } as const satisfies Record<Run["style"], string>;

/**
 * Runs as inline CommonMark without raw HTML. Bold and italics whose marks would not be read as such where they stand
 * (CommonMark 0.31, section 6.2, flanking) are left out; the text stays.
 */
export function inlineMarkdown(runs: readonly Run[]): string {
  let out = "";
  for (const [index, { text, style, uri }] of runs.entries()) {
    const [, lead = "", inner = "", trail = ""] = /^(\s?)(.*?)(\s?)$/s.exec(text) ?? [];
    const piece = uri === undefined ? escapeInline(inner) : linkTo(inner, uri);
    out += lead;
    const mark = MARK[style];
    const following = trail === "" ? (runs[index + 1]?.text.charAt(0) ?? "") : trail;
    const marked =
      mark !== "" && !out.endsWith("*") && opens(out.slice(-2), piece) && closes(piece, following);
    // Else it would be an image.
    if (!marked && piece.startsWith("[") && out.endsWith("!")) out = `${out.slice(0, -1)}\\!`;
    out += marked ? `${mark}${piece}${mark}` : piece;
    out += trail;
  }
  return escapeBlockStart(out);
}

const lastCharacter = (text: string): string => /.$/su.exec(text.slice(-2))?.[0] ?? "";
const isBorder = (character: string): boolean =>
  character === "" || /\s/.test(character) || PUNCTUATION.test(character);

const opens = (before: string, piece: string): boolean =>
  piece !== "" && (!PUNCTUATION.test(piece.charAt(0)) || isBorder(lastCharacter(before)));
const closes = (piece: string, following: string): boolean =>
  piece !== "" && (!PUNCTUATION.test(lastCharacter(piece)) || isBorder(following));

/** Backslashes before what CommonMark would read as markup, and before `~~` of its common extension. */
const escapeInline = (text: string): string =>
  text.replaceAll(/[\\`*_[\]<]|&(?=#?[a-z0-9]+;)|~(?=~)/gi, String.raw`\$&`);

function linkTo(label: string, uri: string): string {
  const destination = uri
    .replaceAll(/[\\()<>`]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll(/&(?=#?[a-z0-9]+;)/gi, "%26");
  return `[${escapeInline(label.replaceAll(/[[\]]/g, ""))}](${destination})`;
}

/** A line must not begin like a heading, a quotation, a list, a rule or an underline. */
const escapeBlockStart = (line: string): string =>
  line
    .replace(/^(?:#{1,6}(?=\s|$)|>|[-+](?=\s|$)|[-=](?=[-=\s]*$)|~~~)/, String.raw`\$&`)
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, String.raw`$1\$2`);

/**
 * As many whole sentences of the runs as fit.
 *
 * @param maxLength of the CommonMark, UTF-16 units
 * @returns undefined when not even the first sentence fits
 */
export function fitSentences(runs: readonly Run[], maxLength: number): readonly Run[] | undefined {
  if (maxLength <= 0) return undefined;
  const text = runs.map((run) => run.text).join("");
  // CommonMark is never shorter than its text: ends beyond the limit cannot fit.
  for (const end of sentenceEnds(text.slice(0, maxLength + 2)).reverse()) {
    const head = sliceRuns(runs, end);
    if (inlineMarkdown(head).length <= maxLength) return head;
  }
  return undefined;
}

function sliceRuns(runs: readonly Run[], length: number): Run[] {
  const sliced: Run[] = [];
  let left = length;
  for (const run of runs) {
    if (left <= 0) break;
    sliced.push({ ...run, text: run.text.slice(0, left) });
    left -= run.text.length;
  }
  return sliced;
}
