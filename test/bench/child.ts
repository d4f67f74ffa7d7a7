import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A process of the bench, with a channel: what it measures does not share this one's heap, JIT or event loop. */
export interface Child {
  /** Next message of the child; rejects when it ends first. */
  readonly receive: () => Promise<unknown>;
  readonly send: (message: unknown) => void;
  readonly pid: number;
  /** Ends the child and waits for its end. */
  readonly close: () => Promise<void>;
}

export interface ChildOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
}

/** @param file beside this one */
export function startChild(file: string, { environment = {}, execArgv = [] }: ChildOptions = {}): Child {
  const { PATH = "", HOME = "" } = process.env;
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: { PATH, HOME, ...environment },
    execArgv: ["--disable-warning=ExperimentalWarning", ...execArgv],
  });
  const messages: unknown[] = [];
  const waiting: { resolve: (message: unknown) => void; reject: (error: Error) => void }[] = [];
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.on("message", (message) => {
    const first = waiting.shift();
    if (first === undefined) messages.push(message);
    else first.resolve(message);
  });
  void ended.then(() => {
    hasEnded = true;
    for (const { reject } of waiting) reject(new Error(`${file} has ended`));
  });
  return {
    pid: child.pid ?? 0,
    send: (message) => void child.send(message as object),
    receive: () =>
      messages.length > 0
        ? Promise.resolve(messages.shift())
        : hasEnded
          ? Promise.reject(new Error(`${file} has ended`))
          : new Promise((resolve, reject) => void waiting.push({ resolve, reject })),
    close: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
