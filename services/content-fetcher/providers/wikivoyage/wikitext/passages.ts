import type { ShowTemplate } from "./inline-templates.ts";
import { fitSentences, inlineMarkdown } from "./markdown.ts";
import type { Node } from "./parse-wikitext.ts";
import { toRuns, type Run } from "./runs.ts";

/** A paragraph or one item of a list. */
export interface Passage {
  readonly kind: "paragraph" | "bullet" | "number";
  /** Depth of an item, from 1; 0 for paragraphs. */
  readonly level: number;
  readonly runs: readonly Run[];
}

/** Deeper items stand at this depth. */
const MAX_LIST_LEVEL = 3;
/** Enough for the widest mark that occurs, "10. ", and not yet a code passage below any narrower one. */
const INDENT = "    ";

/**
 * Wikitext of one section as passages. Of tables only lists in their cells stay: those are tables for layout; rows of
 * data say nothing without their columns.
 *
 * @param nodes without headings
 */
export function toPassages(nodes: readonly Node[], show: ShowTemplate): Passage[] {
  const passages: Passage[] = [];
  let paragraph: Node[] = [];
  let tableDepth = 0;
  const add = (kind: Passage["kind"], level: number, content: readonly Node[]): void => {
    const runs = toRuns(content, show);
    if (runs.some(({ text }) => /[\p{L}\p{N}]/u.test(text))) passages.push({ kind, level, runs });
  };
  const endParagraph = (): void => {
    if (paragraph.length > 0) add("paragraph", 0, paragraph);
    paragraph = [];
  };
  for (const line of toLines(nodes)) {
    const [first = ""] = line;
    const start = typeof first === "string" ? first : "";
    if (/^[:*\s]*\{\|/.test(start)) {
      endParagraph();
      tableDepth += 1;
      continue;
    }
    if (tableDepth > 0 && /^\s*\|\}/.test(start)) {
      tableDepth -= 1;
      continue;
    }
    const [marks = ""] = /^[*#:;]+/.exec(start) ?? [];
    const depth = Math.min(MAX_LIST_LEVEL, marks.replaceAll(/[:;]/g, "").length);
    if (depth > 0) {
      endParagraph();
      const content = [start.slice(marks.length), ...line.slice(1)];
      add(marks.includes("*") && !marks.endsWith("#") ? "bullet" : "number", depth, content);
    } else if (tableDepth > 0 || /^\s*\||^-{4}/.test(start)) {
      endParagraph();
    } else if (marks !== "") {
      endParagraph();
      add("paragraph", 0, [start.slice(marks.length), ...line.slice(1)]);
    } else if (line.every((node) => typeof node === "string" && node.trim() === "")) {
      endParagraph();
    } else {
      if (paragraph.length > 0) paragraph.push("\n");
      for (const node of line) paragraph.push(node);
    }
  }
  endParagraph();
  return dropDanglingIntroductions(passages);
}

function toLines(nodes: readonly Node[]): Node[][] {
  const lines: Node[][] = [[]];
  for (const node of nodes) {
    if (typeof node !== "string") {
      lines.at(-1)?.push(node);
      continue;
    }
    for (const [index, text] of node.split("\n").entries()) {
      if (index > 0) lines.push([]);
      if (text !== "") lines.at(-1)?.push(text);
    }
  }
  return lines;
}

const textOf = ({ runs }: Passage): string => runs.map(({ text }) => text).join("");

/** A sentence that ends with a colon announces a list; where that is a table or listings, nothing follows it. */
export function dropDanglingIntroductions(passages: readonly Passage[]): Passage[] {
  return passages.flatMap((passage, index) => {
    const text = textOf(passage);
    const followed = (passages[index + 1]?.level ?? 0) > passage.level;
    if (!text.endsWith(":") || followed) return [passage];
    const runs = fitSentences(passage.runs, Number.MAX_SAFE_INTEGER);
    return runs === undefined ? [] : [{ ...passage, runs }];
  });
}

/** Passages as CommonMark; items of one list stand together. */
export const passagesMarkdown = (passages: readonly Passage[]): string =>
  [...placed(passages)].map(({ before, passage }) => before + inlineMarkdown(passage.runs)).join("");

/** Passages with what stands between each and the one before it: line ends, indentation and the mark of an item. */
function* placed(
  passages: readonly Passage[],
): Generator<{ readonly before: string; readonly passage: Passage }, void> {
  let level = 0;
  /** Numbers of items in the open list of each level. */
  const open: { readonly kind: Passage["kind"]; readonly count: number }[] = [];
  for (const [index, passage] of passages.entries()) {
    const wasList = level > 0;
    // An item may stand only one deeper than the one before it: else it would be code.
    level = Math.min(passage.level, level + 1);
    open.length = level;
    const gap = index === 0 ? "" : level > 0 && wasList ? "\n" : "\n\n";
    if (level === 0) {
      yield { before: gap, passage };
      continue;
    }
    const before = open[level - 1];
    const count = before?.kind === passage.kind ? before.count + 1 : 1;
    open[level - 1] = { kind: passage.kind, count };
    const mark = passage.kind === "bullet" ? "-" : `${count}.`;
    yield { before: `${gap}${INDENT.repeat(level - 1)}${mark} `, passage };
  }
}

/**
 * As many passages as fit, the last one cut at the end of a sentence.
 *
 * @param maxLength of the CommonMark, UTF-16 units
 */
export function fitPassages(passages: readonly Passage[], maxLength: number): readonly Passage[] {
  const kept: Passage[] = [];
  let left = maxLength;
  for (const { before, passage } of placed(passages)) {
    const length = before.length + inlineMarkdown(passage.runs).length;
    if (length <= left) {
      kept.push(passage);
      left -= length;
      continue;
    }
    const runs = fitSentences(passage.runs, left - before.length);
    if (runs !== undefined) kept.push({ ...passage, runs });
    return dropDanglingIntroductions(kept);
  }
  return kept;
}

/** The same text without links, for where their addresses would take the room of words. */
export const withoutLinks = (passages: readonly Passage[]): Passage[] =>
  passages.map((passage) => ({ ...passage, runs: passage.runs.map((run) => ({ ...run, uri: undefined })) }));
