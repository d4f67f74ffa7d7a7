import type { OsmElement } from "./world/world.ts";

/** A query of Overpass QL, as far as this server speaks it. */
export interface OverpassQuery {
  readonly timeoutS: number;
  readonly statements: readonly Statement[];
}

export type Statement =
  | {
      readonly kind: "query";
      readonly types: ReadonlySet<OsmElement["type"]>;
      /** Set that is filtered; without it the whole map. */
      readonly from: string | undefined;
      readonly filters: readonly Filter[];
      readonly into: string;
    }
  | { readonly kind: "union"; readonly parts: readonly Statement[]; readonly into: string }
  | {
      readonly kind: "difference";
      readonly whole: Statement;
      readonly without: Statement;
      readonly into: string;
    }
  | { readonly kind: "set"; readonly from: string; readonly into: string }
  | {
      readonly kind: "out";
      readonly from: string;
      readonly modes: ReadonlySet<string>;
      readonly maxCount: number;
    };

export type Filter =
  | { readonly kind: "tag"; readonly matches: (tags: Readonly<Record<string, string>>) => boolean }
  | { readonly kind: "around"; readonly radiusM: number; readonly lat: number; readonly lon: number };

/** What the true server says of a query that it cannot read: line and reason. */
export class OverpassSyntaxError extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.name = "OverpassSyntaxError";
    this.line = line;
  }
}

const TYPES: Readonly<Record<string, readonly OsmElement["type"][]>> = {
  node: ["node"],
  way: ["way"],
  rel: ["relation"],
  relation: ["relation"],
  nw: ["node", "way"],
  wr: ["way", "relation"],
  nwr: ["node", "way", "relation"],
};
const OUT_MODES = new Set([
  "ids",
  "skel",
  "body",
  "tags",
  "meta",
  "center",
  "geom",
  "bb",
  "asc",
  "qt",
  "count",
]);
/** The set that a statement reads and writes when it names none. */
const DEFAULT_SET = "_";

/**
 * Reads `[out:json][timeout:25];`, queries by type, tags and `around`, unions, differences, named sets and `out`.
 *
 * @throws OverpassSyntaxError as the true server refuses
 */
export function parseOverpassQl(text: string): OverpassQuery {
  let at = 0;
  const fail = (message: string): never => {
    throw new OverpassSyntaxError(text.slice(0, at).split("\n").length, message);
  };
  const skip = (): void => {
    at += /^(\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(text.slice(at))?.[0].length ?? 0;
  };
  const accept = (token: string): boolean => {
    skip();
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  const expect = (token: string): void => {
    if (!accept(token)) fail(`parse error: '${token}' expected - '${peek()}' found.`);
  };
  const peek = (): string => {
    skip();
    return /^(\w+|\S)?/.exec(text.slice(at))?.[0] ?? "";
  };
  const word = (): string => {
    skip();
    const found = /^[A-Za-z_]\w*/.exec(text.slice(at))?.[0];
    if (found === undefined) return fail(`parse error: Unknown query clause`);
    at += found.length;
    return found;
  };
  const number = (): number => {
    skip();
    const found = /^-?\d+(\.\d+)?/.exec(text.slice(at))?.[0];
    if (found === undefined) return fail(`parse error: Number expected - '${peek()}' found.`);
    at += found.length;
    return Number(found);
  };
  const quoted = (): string => {
    skip();
    const found = /^"((?:[^"\\]|\\.)*)"/.exec(text.slice(at)) ?? /^([\w:]+)/.exec(text.slice(at));
    if (found === null) return fail(`parse error: Key or value expected - '${peek()}' found.`);
    at += found[0].length;
    return (found[1] ?? "").replaceAll(/\\(.)/g, "$1");
  };
  const into = (): string => (accept("->") ? (expect("."), word()) : DEFAULT_SET);

  function tagFilter(): Filter {
    if (accept("!")) {
      const absent = quoted();
      expect("]");
      return { kind: "tag", matches: (tags) => !(absent in tags) };
    }
    const key = quoted();
    if (accept("]")) return { kind: "tag", matches: (tags) => key in tags };
    const negated = accept("!");
    const regular = accept("~");
    if (!regular) expect("=");
    const value = quoted();
    const ignoreCase = accept(",") ? (expect("i"), true) : false;
    expect("]");
    const meets = regular ? matcher(value, ignoreCase) : (given: string) => given === value;
    return {
      kind: "tag",
      matches: (tags) => {
        const given = tags[key];
        return negated ? given === undefined || !meets(given) : given !== undefined && meets(given);
      },
    };
  }

  function matcher(pattern: string, ignoreCase: boolean): (given: string) => boolean {
    try {
      const expression = new RegExp(pattern, ignoreCase ? "iu" : "u");
      return (given) => expression.test(given);
    } catch {
      return fail(`static error: Invalid regular expression: "${pattern}"`);
    }
  }

  function query(type: string): Statement {
    const filters: Filter[] = [];
    const from = accept(".") ? word() : undefined;
    for (;;) {
      if (accept("[")) filters.push(tagFilter());
      else if (accept("(")) {
        const name = word();
        if (name !== "around") fail(`parse error: this test server does not speak (${name})`);
        expect(":");
        const radiusM = number();
        expect(",");
        const lat = number();
        expect(",");
        const lon = number();
        expect(")");
        filters.push({ kind: "around", radiusM, lat, lon });
      } else break;
    }
    const target = into();
    expect(";");
    return { kind: "query", types: new Set(TYPES[type]), from, filters, into: target };
  }

  function out(from: string): Statement {
    const modes = new Set<string>();
    let maxCount = Number.POSITIVE_INFINITY;
    while (!accept(";")) {
      if (/^\d/.test(peek())) maxCount = number();
      else {
        const mode = word();
        if (!OUT_MODES.has(mode)) fail(`parse error: ';' expected - '${mode}' found.`);
        modes.add(mode);
      }
    }
    return { kind: "out", from, modes, maxCount };
  }

  function statement(): Statement {
    if (accept("(")) {
      const parts: Statement[] = [];
      let without: Statement | undefined;
      while (!accept(")")) {
        if (parts.length === 1 && without === undefined && accept("-")) without = statement();
        else if (without === undefined) parts.push(statement());
        else fail("parse error: ')' expected after a difference");
      }
      const target = into();
      expect(";");
      const [whole] = parts;
      return whole === undefined || without === undefined
        ? { kind: "union", parts, into: target }
        : { kind: "difference", whole, without, into: target };
    }
    if (accept(".")) {
      const from = word();
      if (peek() === "out") return (word(), out(from));
      const target = into();
      expect(";");
      return { kind: "set", from, into: target };
    }
    const name = word();
    if (name === "out") return out(DEFAULT_SET);
    if (name in TYPES) return query(name);
    return fail(`parse error: Unknown type "${name}"`);
  }

  let timeoutS = 180;
  let json = false;
  while (accept("[")) {
    const setting = word();
    expect(":");
    if (setting === "out") json = word() === "json";
    else if (setting === "timeout") timeoutS = number();
    else if (setting === "maxsize") number();
    else fail(`parse error: Unknown setting "${setting}"`);
    expect("]");
    if (accept(";")) break;
  }
  if (!json) fail("parse error: this test server speaks [out:json] only");
  const statements: Statement[] = [];
  while (peek() !== "") statements.push(statement());
  return { timeoutS, statements };
}
