import { ConfigError } from "./config.ts";
import type { Log } from "./log.ts";

/** Whether the process was started to check its settings and end. */
export const checkConfigOnly = (argv: readonly string[]): boolean => argv.includes("--check-config");

/** Runs `read`; a bad configuration ends the process with its one message and exit code 2. */
export function failOnConfigError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

/** The first SIGTERM or SIGINT ends in order, with exit code 0; a second one ends at once, with 1. */
export function closeOnSignals(log: Log, close: () => Promise<void>): void {
  let closing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (closing) process.exit(1);
    closing = true;
    log.info({ signal }, "shutting down");
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, "shutting down failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
