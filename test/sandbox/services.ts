import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseServingMessage } from "../../shared/process.ts";

/** A service as a process of its own, as an operator runs it. */
export interface SandboxService {
  readonly name: string;
  /** Its address once it serves; undefined when it ended before that. */
  readonly serving: Promise<string | undefined>;
  /** Its exit code; undefined when a signal ended it. */
  readonly ended: Promise<number | undefined>;
  /** Asks it to end in order. */
  readonly stop: () => Promise<number | undefined>;
  readonly kill: () => void;
}

/** Starts a service; its log goes to stderr. */
export function launchService(
  name: "content-fetcher" | "guide-composer",
  environment: NodeJS.ProcessEnv,
): SandboxService {
  const entry = fileURLToPath(new URL(`../../services/${name}/main.ts`, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
    env: environment,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // A group of its own, so that Ctrl-C ends the sandbox in order instead of everything at once. When the sandbox dies
    // without a word, the end of the IPC channel tells the service.
    detached: true,
  });
  const ended = new Promise<number | undefined>((resolve) => {
    child.once("exit", (code) => resolve(code ?? undefined));
    child.once("error", () => resolve(undefined));
  });
  const serving = new Promise<string | undefined>((resolve) => {
    child.on("message", (message) => {
      const address = parseServingMessage(message)?.address;
      if (address !== undefined) resolve(address);
    });
    void ended.then(() => resolve(undefined));
  });
  return {
    name,
    serving,
    ended,
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
