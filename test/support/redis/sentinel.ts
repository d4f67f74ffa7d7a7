import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askNode } from "./cluster.ts";
import { findRedisServer } from "./binary.ts";
import { freePort, startProcess, startRedisServer, type RedisServer } from "./server.ts";

/** After so long without an answer the Sentinel counts the master as gone, milliseconds. */
const DOWN_AFTER_MS = 400;
const MASTER_NAME = "main";

/** A master, a replica of it, and the Sentinel that promotes the replica when the master is gone. */
export interface RedisFailover {
  /** As `REDIS_URL` has it; names a Sentinel that is not there before the one that is. */
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly close: () => Promise<void>;
}

/** @returns undefined when this machine has no Redis and cannot get one */
export async function startRedisFailover(): Promise<RedisFailover | undefined> {
  const binary = await findRedisServer();
  // A replica is sent everything at once, not after the five seconds in which others may come.
  const master = await startRedisServer({ args: ["--repl-diskless-sync-delay", "0"] });
  if (binary === undefined || master === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "wayfarer-sentinel-"));
  const ends: (() => Promise<unknown>)[] = [master.close, () => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const replica = await startRedisServer({ args: ["--replicaof", "127.0.0.1", String(master.port)] });
    if (replica === undefined) throw new Error("the replica could not be started");
    ends.push(replica.close);
    // Before that a failover would have nobody to promote.
    for (;;) {
      const info = await askNode(replica, (client) => client.info("replication"));
      if (/master_link_status:up/.test(info)) break;
    }
    const port = await freePort();
    const file = join(folder, "sentinel.conf");
    await writeFile(
      file,
      [
        `port ${port}`,
        "bind 127.0.0.1",
        `dir ${folder}`,
        `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} 1`,
        `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${MASTER_NAME} 2000`,
      ].join("\n"),
    );
    const sentinel = await startProcess(binary, [file, "--sentinel"]);
    ends.push(
      () =>
        new Promise<void>((resolve) => {
          sentinel.once("exit", () => resolve());
          sentinel.kill("SIGKILL");
        }),
    );
    const gone = await freePort();
    return {
      url: `redis+sentinel://127.0.0.1:${gone},127.0.0.1:${port}/${MASTER_NAME}`,
      master,
      replica,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
