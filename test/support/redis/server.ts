import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findRedisServer, type RedisBinary } from "./binary.ts";

/** A real `redis-server` of its own, in a temporary folder. */
export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:{port}`. */
  readonly url: string;
  /** SIGSTOP: accepts and answers nothing any more. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** SIGKILL; data is lost. Resolves when the process is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port, empty. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
}

/** What a server logs when it can be talked to. */
const READY = /Ready to accept connections|\+monitor master/;

/**
 * Starts a Redis on a free loopback port, without persistence.
 *
 * @returns undefined when this machine has none and cannot get one
 */
export async function startRedisServer(
  options: {
    readonly port?: number;
    readonly args?: readonly string[];
  } = {},
): Promise<RedisServer | undefined> {
  const binary = await findRedisServer();
  if (binary === undefined) return undefined;
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), "wayfarer-redis-"));
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, ...NO_PERSISTENCE];
  args.push(...(options.args ?? []));
  let child = await startProcess(binary, args);

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL");
    await gone;
  }

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    kill,
    restart: async () => {
      await kill();
      child = await startProcess(binary, args);
    },
    close: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const NO_PERSISTENCE = ["--save", "", "--appendonly", "no"];

/** Starts the binary; it can be talked to when the promise resolves. */
export async function startProcess(binary: RedisBinary, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(binary.file, [...args], {
    argv0: binary.argv0,
    env: { ...process.env, ...binary.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`redis-server ended: ${lines.slice(-5).join(" ")}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      if (READY.test(line)) resolve();
    });
  });
  return child;
}
