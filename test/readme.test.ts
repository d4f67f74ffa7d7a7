import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import { createClient, type Code } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { FETCHER_SETTINGS, PROVIDER_SETTINGS } from "../services/content-fetcher/config.ts";
import { PROVIDERS } from "../services/content-fetcher/providers.ts";
import { COMPOSER_SETTINGS } from "../services/guide-composer/config.ts";
import { SECTION_LIFE_MS } from "../services/guide-composer/sections.ts";
import { startPair, type RunningPair } from "../services/pair.ts";
import { readSettings, type Setting } from "../shared/config.ts";
import { REASON_CODE } from "../shared/errors.ts";
import {
  ServerReflection,
  ServerReflectionRequestSchema,
} from "../shared/gen/grpc/reflection/v1/reflection_pb.ts";
import { ContentService } from "../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { GuideAdminService } from "../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import { GuideService } from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKindSchema, type SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ErrorReasonSchema } from "../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { createLog } from "../shared/log.ts";
import { toStatusName } from "../shared/telemetry/interceptors.ts";
import { startTestProviders, type TestProviders } from "./providers/test-providers.ts";
import { examplesOf, missingIn, parseJsonValues, sectionOf, tableOf } from "./support/readme.ts";
import { requireCurl, requireTool } from "./support/tools.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, "utf8");
const README = read("README.md");
const HOUR_MS = 3_600_000;

const SETTINGS: Readonly<Record<string, Setting<unknown>>> = {
  ...COMPOSER_SETTINGS,
  ...FETCHER_SETTINGS,
  ...PROVIDER_SETTINGS,
};

const SERVICES = [GuideService, GuideAdminService, ContentService];

const kindName = (kind: SectionKind): string => SectionKindSchema.value[kind]?.localName.toLowerCase() ?? "";
const toLife = (lifeMs: number): string =>
  lifeMs > 24 * HOUR_MS ? `${lifeMs / 24 / HOUR_MS} d` : `${lifeMs / HOUR_MS} h`;
/** What is data has no code. */
const codeCell = (code: Code | undefined): string => (code === undefined ? "data" : toStatusName(code));

describe("README.md", () => {
  it("lists every setting with its default and meaning, and no other", () => {
    const rows = tableOf(sectionOf(README, "Settings"), "Setting");
    const expected = Object.entries(SETTINGS).map(([name, { default: value, description }]) => [
      `\`${name}\``,
      value === undefined ? "unset" : `\`${value}\``,
      description,
    ]);
    assert.deepEqual(rows, expected);
  });

  it("lists every reason with its code, and no other", () => {
    const rows = tableOf(sectionOf(README, "Errors"), "Reason").map(([reason, code]) => [reason, code]);
    assert.deepEqual(
      rows,
      Object.entries(REASON_CODE).map(([reason, code]) => [`\`${reason}\``, codeCell(code)]),
    );
    assert.deepEqual(
      new Set(rows.map(([reason = ""]) => reason.replaceAll("`", ""))),
      new Set(
        ErrorReasonSchema.values.map(({ localName }) => localName).filter((name) => name !== "UNSPECIFIED"),
      ),
    );
  });

  it("lists every provider with its offerings, licence, storage and origins, and no other", () => {
    const rows = tableOf(sectionOf(README, "Sections and providers"), "Provider");
    const expected = PROVIDERS.map(({ id, offerings, geocode, terms, origins }) => [
      `\`${id}\``,
      [...offerings.map(({ kind }) => kindName(kind)), ...(geocode === undefined ? [] : ["geocoding"])].join(
        ", ",
      ),
      terms.license,
      terms.storable
        ? terms.maxStorageMs === undefined
          ? "yes"
          : `at most ${toLife(terms.maxStorageMs)}`
        : "no",
      origins.length === 0
        ? "embedded"
        : origins.map(({ defaultUrl }) => new URL(defaultUrl).host).join(", "),
    ]);
    assert.deepEqual(rows, expected);
  });

  it("gives every section its life", () => {
    const rows = tableOf(sectionOf(README, "Sections and providers"), "Section");
    const expected = SectionKindSchema.values
      .filter(({ number }) => number !== 0)
      .map(({ number, localName }) => [localName.toLowerCase(), toLife(new Map(lives()).get(number) ?? 0)]);
    assert.deepEqual(rows, expected);
  });

  it("names scripts and files that are there", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const [, name = ""] of README.matchAll(/npm run ([a-z:-]+)/g))
      assert.ok(name in scripts, `npm run ${name}`);
    for (const [, path = ""] of README.matchAll(
      /[`( ]((?:services|shared|test|proto|\.ci)\/[\w./-]*\w\/?)[`) ]/g,
    )) {
      if (path.startsWith("shared/gen")) continue;
      assert.ok(existsSync(`${ROOT}${path}`), path);
    }
    for (const [, anchor = ""] of README.matchAll(/\]\(#([a-z-]+)\)/g))
      assert.ok(
        [...README.matchAll(/^## (.*)$/gm)].some(
          ([, title = ""]) => title.toLowerCase().replaceAll(" ", "-") === anchor,
        ),
        anchor,
      );
  });
});

const lives = (): [number, number][] =>
  Object.entries(SECTION_LIFE_MS).map(([kind, lifeMs]) => [Number(kind), lifeMs]);

describe(".env.example", () => {
  it("has every setting with its default, and no other", () => {
    const lines = read(".env.example")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const expected = Object.entries(SETTINGS).map(([name, setting]) => `${name}=${setting.default ?? ""}`);
    assert.deepEqual(lines.sort(byText), expected.sort(byText));
  });
});

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** Full names of the services that a server lists by reflection, less gRPC's own. */
async function servicesOf(address: string): Promise<string[]> {
  const reflection = createClient(
    ServerReflection,
    createGrpcTransport({ baseUrl: `http://${address}`, idleConnectionTimeoutMs: 1 }),
  );
  async function* question() {
    yield create(ServerReflectionRequestSchema, { messageRequest: { case: "listServices", value: "" } });
  }
  const names: string[] = [];
  for await (const { messageResponse } of reflection.serverReflectionInfo(question())) {
    if (messageResponse.case === "listServicesResponse")
      names.push(...messageResponse.value.service.map(({ name }) => name));
  }
  return names.filter((name) => !name.startsWith("grpc."));
}

describe("the commands of README.md", () => {
  let providers: TestProviders;
  let pair: RunningPair;

  before(async () => {
    providers = await startTestProviders({ seed: 1, now: Date.now });
    // Without a contact Wikivoyage has ten calls a minute for all of these guides.
    const environment = { ...providers.settings, OPERATOR_CONTACT: "ops@example.org" };
    pair = await startPair(environment, createLog("test", "silent"), readSettings);
  });
  after(async () => {
    await pair.close(1_000);
    await providers.close();
  });

  it("call methods of a table that has every one that is served, and no other", async () => {
    const rows = tableOf(sectionOf(README, "API"), "Method").map(([method]) => method);
    const served = (await Promise.all([pair.composer, pair.admin, pair.fetcher].map(servicesOf))).flat();
    const expected = served.flatMap((name) => {
      const service = SERVICES.find(({ typeName }) => typeName === name);
      assert.ok(service, `${name} is served and not known here`);
      return service.methods.map((method) => `\`${service.name}/${method.name}\``);
    });
    assert.deepEqual(rows, expected);
  });

  it("print a guide with the headings and places of the excerpt", async () => {
    const [, command = "", excerpt = ""] =
      /```sh\n(npm run guide .*)\n```\n\n```markdown\n([\s\S]*?)```/.exec(README) ?? [];
    const given = command.replace("npm run guide --", "").replace("127.0.0.1:50051", pair.composer);
    const { stdout } = await promisify(execFile)("bash", [
      "-c",
      `${JSON.stringify(process.execPath)} --disable-warning=ExperimentalWarning ${ROOT}services/guide.ts ${given}`,
    ]);
    const landmarks = (text: string): string[] =>
      [...text.matchAll(/^##? .*$|\*\*[^*]+\*\*/gm)].map(([mark]) => mark);
    const printed = new Set(landmarks(stdout));
    assert.ok(landmarks(excerpt).length > 5);
    assert.deepEqual(
      landmarks(excerpt).filter((mark) => !printed.has(mark)),
      [],
    );
  });

  for (const { command, output } of examplesOf(README)) {
    it(`${command.slice(0, 60).trim()}... answers as documented`, async function () {
      const local = command
        .replaceAll("127.0.0.1:50051", pair.composer)
        .replaceAll("127.0.0.1:50052", pair.fetcher)
        .replaceAll("127.0.0.1:50053", pair.admin)
        .replaceAll(/\bgrpcurl\b/g, () => requireTool("grpcurl", this))
        .replaceAll(/\bcurl\b/g, () => requireCurl(this));
      const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", local], {
        maxBuffer: 16 << 20,
      });
      assert.deepEqual(missingIn(parseJsonValues(stdout), output), [], stdout.slice(0, 2_000));
    });
  }
});

describe("grpcurl", () => {
  let pair: RunningPair;
  before(async () => {
    pair = await startPair({}, createLog("test", "silent"), readSettings);
  });
  after(async () => await pair.close(1_000));

  it("reads the details of an error by reflection alone", async function () {
    const grpcurl = requireTool("grpcurl", this);
    const request = ["-plaintext", "-d", "{}", pair.composer, "wayfarer.guide.v1.GuideService/ComposeGuide"];
    await assert.rejects(promisify(execFile)(grpcurl, request), (error) => {
      const text = String(error);
      return text.includes('"reason": "REQUEST_INVALID"') && text.includes('"field": "spec"');
    });
  });
});

describe("the comparison of outputs", () => {
  it("finds fields, types, elements and enum values that are missing", () => {
    const actual = { a: [{ kind: "KIND_A", n: 1 }], b: "x" };
    assert.deepEqual(missingIn(actual, { a: [{ kind: "KIND_A" }], b: "other" }), []);
    for (const documented of [
      { c: 1 },
      { b: 1 },
      { a: [{ kind: "KIND_B" }] },
      { a: {} },
      { a: [{ n: "1" }] },
    ])
      assert.equal(missingIn(actual, documented).length, 1, JSON.stringify(documented));
  });
  it("reads the messages of a stream", () =>
    assert.deepEqual(parseJsonValues('{"a":{"b":"}{"}}\n{"c":1}\n'), [{ a: { b: "}{" } }, { c: 1 }]));
});
