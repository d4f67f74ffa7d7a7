import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What tests use when it is there: installed by `npm run tools` into `.tools/bin`, from the Go module proxy. */
interface Tool {
  readonly name: string;
  /** Module that it is built from, and its version. */
  readonly module: string;
  readonly version: string;
  /** Arguments of `go install`. */
  readonly install: readonly string[];
}

const run = promisify(execFile);
const HERE = fileURLToPath(new URL(".", import.meta.url));
const BIN = fileURLToPath(new URL("../../.tools/bin/", import.meta.url));
const GRPCURL = { module: "github.com/fullstorydev/grpcurl", version: "v1.9.4" };
const JAEGER_MODULE = "github.com/jaegertracing/jaeger";

/** Version that a module is required in by the `go.mod` beside this file. */
async function requiredVersion(module: string): Promise<string> {
  const lines = (await readFile(`${HERE}go.mod`, "utf8")).split("\n");
  const version = lines.map((line) => line.trim().split(" ")).find(([path]) => path === module)?.[1];
  if (version === undefined) throw new Error(`go.mod does not require ${module}`);
  return version;
}

/** Whether the binary is there and was built from that version: Go writes both into what it builds. */
async function isInstalled({ name, module, version }: Tool): Promise<boolean> {
  try {
    const { stdout } = await run("go", ["version", "-m", `${BIN}${name}`]);
    return stdout.split("\n").some((line) => line.startsWith(`\tmod\t${module}\t${version}\t`));
  } catch {
    return false;
  }
}

/** @returns the line to print, and whether the tool is there */
async function install(tool: Tool): Promise<{ readonly line: string; readonly installed: boolean }> {
  const label = `${tool.name} ${tool.version}`;
  try {
    if (!(await isInstalled(tool))) {
      await run("go", ["install", ...tool.install], {
        cwd: HERE,
        env: { ...process.env, GOBIN: BIN },
        maxBuffer: 16 << 20,
      });
    }
    return { line: `${label}: ${BIN}${tool.name}`, installed: true };
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (missing && existsSync(`${BIN}${tool.name}`)) {
      return {
        line: `${tool.name}: ${BIN}${tool.name} (version unknown: Go is not installed)`,
        installed: true,
      };
    }
    const [last = ""] = String(error instanceof Error ? error.message : error)
      .trim()
      .split("\n")
      .slice(-1);
    const why = missing ? "Go is not installed" : last;
    return { line: `${label}: not installed, tests that need it pass over: ${why}`, installed: false };
  }
}

const tools: readonly Tool[] = [
  {
    name: "grpcurl",
    ...GRPCURL,
    install: [`${GRPCURL.module}/cmd/grpcurl@${GRPCURL.version}`],
  },
  {
    // Its own go.mod has a `replace`, which `go install path@version` refuses: it is a tool of the go.mod here.
    name: "jaeger",
    module: JAEGER_MODULE,
    version: await requiredVersion(JAEGER_MODULE),
    install: ["-ldflags=-s -w", "tool"],
  },
];
for (const tool of tools) {
  const { line, installed } = await install(tool);
  process.stdout.write(`${line}\n`);
  if (!installed && process.env["CI"] === "true") process.exitCode = 1;
}
