import { decodeEntities } from "./entities.ts";
import { showInline, type ShowTemplate } from "./inline-templates.ts";
import type { InternalLink, Node, Template } from "./parse-wikitext.ts";

/** Text of one look. */
export interface Run {
  /** Plain text: no wiki markup, no character references, single spaces. */
  readonly text: string;
  /** Bold wins where both stand. */
  readonly style: "plain" | "bold" | "italic";
  /** Page that it links to, http or https; undefined for text without a link and for links to other articles. */
  readonly uri: string | undefined;
}

interface Piece {
  readonly text: string;
  readonly uri: string | undefined;
}

type Token =
  | { readonly kind: "text"; readonly text: string; readonly uri: string | undefined }
  | { readonly kind: "quotes"; readonly bold: boolean; readonly italic: boolean }
  | { readonly kind: "newline" };

/** Pages of these namespaces are shown beside the text or at its end, not in it. */
const HIDDEN_NAMESPACE = /^\s*(?:file|image|media|category)\s*:/i;
/** `[[de:Boston]]`, `[[commons:Category:Boston]]`: links to sister projects in the margin. */
const MARGIN_LINK = /^\s*(?:[a-z]{2,3}(?:-[a-z]+)*|commons|wikipedia|dmoz|wikitravel)\s*:/i;

/** How templates show in running text. */
export const inlineTemplates: ShowTemplate = (template) => showInline(template, plainText);

/** Plain text of wikitext, on one line, without any markup. */
export function plainText(nodes: readonly Node[], show: ShowTemplate = inlineTemplates): string {
  const [first = ""] = nodes;
  // Most values of templates are empty or words: those need no reading.
  if (nodes.length <= 1 && typeof first === "string" && WORDS.test(first)) return first;
  const runs = toRuns(nodes, show);
  return tidy(runs.map(({ text }) => text).join(""));
}

/** Single spaces between words, and no character that means anything in wikitext or is set differently there. */
const WORDS = /^(?:[A-Za-z0-9,.:/%$+@-]+(?: (?![,.;:])[A-Za-z0-9,.:/%$+@-]+)*)?$/;

/** Wikitext as runs on one line; newlines become spaces, and end bold and italics as in MediaWiki. */
export function toRuns(nodes: readonly Node[], show: ShowTemplate = inlineTemplates): Run[] {
  const pieces: Piece[] = [];
  collect(nodes, undefined, show, pieces);
  const runs: { text: string; style: Run["style"]; uri: string | undefined }[] = [];
  const state = { bold: false, italic: false };
  for (const token of balanceQuotes(pieces.flatMap(tokenize))) {
    if (token.kind === "newline") {
      state.bold = false;
      state.italic = false;
    } else if (token.kind === "quotes") {
      if (token.bold) state.bold = !state.bold;
      if (token.italic) state.italic = !state.italic;
      continue;
    }
    const text = token.kind === "newline" ? " " : token.text;
    const uri = token.kind === "newline" ? undefined : token.uri;
    const style = state.bold ? "bold" : state.italic ? "italic" : "plain";
    const last = runs.at(-1);
    if (last !== undefined && last.style === style && last.uri === uri) last.text += text;
    else runs.push({ text, style, uri });
  }
  return trimRuns(runs.map((run) => ({ ...run, text: toPlain(run.text) })));
}

function collect(nodes: readonly Node[], uri: string | undefined, show: ShowTemplate, into: Piece[]): void {
  for (const node of nodes) {
    if (typeof node === "string") {
      into.push({ text: node, uri });
    } else if (node.kind === "template") {
      if (isDeadLinkMark(node)) unlinkLast(into);
      collect(show(node), uri, show, into);
    } else if (node.kind === "link") {
      collect(labelOf(node), uri, show, into);
    } else {
      const target = /^https?:\/\//i.test(node.uri) && URL.canParse(node.uri) ? node.uri : undefined;
      const before = into.length;
      collect(node.label, target, show, into);
      if (into.slice(before).every(({ text }) => text.trim() === ""))
        into.push({ text: hostOf(node.uri), uri: target });
    }
  }
}

/** `{{dead link}}` follows a link whose page is gone. */
export const isDeadLinkMark = ({ name }: Template): boolean => name === "dead link" || name === "deadlink";

function unlinkLast(pieces: Piece[]): void {
  const last = pieces.findLastIndex(({ text, uri }) => uri !== undefined || text.trim() !== "");
  const dead = pieces[last]?.uri;
  if (dead === undefined) return;
  const first = pieces.findLastIndex(({ uri }, index) => index <= last && uri !== dead) + 1;
  for (const piece of pieces.splice(first, last + 1 - first))
    pieces.push({ text: piece.text, uri: undefined });
}

function labelOf({ target, parts }: InternalLink): readonly Node[] {
  if (HIDDEN_NAMESPACE.test(target)) return [];
  const [label] = parts;
  if (label !== undefined) return label;
  return MARGIN_LINK.test(target) ? [] : [target.replace(/^:/, "").replaceAll("_", " ")];
}

/** What a link without a label shows: nothing but its number on the page; the host says more. */
const hostOf = (uri: string): string =>
  /^(?:https?:)?\/\//i.test(uri) && URL.canParse(uri, "https://x.invalid")
    ? new URL(uri, "https://x.invalid").hostname.replace(/^www\./, "")
    : uri.replace(/^[a-z]+:/i, "");

function tokenize({ text, uri }: Piece): Token[] {
  return text.split(/('{2,}|\n)/).flatMap((part, index): Token[] => {
    if (part === "") return [];
    if (index % 2 === 0) return [{ kind: "text", text: part, uri }];
    if (part === "\n") return [{ kind: "newline" }];
    // MediaWiki: four are an apostrophe and bold, above five all but five are apostrophes.
    const literal = part.length === 4 ? 1 : Math.max(0, part.length - 5);
    const marks = part.length - literal;
    return [
      ...(literal > 0 ? [{ kind: "text" as const, text: "'".repeat(literal), uri }] : []),
      { kind: "quotes", bold: marks !== 2, italic: marks !== 3 },
    ];
  });
}

/** A line with an odd number of both marks has an apostrophe before italics, as in `l'''amour''`. */
function balanceQuotes(tokens: readonly Token[]): Token[] {
  const lines: Token[][] = [[]];
  for (const token of tokens) {
    lines.at(-1)?.push(token);
    if (token.kind === "newline") lines.push([]);
  }
  return lines.flatMap(balanceLine);
}

function balanceLine(line: readonly Token[]): readonly Token[] {
  const odd = (mark: "bold" | "italic"): boolean =>
    line.filter((token) => token.kind === "quotes" && token[mark]).length % 2 === 1;
  if (!odd("bold") || !odd("italic")) return line;
  const candidates = line.flatMap((token, index) => {
    if (token.kind !== "quotes" || !token.bold || token.italic) return [];
    const before = line[index - 1];
    const text = before?.kind === "text" ? before.text : "";
    const rank = text === "" || /\s$/.test(text) ? 2 : /(^|\s)\S$/.test(text) ? 0 : 1;
    return [{ index, rank }];
  });
  const chosen = candidates.sort((a, b) => a.rank - b.rank || a.index - b.index)[0]?.index;
  return line.flatMap((token, index): Token[] =>
    index === chosen
      ? [
          { kind: "text", text: "'", uri: undefined },
          { kind: "quotes", bold: false, italic: true },
        ]
      : [token],
  );
}

/** Words of MediaWiki's own, `__NOTOC__`. */
const BEHAVIOUR_SWITCH = /__[A-Z]+__/g;
/** Control characters, and characters that only steer direction, width or breaks. */
const INVISIBLE = /[^\P{Cc}\s]|[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;

function toPlain(text: string): string {
  const decoded = decodeEntities(text.replaceAll(BEHAVIOUR_SWITCH, ""));
  const visible = ONLY_ASCII.test(decoded) ? decoded : decoded.replaceAll(INVISIBLE, "");
  return dropLeftovers(visible).replaceAll(/\s+/g, " ");
}

const ONLY_ASCII = /^[ -~]*$/;

/**
 * Takes out what is left of broken markup: runs of brackets and braces, table ends, doubled apostrophes, the bracket
 * before an address, empty parentheses and the space that a dropped template leaves before a comma.
 */
const dropLeftovers = (text: string): string =>
  text.replaceAll(LEFTOVERS, (found) => (found.startsWith("'") ? '"' : ""));

const LEFTOVERS = /[[\]{}]{2,}|\{\||\|\}|\[(?=(?:https?:)?\/\/)|'{2,}/gi;

const tidy = (text: string): string =>
  dropLeftovers(text)
    .replaceAll(EMPTY_PARENTHESES, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(SPACE_BEFORE_STOP, "")
    .trim();

/** A dropped template leaves them. */
const EMPTY_PARENTHESES = /\( ?[,;]? ?\)/g;
const SPACE_BEFORE_STOP = / (?=[,.;](?:\s|$))/g;

/** What would be markup again where two runs meet. */
const JOINED_MARKUP = /^(?:[[\]{}]{2}|\{\||\|\}|'')$/;

/** Single spaces across the borders of runs too, none at the ends, no markup across them, no empty run. */
function trimRuns(runs: readonly Run[]): Run[] {
  const trimmed: Run[] = [];
  const setLast = (text: string): void => {
    const last = trimmed.pop();
    if (last !== undefined && text !== "") trimmed.push({ ...last, text });
  };
  for (const run of runs) {
    let text = run.text.replaceAll(EMPTY_PARENTHESES, "").replaceAll(SPACE_BEFORE_STOP, "");
    const before = trimmed.at(-1)?.text ?? "";
    if (JOINED_MARKUP.test(before.slice(-1) + text.slice(0, 1))) {
      setLast(before.slice(0, -1));
      text = text.slice(1);
    }
    const spaced = trimmed.at(-1)?.text.endsWith(" ") ?? true;
    text = (spaced ? text.trimStart() : text).replaceAll(/\s+/g, " ");
    if (text !== "") trimmed.push({ ...run, text });
  }
  while (trimmed.at(-1)?.text.endsWith(" ") === true) setLast(trimmed.at(-1)?.text.trimEnd() ?? "");
  return trimmed;
}
