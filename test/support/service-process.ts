import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** One service as an operator runs it: a process of its own, told everything by its environment. */
export interface ServiceProcess {
  /** `host:port`. */
  readonly address: string;
  /** Every line of stderr so far. */
  readonly lines: readonly string[];
  /** Sends SIGTERM and waits for the end; once ended, tells the exit code again. */
  readonly stop: () => Promise<number | null>;
  /** Sends a signal, SIGKILL by default. */
  readonly kill: (signal?: NodeJS.Signals) => void;
  /** Exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** As `npm start` has it: stripping types anew for each process takes longer than most tests. */
export const COMPILE_CACHE = fileURLToPath(new URL("../../node_modules/.cache/wayfarer", import.meta.url));

/**
 * Starts a service on a free port; it is serving when the promise resolves.
 *
 * @param entry its main file, when that is a test's own
 */
export async function startService(
  service: "content-fetcher" | "guide-composer",
  environment: Readonly<Record<string, string>>,
  entry = fileURLToPath(new URL(`../../services/${service}/main.ts`, import.meta.url)),
): Promise<ServiceProcess> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
    env: {
      PATH,
      HOME,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      COMPOSER_LISTEN: "127.0.0.1:0",
      ADMIN_LISTEN: "127.0.0.1:0",
      FETCHER_LISTEN: "127.0.0.1:0",
      ...environment,
    },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const lines: string[] = [];
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      const found = /"address":"([^"]+)","msg":"[a-z-]+ is serving"/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", (code) => reject(new Error(`${service} ended with ${code}: ${lines.join("\n")}`)));
  });
  return {
    address,
    lines,
    ended,
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
    kill: (signal = "SIGKILL") => void child.kill(signal),
  };
}

/** Both services as two processes, the composer with the fetcher as its target. */
export interface ServicePair {
  readonly composer: ServiceProcess;
  readonly fetcher: ServiceProcess;
  /** @returns exit codes of composer and fetcher */
  readonly stop: () => Promise<readonly (number | null)[]>;
}

export async function startServicePair(
  environment: Readonly<Record<string, string>>,
  fetcherEnvironment: Readonly<Record<string, string>> = {},
): Promise<ServicePair> {
  const fetcher = await startService("content-fetcher", { ...environment, ...fetcherEnvironment });
  try {
    const composer = await startService("guide-composer", {
      ...environment,
      FETCHER_TARGET: fetcher.address,
    });
    return { composer, fetcher, stop: async () => [await composer.stop(), await fetcher.stop()] };
  } catch (error) {
    await fetcher.stop();
    throw error;
  }
}
