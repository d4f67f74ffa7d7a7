import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  bannedCode,
  bannedNames,
  forbiddenImports,
  importCycles,
  longFiles,
  type Tree,
} from "./support/architecture.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PATTERN = "{services,shared,test}/**/*.ts";
/** Holds violations on purpose. */
const THIS_FILE = "test/architecture.test.ts";

const readTree = (): Tree =>
  new Map(
    globSync(PATTERN, { cwd: ROOT })
      .map((path) => path.replaceAll("\\", "/"))
      .filter((path) => !path.startsWith("shared/gen/") && path !== THIS_FILE)
      .map((path) => [path, readFileSync(`${ROOT}${path}`, "utf8")]),
  );

/** Part of the files that may have more than 200 lines. */
const LONG_SHARE = 0.15;

describe("architecture", () => {
  const tree = readTree();

  it("imports only what each folder may", () => assert.deepEqual(forbiddenImports(tree), []));
  it("has no import cycles, types included", () => assert.deepEqual(importCycles(tree), []));
  it("keeps environment, clock, chance and timers where they belong", () =>
    assert.deepEqual(bannedCode(tree), []));
  it("names files by the words of the glossary", () => assert.deepEqual(bannedNames(tree), []));
  it("has no file above 400 lines, and few above 200", () => {
    assert.deepEqual(longFiles(tree, 400), []);
    const long = longFiles(tree, 200);
    assert.ok(long.length <= LONG_SHARE * tree.size, `${long.length} of ${tree.size}:\n${long.join("\n")}`);
  });
});

describe("the architecture check", () => {
  const planted = (path: string, source: string): Tree => new Map([[path, source]]);
  const FORBIDDEN = {
    "a provider that imports another": [
      "services/content-fetcher/providers/overpass.ts",
      'import { x } from "./open-meteo.ts";',
    ],
    "a provider with a socket of its own": [
      "services/content-fetcher/providers/overpass.ts",
      'import { connect } from "node:net";',
    ],
    "a provider that takes the pool": [
      "services/content-fetcher/providers/almanac/x.ts",
      'import { createPool } from "../../http/pool.ts";',
    ],
    "a package away from home": ["services/content-fetcher/registry.ts", 'import { Agent } from "undici";'],
    "a pure step that logs": ["services/guide-composer/review/x.ts", 'import { pino } from "pino";'],
    "a pure step that reads the cache": [
      "services/guide-composer/assemble/x.ts",
      'import type { Lookup } from "../cache/lookup.ts";',
    ],
    "a domain type in the cache": [
      "services/guide-composer/cache/x.ts",
      'import type {\n  Guide,\n} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";',
    ],
    "a pipeline that knows who drives it": [
      "services/guide-composer/compose.ts",
      'import { searchDestinations } from "./search/search.ts";',
    ],
    "one service that imports the other": [
      "services/guide-composer/x.ts",
      'import { PROVIDERS } from "../content-fetcher/providers.ts";',
    ],
    "shared code that knows a service": ["shared/x.ts", 'export { x } from "../services/pair.ts";'],
    "an import of a composition root": [
      "test/x.test.ts",
      'await import("../services/guide-composer/main.ts");',
    ],
    "production code that reaches a test": ["services/start.ts", 'import "../test/support/x.ts";'],
    "a file in no known place": ["lib/x.ts", ""],
  } as const;
  for (const [what, [path, source]] of Object.entries(FORBIDDEN)) {
    it(`finds ${what}`, () => assert.equal(forbiddenImports(planted(path, source)).length, 1));
  }

  it("finds a cycle of types over three files", () => {
    const cycle = new Map([
      ["shared/a.ts", 'import type { B } from "./b.ts";'],
      ["shared/b.ts", 'export type { C } from "./c.ts";'],
      ["shared/c.ts", 'import type { A } from "./a.ts";'],
    ]);
    assert.deepEqual(importCycles(cycle), ["shared/a.ts > shared/b.ts > shared/c.ts > shared/a.ts"]);
  });

  const CODE = {
    "an environment read away from the roots": ["shared/x.ts", 'const a = process.env["A"];'],
    "a clock in a service": ["services/guide-composer/x.ts", "const a = Date.now();"],
    "chance in a service": ["services/content-fetcher/x.ts", "const a = Math.random();"],
    "a timer in a pure step": ["services/guide-composer/assemble/x.ts", "setTimeout(() => {}, 1);"],
    "a path of a test in production code": ["services/start.ts", 'const a = "test/fixtures";'],
    "a TODO without an issue": ["shared/x.ts", "const TODO = 1;"],
  } as const;
  for (const [what, [path, source]] of Object.entries(CODE)) {
    it(`finds ${what}`, () => assert.equal(bannedCode(planted(path, source)).length, 1));
  }
  it("lets comments say what code may not", () =>
    assert.deepEqual(bannedCode(planted("shared/x.ts", "/** not Date.now */\n// nor process.env\n")), []));

  it("finds banned words and other spellings in names", () => {
    const names = [
      "services/x-utils.ts",
      "shared/index.ts",
      "services/cli/camelCase.ts",
      "shared/location/x.ts",
    ];
    assert.deepEqual(bannedNames(new Map(names.map((name) => [name, ""]))), names);
  });
  it("counts lines", () =>
    assert.deepEqual(longFiles(planted("shared/x.ts", "a\nb\nc\n"), 2), ["shared/x.ts: 3"]));
});
