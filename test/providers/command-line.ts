import { parseArgs } from "node:util";

export type OptionTable = Readonly<
  Record<string, { readonly type: "string" | "boolean"; readonly multiple?: boolean }>
>;

/** Options as given: texts of those with a value, names of the flags. */
export interface CommandLine {
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly flags: ReadonlySet<string>;
  /** Everything that is wrong with it: `parseArgs` itself stops at the first. */
  readonly problems: readonly string[];
}

/** Reads `--name value`, `--name=value` and `--flag` of a table; there are no other arguments. */
export function readCommandLine(argv: readonly string[], table: OptionTable): CommandLine {
  const texts = new Map<string, string[]>();
  const flags = new Set<string>();
  const problems: string[] = [];
  const { tokens } = parseArgs({ args: [...argv], options: table, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") problems.push(`"${token.value}" is no option`);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (option === undefined) {
      problems.push(`${token.rawName} is no option`);
    } else if (option.type === "boolean") {
      if (token.value !== undefined) problems.push(`--${token.name} takes no value`);
      flags.add(token.name);
    } else if (token.value === undefined) {
      problems.push(`--${token.name} needs a value`);
    } else {
      const given = texts.get(token.name) ?? [];
      if (given.length > 0 && option.multiple !== true) problems.push(`--${token.name} is given twice`);
      texts.set(token.name, [...given, token.value]);
    }
  }
  return { texts, flags, problems };
}
