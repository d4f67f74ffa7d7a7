import { posix } from "node:path";

/** Source files by path from the root of the repository. */
export type Tree = ReadonlyMap<string, string>;

/** What files of a folder may import. First match wins; `$1` is what the pattern caught. */
interface Rule {
  readonly from: RegExp;
  /** Prefixes of paths. */
  readonly may: readonly string[];
  /** Packages and Node's own modules. */
  readonly npm: RegExp;
}

const COMPOSER = "services/guide-composer/";
const FETCHER = "services/content-fetcher/";

/** Steps of the pipeline that take values and return values. */
const PURE =
  /^services\/guide-composer\/(?:(?:plan|sections|spec|report|guide-outline|read-mask|completeness)\.ts|assemble\/|review\/|personalize\/)/;
const PURE_PARTS = [
  ...["plan.ts", "sections.ts", "spec.ts", "guide-outline.ts", "assemble/", "review/", "personalize/"].map(
    (part) => COMPOSER + part,
  ),
  `${COMPOSER}cache/keys.ts`,
  `${COMPOSER}cost/budget-exhausted.ts`,
];

const RULES: readonly Rule[] = [
  { from: /^test\//, may: ["test/", "services/", "shared/"], npm: /./ },
  { from: /^shared\//, may: ["shared/"], npm: /./ },
  {
    // No socket of its own, and of the others only what is made for sharing.
    from: /^services\/content-fetcher\/providers\/([^/.]+)/,
    may: [
      "shared/gen/",
      "shared/errors.ts",
      "shared/note.ts",
      `${FETCHER}provider.ts`,
      `${FETCHER}http/http-client.ts`,
      `${FETCHER}providers/civil-days.ts`,
      `${FETCHER}providers/language-model/`,
      `${FETCHER}providers/listing-key.ts`,
      `${FETCHER}providers/osm/`,
      `${FETCHER}providers/plain-text.ts`,
      `${FETCHER}providers/price.ts`,
      `${FETCHER}providers/readable-array.ts`,
      `${FETCHER}providers/sentences.ts`,
      `${FETCHER}providers/$1`,
    ],
    npm: /^(?!node:(?:net|tls|https?|http2|dns|dgram)|undici|@grpc|@connectrpc)/,
  },
  {
    from: /^services\/content-fetcher\/resilience\//,
    may: ["shared/errors.ts", `${FETCHER}resilience/`],
    npm: /./,
  },
  {
    from: PURE,
    may: ["shared/gen/", "shared/errors.ts", "shared/note.ts", ...PURE_PARTS],
    npm: /^(?:@bufbuild\/protobuf|node:crypto)/,
  },
  {
    from: /^services\/guide-composer\/bytes-path\//,
    may: ["shared/", `${COMPOSER}cache/`, `${COMPOSER}bytes-path/`],
    npm: /^(?:@bufbuild\/protobuf|node:)/,
  },
  // Keys and bytes: no domain type, and no vendor of telemetry.
  {
    from: /^services\/guide-composer\/cache\//,
    may: [`${COMPOSER}cache/`, "shared/errors.ts", "shared/linked-abort.ts"],
    npm: /^(?!@bufbuild|@opentelemetry|@connectrpc)/,
  },
  { from: /^services\/cli\//, may: ["shared/", "services/cli/"], npm: /^(?:@bufbuild\/protobuf|node:)/ },
  { from: /^services\/([^/]+)\//, may: ["shared/", "services/$1/"], npm: /./ },
  { from: /^services\/[^/]+\.ts$/, may: ["shared/", "services/"], npm: /./ },
];

/** `report.ts` names decisions of the cache by type, which is a word and no dependency on how they come about. */
const EXCEPTIONS: ReadonlySet<string> = new Set([`${COMPOSER}report.ts > ${COMPOSER}cache/probe.ts`]);

/** What drives the pipeline is unknown to it: only the outermost files put the two together. */
const DRIVERS = /^services\/guide-composer\/(?:search|jobs|warming|admin)\//;
const KNOWS_DRIVERS = /^services\/guide-composer\/(?:rpc|service|main)\.ts$|^test\//;

/** Packages with one home; tests may use any. */
const HOME: Readonly<Record<string, readonly string[]>> = {
  undici: [`${FETCHER}http/`],
  ioredis: [`${COMPOSER}cache/`],
  "lru-cache": [`${COMPOSER}cache/`],
  "@grpc/grpc-js": [`${COMPOSER}fetch/`],
  bullmq: [`${COMPOSER}jobs/`],
  pino: ["shared/log.ts"],
  "@connectrpc/connect-node": ["shared/rpc-listener.ts", "services/guide.ts"],
  "@opentelemetry/core": ["shared/telemetry/"],
  "@opentelemetry/sdk-node": ["shared/telemetry/"],
  "@opentelemetry/sdk-trace": ["shared/telemetry/"],
  "@opentelemetry/exporter-prometheus": ["shared/telemetry/"],
};

/** Composition roots: they alone see the environment and the real clock, and nobody imports them. */
const ROOTS = /^services\/(?:[^/]+\/main|start|guide)\.ts$/;
const CLOCK_ROOTS = /^services\/(?:[^/]+\/main|start|guide|pair)\.ts$/;
/** Programs that run at generate time. */
const GENERATORS = /\/generate\.ts$/;

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?:[^;'"]*?\sfrom\s*)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** What a file imports: paths from the root for files, names for packages. Types count. */
function importsOf(path: string, source: string): string[] {
  return [...source.matchAll(IMPORT)].flatMap(([, named, called]) => {
    const specifier = named ?? called;
    if (specifier === undefined) return [];
    return specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
  });
}

/** Without comments, so that a sentence about `Date.now` is none. */
const codeOf = (source: string): string =>
  source.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");

const isFile = (imported: string): boolean => /^(?:services|shared|test)\//.test(imported);

const packageOf = (specifier: string): string =>
  specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

/** Files that import what their folder may not, each as `from > to`. */
export function forbiddenImports(tree: Tree): string[] {
  return [...tree].flatMap(([path, source]) => {
    const rule = RULES.find(({ from }) => from.test(path));
    if (rule === undefined) return [`${path} is in no known place`];
    const caught = rule.from.exec(path)?.[1] ?? "";
    const may = rule.may.map((prefix) => prefix.replace("$1", caught));
    return importsOf(path, source).flatMap((imported) => {
      const edge = `${path} > ${imported}`;
      if (EXCEPTIONS.has(edge)) return [];
      if (isFile(imported)) {
        const inverted = DRIVERS.test(imported) && !DRIVERS.test(path) && !KNOWS_DRIVERS.test(path);
        const allowed =
          may.some((prefix) => imported.startsWith(prefix)) && !ROOTS.test(imported) && !inverted;
        return allowed ? [] : [edge];
      }
      const homes = path.startsWith("test/") ? undefined : HOME[packageOf(imported)];
      const athome = homes === undefined || homes.some((home) => path.startsWith(home));
      return rule.npm.test(imported) && athome ? [] : [edge];
    });
  });
}

/** Import cycles, types included, each as the files on it. */
export function importCycles(tree: Tree): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(" > "));
    const source = tree.get(path);
    if (start >= 0 || source === undefined || done.has(path)) return;
    for (const imported of importsOf(path, source)) walk(imported, [...trail, path]);
    done.add(path);
  };
  for (const path of tree.keys()) walk(path, []);
  return cycles;
}

interface Ban {
  readonly what: RegExp;
  readonly where: (path: string) => boolean;
}

const isProduction = (path: string): boolean => !path.startsWith("test/");

/** What code may not say, by place. */
const BANS: readonly Ban[] = [
  { what: /\bprocess\.env\b/, where: (path) => isProduction(path) && !ROOTS.test(path) },
  {
    what: /\bDate\.now\b|\bMath\.random\b|\bperformance\.now\b|new Date\(\)/,
    where: (path) => isProduction(path) && !CLOCK_ROOTS.test(path) && !GENERATORS.test(path),
  },
  { what: /\bset(?:Timeout|Interval|Immediate)\b|node:timers/, where: (path) => PURE.test(path) },
  { what: /["'`/]test\/|\/work\b|\/tmp\//, where: isProduction },
  { what: /\bTODO(?!\(#\d+\):)|\bFIXME\b/, where: () => true },
];

/** What code says where it may not, each as `path: text`. */
export const bannedCode = (tree: Tree): string[] =>
  [...tree].flatMap(([path, source]) => {
    const code = codeOf(source);
    return BANS.filter(({ where }) => where(path)).flatMap(({ what }) => {
      const found = what.exec(code)?.[0];
      return found === undefined ? [] : [`${path}: ${found}`];
    });
  });

/** The right column of the glossary, less the words that are another row's own, and names that say nothing. */
const BANNED_WORDS: ReadonlySet<string> = new Set(
  (
    "util misc common helper manager base index " +
    "city location option param profile topic chapter block payload result item poi entity tip source reference credit " +
    "confidence trust vendor backend plugin capability factory endpoint tripped ttl layer driver flight lock deduped " +
    "revalidate preload hot fast combine unify gap allowance task"
  ).split(" "),
);

/** File and folder names of production code with a banned word, in singular or plural, and all that are not in kebab-case. */
export const bannedNames = (tree: Tree): string[] =>
  [...tree.keys()].filter((path) => {
    const isBanned = (word: string): boolean =>
      isProduction(path) && (BANNED_WORDS.has(word) || BANNED_WORDS.has(word.replace(/s$/, "")));
    const names = path.replace(/(?:\.test)?(?:\.d)?\.ts$/, "").split("/");
    return names.some((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) || name.split("-").some(isBanned));
  });

const lineCount = (source: string): number => source.trimEnd().split("\n").length;

/** Files above `maxLineCount` lines, each with its count. */
export const longFiles = (tree: Tree, maxLineCount: number): string[] =>
  [...tree].flatMap(([path, source]) =>
    lineCount(source) > maxLineCount ? [`${path}: ${lineCount(source)}`] : [],
  );
