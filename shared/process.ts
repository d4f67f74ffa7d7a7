import type { Log } from "./log.ts";
import { ConfigError } from "./config.ts";

/** Exit codes: ended in order, failed, bad configuration. */
const EXIT = { done: 0, failed: 1, badConfiguration: 2 } as const;

/**
 * The settings of a process. A bad configuration ends it with one message that names every problem, and exit code 2.
 * With `--check-config` a good one ends it too, with `ok` on stdout and exit code 0.
 */
export function readSettingsOrExit<T>(read: () => T, argv: readonly string[]): T {
  let settings: T;
  try {
    settings = read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT.badConfiguration);
  }
  if (argv.includes("--check-config")) {
    process.stdout.write("ok\n");
    process.exit(EXIT.done);
  }
  return settings;
}

/** A service that is serving. */
export interface RunningService {
  /** `host:port`. */
  readonly address: string;
  /** Ends in order: drains, then releases everything. */
  readonly close: () => Promise<void>;
}

/** What a service tells the process that started it with an IPC channel, once it is serving. */
export interface ServingMessage {
  readonly kind: "serving";
  readonly address: string;
}

/** Reads a message of a child process; undefined for any other message. */
export function parseServingMessage(message: unknown): ServingMessage | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  if (!("kind" in message) || message.kind !== "serving") return undefined;
  if (!("address" in message) || typeof message.address !== "string") return undefined;
  return { kind: "serving", address: message.address };
}

/**
 * The life of a service's process. It is logged, and told to a parent with an IPC channel, when the service serves. The
 * first SIGTERM or SIGINT, or the end of that parent, ends it in order with exit code 0, while it still starts too; a
 * second signal ends it at once with 1. A service that cannot start is one line in the log and exit code 1.
 */
export async function runService(
  log: Log,
  name: string,
  start: () => Promise<RunningService>,
): Promise<void> {
  let closing = false;
  let running: RunningService | undefined;

  async function close(): Promise<void> {
    try {
      await running?.close();
      process.exit(EXIT.done);
    } catch (error) {
      log.error({ err: error }, "shutting down failed");
      process.exit(EXIT.failed);
    }
  }
  const end = (cause: string): void => {
    if (closing) process.exit(EXIT.failed);
    closing = true;
    log.info({ cause }, "shutting down");
    // Not before it has started: nothing that has half begun can be ended in order.
    if (running !== undefined) void close();
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  if (process.connected) process.once("disconnect", () => (closing ? undefined : end("parent has gone")));
  process.on("uncaughtExceptionMonitor", (error) =>
    log.fatal({ err: error }, "defect that ends the process"),
  );

  try {
    running = await start();
  } catch (error) {
    const problem = listenProblem(error);
    if (problem !== undefined) log.fatal(`${name} cannot start: ${problem}`);
    else log.fatal({ err: error }, `${name} cannot start`);
    process.exit(EXIT.failed);
  }
  if (closing) return await close();
  log.info({ address: running.address }, `${name} is serving`);
  const message: ServingMessage = { kind: "serving", address: running.address };
  if (process.connected) process.send?.(message);
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: "is in use",
  EADDRNOTAVAIL: "is no address of this machine",
  EACCES: "may not be listened on",
  ENOTFOUND: "is no known host",
};

/** What is wrong with an address; undefined when the error is about something else. */
function listenProblem(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  const problem = LISTEN_PROBLEMS[error.code];
  return problem && `an address that it listens on ${problem} (${error.message})`;
}
