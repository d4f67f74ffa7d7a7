import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { fromJsonString } from "@bufbuild/protobuf";
import { readSettings } from "../../shared/config.ts";
import { GuideSchema } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { createLog } from "../../shared/log.ts";
import { startPair, type RunningPair } from "../../services/pair.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";

const ENTRY = fileURLToPath(new URL("../../services/guide.ts", import.meta.url));
const ORIGINS = [
  "OPEN_METEO_FORECAST_BASE_URL",
  "OPEN_METEO_ARCHIVE_BASE_URL",
  "OPEN_METEO_GEOCODING_BASE_URL",
  "MET_NORWAY_BASE_URL",
  "WIKIVOYAGE_BASE_URL",
  "OVERPASS_BASE_URL",
  "NOMINATIM_BASE_URL",
] as const;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const children = new Set<ChildProcessWithoutNullStreams>();

function start(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ENTRY, ...argv], {
    env: { PATH, HOME, ...environment },
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

async function end(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: stdout.join(""), stderr: stderr.join("") };
}

const run = (...argv: readonly string[]): Promise<Ended> => end(start(argv));

describe("the guide command", () => {
  let provider: ProviderServer;
  let pair: RunningPair;
  const toPair = (...argv: readonly string[]): Promise<Ended> => run(...argv, "--composer", pair.composer);

  before(async () => {
    // Geocoders know nothing, everything else is down.
    provider = await startProviderServer(({ url }) =>
      url.pathname === "/search"
        ? { status: 200, body: "[]" }
        : url.pathname === "/v1/search"
          ? { status: 200, body: '{"generationtime_ms":0.5}' }
          : { status: 503, body: "" },
    );
    const environment = Object.fromEntries(ORIGINS.map((name) => [name, provider.baseUrl]));
    pair = await startPair(environment, createLog("test", "silent"), readSettings);
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await pair.close(1_000);
    await provider.close();
  });

  it("starts the pair, prints what is embedded and why the rest is missing, and ends by itself", async () => {
    // Ports that nobody listens on: what a machine without network sees, without its name server.
    const environment = Object.fromEntries(ORIGINS.map((name) => [name, "http://127.0.0.1:9"]));
    const { code, stdout } = await end(
      start(["Lisbon", "--days", "2", "--interests", "museums,seafood"], {
        ...environment,
        LOG_LEVEL: "silent",
      }),
    );
    assert.equal(code, 0);
    assert.match(stdout, /^# Lisbon\n/);
    for (const part of [
      "## Overview",
      "## Practical",
      "## What is missing, and why",
      "interest not applied: museums",
      "## Attribution",
    ])
      assert.ok(stdout.includes(part), part);
    assert.ok(!stdout.includes("Day by day"));
  });

  it("prints JSON that reads back as the guide, sections included and in order", async () => {
    const { code, stdout } = await toPair("Lisbon", "--sections", "practical,overview", "--json");
    assert.equal(code, 0);
    const guide = fromJsonString(GuideSchema, stdout);
    assert.deepEqual(
      guide.sections.map(({ kind }) => kind),
      [SectionKind.PRACTICAL, SectionKind.OVERVIEW],
    );
  });

  it("answers an ambiguous name with commands that work, and 2", async () => {
    const { code, stdout, stderr } = await toPair("Springfield", "--days", "2", "--sections", "overview");
    assert.deepEqual([code, stdout], [2, ""]);
    const command =
      /npm run guide -- (destinations\/\d+ --days 2 --sections overview --composer \S+) {3}# Springfield, /.exec(
        stderr,
      )?.[1];
    assert.ok(command !== undefined, stderr);
    const again = await run(...command.split(" "));
    assert.equal(again.code, 0);
    assert.match(again.stdout, /^# Springfield\n/);
  });

  it("says what an unknown name may have meant, and ends with 2", async () => {
    const { code, stderr } = await toPair("Lisbno");
    assert.equal(code, 2);
    assert.match(stderr, /Did you mean:\n {2}npm run guide -- destinations\/2267057/);
  });

  it("lists what the service refuses, and ends with 2", async () => {
    const { code, stderr } = await toPair("Lisbon", "--from", "2020-01-01", "--language", "xx_y!");
    assert.equal(code, 2);
    assert.match(stderr, /start_date/);
    assert.match(stderr, /language_code/);
  });

  it("ends with 1 when nothing could be had, and says why", async () => {
    const { code, stdout, stderr } = await toPair("Lisbon", "--sections", "restaurants");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /\(NO_CONTENT\)\n {2}Restaurants: /);
  });

  it("says in one line that a composer cannot be reached, and ends with 1", async () => {
    const { code, stdout, stderr } = await run("Lisbon", "--composer", "127.0.0.1:9");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(stderr, "The composer at http://127.0.0.1:9 cannot be reached.\n");
  });

  it("is not harmed by a reader that stops reading", async () => {
    const child = start(["Lisbon", "--sections", "overview", "--composer", pair.composer]);
    child.stdout.destroy();
    const { code, stderr } = await end(child);
    assert.deepEqual([code, stderr], [0, ""]);
  });

  it("ends with 130 when interrupted, and hangs up", async () => {
    let socketCount = 0;
    const hanging = createServer((socket) => {
      socketCount += 1;
      socket.once("close", () => (socketCount -= 1)).resume();
      socket.on("error", () => socket.destroy());
    });
    hanging.listen(0, "127.0.0.1");
    await once(hanging, "listening");
    const { port } = hanging.address() as AddressInfo;
    const child = start(["Lisbon", "--composer", `127.0.0.1:${port}`]);
    const ended = end(child);
    await once(hanging, "connection");
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    assert.deepEqual([code, stdout], [130, ""]);
    hanging.close();
    await once(hanging, "close");
    assert.equal(socketCount, 0);
  });

  it("explains itself", async () => {
    const { code, stdout } = await run("--help");
    assert.equal(code, 0);
    assert.match(stdout, /^npm run guide -- DESTINATION/);
    assert.equal((await run()).code, 2);
  });
});
