import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";

/** What `npm start` runs. */
export interface Started {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Every line of stderr so far. */
  readonly lines: readonly string[];
  /** The line that fits, once there is one; undefined when it ended before. */
  readonly line: (fits: RegExp) => Promise<RegExpExecArray | undefined>;
  /** Ids of its processes, in the order of their start. Linux only. */
  readonly children: () => readonly number[];
}

export function runStart(environment: Readonly<Record<string, string>>): Started {
  const entry = fileURLToPath(new URL("../../services/start.ts", import.meta.url));
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
    env: {
      PATH,
      HOME,
      COMPOSER_LISTEN: "127.0.0.1:0",
      ADMIN_LISTEN: "127.0.0.1:0",
      FETCHER_LISTEN: "127.0.0.1:0",
      WARMING_CALLS_PER_MINUTE: "0",
      ...environment,
    },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let isEnded = false;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    wake();
  });
  const ended = new Promise<number | null>((resolve) =>
    // Not before the last line has been read.
    child.once("close", (code) => {
      isEnded = true;
      wake();
      resolve(code);
    }),
  );
  return {
    kill: (signal) => void child.kill(signal),
    ended,
    lines,
    line: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.map((line) => fits.exec(line)).find((match) => match !== null);
          if (found === undefined && !isEnded) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    children: () =>
      readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ").map(Number),
  };
}
