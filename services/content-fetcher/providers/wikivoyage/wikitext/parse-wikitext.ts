/** A piece of wikitext: text (bold and italic marks and character references still in it), or a construct. */
export type Node = string | Template | InternalLink | ExternalLink;

/** `{{name|value|key=value}}`. */
export interface Template {
  readonly kind: "template";
  /** In lower case, with single spaces; empty when the name itself is computed. */
  readonly name: string;
  /** As written, for the few templates that capitals tell apart. */
  readonly writtenName: string;
  /** By name in lower case; unnamed ones by their number from "1". */
  readonly parameters: ReadonlyMap<string, readonly Node[]>;
}

/** `[[target|label]]`, a file with its options, or a category. */
export interface InternalLink {
  readonly kind: "link";
  readonly target: string;
  /** Parts after the target; a link has one, its label, or none; a file has options and a caption. */
  readonly parts: readonly (readonly Node[])[];
}

/** `[https://example.org label]`. */
export interface ExternalLink {
  readonly kind: "external";
  readonly uri: string;
  readonly label: readonly Node[];
}

/** Deeper constructs are left out: no article needs a third of it, and reading the tree is recursive. */
const MAX_DEPTH = 40;
/** Titles are shorter than 256 bytes in MediaWiki. */
const MAX_TARGET_LENGTH = 400;

const SPECIAL = /\{\{+|\}\}+|\[+|\]+|\|/g;
const URI = /(?:(?:https?:|ftp:)?\/\/|mailto:|tel:)[^\s[\]<>"{}|]+/iy;

interface Frame {
  readonly kind: "braces" | "link" | "external";
  /** Braces or brackets that are still open. */
  count: number;
  /** Levels of constructs that were closed inside this run of braces. */
  wrappedCount: number;
  uri: string;
  parts: Node[][];
}

/**
 * Reads wikitext into a tree by matching braces and brackets, as MediaWiki's preprocessor does. Never throws, in time
 * linear to the text: what is opened and never closed becomes text again, what is inside of it stays.
 *
 * @param text without comments and tags, as `cleanWikitext` leaves it
 */
export function parseWikitext(text: string): Node[] {
  const root: Node[] = [];
  const stack: Frame[] = [];
  let openBraceCount = 0;
  let openLinkCount = 0;

  const top = (): Frame | undefined => stack.at(-1);
  const currentPart = (): Node[] => top()?.parts.at(-1) ?? root;
  function pushText(piece: string): void {
    if (piece === "") return;
    const part = currentPart();
    const last = part.at(-1);
    if (typeof last === "string") part[part.length - 1] = last + piece;
    else part.push(piece);
  }
  const push = (node: Node): void =>
    typeof node === "string" ? pushText(node) : void currentPart().push(node);
  function open(kind: Frame["kind"], count: number, uri = ""): void {
    if (kind === "braces") openBraceCount += 1;
    if (kind === "link") openLinkCount += 1;
    stack.push({ kind, count, wrappedCount: 0, uri, parts: [[]] });
  }
  function pop(): Frame | undefined {
    const frame = stack.pop();
    if (frame?.kind === "braces") openBraceCount -= 1;
    if (frame?.kind === "link") openLinkCount -= 1;
    return frame;
  }
  /** Turns the frames from `from` upwards back into text, outermost first, so that each node moves once. */
  function dissolve(from: number): void {
    const frames: Frame[] = [];
    while (stack.length > from) {
      const frame = pop();
      if (frame !== undefined) frames.push(frame);
    }
    for (const { uri, parts } of frames.reverse()) {
      pushText(uri);
      appendParts(parts);
    }
  }
  function appendParts(parts: readonly (readonly Node[])[]): void {
    for (const [index, part] of parts.entries()) {
      if (index > 0) pushText("|");
      for (const node of part) push(node);
    }
  }
  const isTooDeep = (frame: Frame): boolean => stack.length + frame.wrappedCount > MAX_DEPTH;

  function closeBraces(run: number): void {
    let left = run;
    while (left >= 2 && openBraceCount > 0) {
      let index = stack.length - 1;
      while (stack[index]?.kind !== "braces") index -= 1;
      dissolve(index + 1);
      const frame = stack[index];
      if (frame === undefined) return;
      const matched = Math.min(3, left, frame.count);
      const nodes = matched === 3 ? [...(frame.parts[1] ?? [])] : [toTemplate(frame.parts)];
      const kept = isTooDeep(frame) ? [] : nodes;
      left -= matched;
      frame.count -= matched;
      frame.wrappedCount += 1;
      if (frame.count >= 2) {
        frame.parts = [kept];
      } else {
        pop();
        pushText("{".repeat(frame.count));
        for (const node of kept) push(node);
      }
    }
    pushText("}".repeat(left));
  }

  function closeBrackets(run: number): void {
    let left = run;
    while (left > 0) {
      const frame = top();
      if (frame?.kind === "external") {
        const [label = []] = frame.parts;
        const deep = isTooDeep(frame);
        pop();
        left -= Math.min(left, frame.count);
        if (!deep) push({ kind: "external", uri: frame.uri, label: trimNodes(label) });
      } else if (frame?.kind === "link" && left >= 2) {
        const deep = isTooDeep(frame);
        pop();
        left -= 2;
        const target = targetOf(frame.parts[0] ?? []);
        // Only a link without a label can turn out so late to be none: no node moves twice.
        if (target === undefined) appendParts(frame.parts);
        else if (!deep) push({ kind: "link", target, parts: frame.parts.slice(1) });
      } else {
        pushText("]".repeat(left));
        return;
      }
    }
  }

  let position = 0;
  let lineEnd = -1;
  /** A link to a page elsewhere ends with its line at the latest. */
  const endLines = (to: number): void => {
    if (top()?.kind !== "external") return;
    if (lineEnd < position) {
      lineEnd = text.indexOf("\n", position);
      if (lineEnd === -1) lineEnd = text.length;
    }
    if (lineEnd >= to) return;
    pushText(text.slice(position, lineEnd));
    position = lineEnd;
    dissolve(lastOpenIndex(stack));
  };
  SPECIAL.lastIndex = 0;
  for (let match = SPECIAL.exec(text); match !== null; match = SPECIAL.exec(text)) {
    endLines(match.index);
    pushText(text.slice(position, match.index));
    const [token] = match;
    position = match.index + token.length;
    if (token.startsWith("{")) {
      open("braces", token.length);
    } else if (token.startsWith("}")) {
      closeBraces(token.length);
    } else if (token.startsWith("[")) {
      URI.lastIndex = position;
      const uri = URI.exec(text)?.[0].split("''", 1)[0];
      if (uri !== undefined) {
        pushText("[".repeat(Math.max(0, token.length - 2)));
        // Two brackets around an address are a common slip; both sides of them go.
        open("external", Math.min(2, token.length), uri);
        position += uri.length;
      } else if (token.length >= 2) {
        // A title holds no brackets: the link that was about to begin is none.
        if (isInTarget(top())) dissolve(stack.length - 1);
        pushText("[".repeat(token.length - 2));
        open("link", 2);
      } else {
        pushText(token);
      }
    } else if (token.startsWith("]")) {
      closeBrackets(token.length);
    } else {
      if (top()?.kind === "external" && openBraceCount + openLinkCount > 0) dissolve(lastOpenIndex(stack));
      const begun = top();
      if (isInTarget(begun) && targetOf(begun?.parts[0] ?? []) === undefined) dissolve(stack.length - 1);
      const frame = top();
      if (frame === undefined || frame.kind === "external") pushText(token);
      else frame.parts.push([]);
    }
    SPECIAL.lastIndex = position;
  }
  endLines(text.length);
  pushText(text.slice(position));
  dissolve(0);
  return root;
}

const isInTarget = (frame: Frame | undefined): boolean => frame?.kind === "link" && frame.parts.length === 1;

/** Index above the innermost frame that pipes belong to. */
function lastOpenIndex(stack: readonly Frame[]): number {
  let index = stack.length;
  while (stack[index - 1]?.kind === "external") index -= 1;
  return index;
}

/** The page that a link leads to; undefined when what stands there cannot be a title. */
function targetOf(nodes: readonly Node[]): string | undefined {
  const [text] = nodes;
  if (nodes.length !== 1 || typeof text !== "string" || text.length > MAX_TARGET_LENGTH) return undefined;
  return /[\n{}[\]]/.test(text) || text.trim() === "" ? undefined : text.trim();
}

function toTemplate(parts: readonly Node[][]): Template {
  const [nameNodes = [], ...rest] = parts;
  const [name] = nameNodes;
  const writtenName =
    nameNodes.length === 1 && typeof name === "string" ? name.replaceAll(/[\s_]+/g, " ").trim() : "";
  const parameters = new Map<string, readonly Node[]>();
  let unnamedCount = 0;
  for (const part of rest) {
    const [first] = part;
    const equals = typeof first === "string" ? first.indexOf("=") : -1;
    if (equals === -1 || typeof first !== "string") {
      unnamedCount += 1;
      parameters.set(String(unnamedCount), part);
      continue;
    }
    const key = first.slice(0, equals).trim().toLowerCase();
    const text = first.slice(equals + 1);
    // Most values are nothing but text.
    const value = part.length === 1 ? textNodes(text.trim()) : trimNodes([text, ...part.slice(1)]);
    // The last one counts, except that an empty one takes nothing away.
    if (value.length > 0 || !parameters.has(key)) parameters.set(key, value);
  }
  return { kind: "template", name: writtenName.toLowerCase(), writtenName, parameters };
}

const textNodes = (text: string): Node[] => (text === "" ? [] : [text]);

function trimNodes(nodes: readonly Node[]): Node[] {
  const trimmed = [...nodes];
  const [first] = trimmed;
  if (typeof first === "string") trimmed[0] = first.trimStart();
  const last = trimmed.at(-1);
  if (typeof last === "string") trimmed[trimmed.length - 1] = last.trimEnd();
  return trimmed.filter((node) => node !== "");
}

/** All templates of a tree, in the order of the text, those inside of others and of links included. */
export function templatesOf(nodes: readonly Node[]): Template[] {
  const templates: Template[] = [];
  const collect = (each: readonly Node[]): void => {
    for (const node of each) {
      if (typeof node === "string") continue;
      if (node.kind === "template") {
        templates.push(node);
        for (const value of node.parameters.values()) collect(value);
      } else if (node.kind === "link") {
        for (const part of node.parts) collect(part);
      } else {
        collect(node.label);
      }
    }
  };
  collect(nodes);
  return templates;
}
