/** Text of a section of Markdown, its subsections included. */
export function sectionOf(markdown: string, heading: string): string {
  const start = markdown.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`no section "${heading}"`);
  const end = markdown.indexOf("\n## ", start + 1);
  return markdown.slice(start, end < 0 ? undefined : end);
}

/** Cells of a section's tables whose first heading is `first`, without the heading. */
export function tableOf(section: string, first: string): string[][] {
  const lines = section.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  if (start < 0) throw new Error(`no table "${first}"`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end < 0 ? undefined : end).map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

/** A command of the README and the output that it documents. */
export interface Example {
  readonly command: string;
  /** One or more JSON values. */
  readonly output: readonly unknown[];
}

/** Each `sh` block that is followed by a `json` block. */
export const examplesOf = (markdown: string): Example[] =>
  [...markdown.matchAll(/```sh\n((?:(?!```)[\s\S])*)```\n\n```json\n((?:(?!```)[\s\S])*)```/g)].map(
    ([, command = "", output = ""]) => ({
      command,
      output: parseJsonValues(output),
    }),
  );

/** Reads JSON values that stand one after the other, as grpcurl prints the messages of a stream. */
export function parseJsonValues(text: string): unknown[] {
  const values: unknown[] = [];
  let start = 0;
  for (const { index } of text.matchAll(/\}(?=\s*(?:\{|$))/g)) {
    const candidate = text.slice(start, index + 1);
    try {
      values.push(JSON.parse(candidate));
    } catch {
      // That brace closes something within the value.
      continue;
    }
    start = index + 1;
  }
  if (text.slice(start).trim() !== "") throw new Error(`not JSON: ${text.slice(start, start + 200)}`);
  return values;
}

/**
 * What a documented value has that the actual one lacks, each as a path: fields by name and type, elements of lists by any
 * element that has their shape. Names of enum values must be equal, all other texts and numbers may differ.
 */
export function missingIn(actual: unknown, documented: unknown, path = "$"): string[] {
  if (Array.isArray(documented)) {
    if (!Array.isArray(actual)) return [path];
    return documented.flatMap((element: unknown, index) =>
      actual.some((candidate: unknown) => missingIn(candidate, element).length === 0)
        ? []
        : [`${path}[${index}]`],
    );
  }
  if (isObject(documented)) {
    if (!isObject(actual)) return [path];
    return Object.entries(documented).flatMap(([key, value]) =>
      missingIn(actual[key], value, `${path}.${key}`),
    );
  }
  if (typeof documented === "string" && /^[A-Z]+(?:_[A-Z]+)+$/.test(documented))
    return actual === documented ? [] : [`${path} is ${String(actual)}`];
  return typeof actual === typeof documented ? [] : [path];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
