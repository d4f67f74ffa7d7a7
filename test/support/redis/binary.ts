import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** How to run a `redis-server` that this machine has. */
export interface RedisBinary {
  readonly file: string;
  /** Debian's one binary tells by this name what it is to be. */
  readonly argv0: string;
  readonly environment: Readonly<Record<string, string>>;
}

const run = promisify(execFile);
const TOOLS = fileURLToPath(new URL("../../../.tools/", import.meta.url));
const ROOT = `${TOOLS}redis`;
/** Debian's packages: the binary and the libraries that a bare system lacks. */
const PACKAGES = ["redis-tools", "libjemalloc2", "liblzf1", "liblua5.1-0", "lua-cjson", "lua-bitop"];
const HOW = "install redis-server, or name one by REDIS_SERVER_PATH";

let found: Promise<RedisBinary | undefined> | undefined;

/**
 * `redis-server` of `REDIS_SERVER_PATH` or of the PATH; else Debian's package, unpacked without root into `.tools/redis`.
 *
 * @returns undefined when there is none and none can be had; with `CI=true` that is an error
 */
export function findRedisServer(): Promise<RedisBinary | undefined> {
  found ??= find();
  return found;
}

async function find(): Promise<RedisBinary | undefined> {
  for (const file of [process.env["REDIS_SERVER_PATH"], "redis-server"]) {
    const binary = file === undefined ? undefined : { file, argv0: file, environment: {} };
    if (binary !== undefined && (await works(binary))) return binary;
  }
  let reason = "";
  const unpacked = await unpackedBinary();
  if (unpacked !== undefined && (await works(unpacked))) return unpacked;
  try {
    await unpack();
    const fresh = await unpackedBinary();
    if (fresh !== undefined && (await works(fresh))) return fresh;
    reason = "the unpacked one does not run";
  } catch (error) {
    reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "unknown";
  }
  const message = `no redis-server (${reason}): ${HOW}`;
  if (process.env["CI"] === "true") throw new Error(message);
  process.stderr.write(`    tests with Redis pass over: ${message}\n`);
  return undefined;
}

async function works({ file, environment }: RedisBinary): Promise<boolean> {
  try {
    const { stdout } = await run(file, ["--version"], { env: { ...process.env, ...environment } });
    return /v=|redis-(check-rdb|server)/.test(stdout);
  } catch {
    return false;
  }
}

async function unpackedBinary(): Promise<RedisBinary | undefined> {
  const file = `${ROOT}/usr/bin/redis-check-rdb`;
  if (!existsSync(file)) return undefined;
  const [triplet = ""] = await readdir(`${ROOT}/usr/lib`);
  return {
    file,
    argv0: "redis-server",
    environment: { LD_LIBRARY_PATH: `${ROOT}/usr/lib/${triplet}` },
  };
}

async function unpack(): Promise<void> {
  await mkdir(TOOLS, { recursive: true });
  // Unpacked beside and renamed, so that a run which is cut off leaves nothing that looks whole.
  const folder = await mkdtemp(`${TOOLS}redis-`);
  try {
    await run("apt-get", ["download", ...PACKAGES], { cwd: folder });
    for (const file of await readdir(folder)) {
      if (file.endsWith(".deb")) await run("dpkg-deb", ["-x", file, "root"], { cwd: folder });
    }
    await rm(ROOT, { recursive: true, force: true });
    await rename(`${folder}/root`, ROOT);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
