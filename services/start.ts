import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseServingMessage } from "../shared/process.ts";

/** Both services as processes of their own, each with its own telemetry; a signal to this one ends both in order. */

interface Service {
  readonly name: string;
  readonly child: ChildProcess;
  /** Its address once it serves; undefined when it ended before that. */
  readonly serving: Promise<string | undefined>;
  /** Its exit code; undefined when a signal ended it. */
  readonly ended: Promise<number | undefined>;
}

/** Stripped and compiled code of both services from one start to the next; a disk that cannot be written costs only time. */
const COMPILE_CACHE = fileURLToPath(new URL("../node_modules/.cache/wayfarer", import.meta.url));

function launch(name: string, environment: NodeJS.ProcessEnv): Service {
  const entry = fileURLToPath(new URL(`${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    // A group of its own: Ctrl-C in a terminal reaches a whole group, and would end both at once instead of in order.
    // When this process dies without a word, the end of the IPC channel tells them.
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
  return { name, child, serving, ended };
}

/** In the order in which they are started; they end in the other one, so that the composer finishes its calls first. */
const services: Service[] = [];
let stopping = false;

async function stop(): Promise<void> {
  stopping = true;
  for (const { child, ended } of services.toReversed()) {
    child.kill("SIGTERM");
    await ended;
  }
}

function killAll(): never {
  for (const { child } of services) child.kill("SIGKILL");
  process.exit(1);
}

/** Runs until a signal, or until one of the two ends by itself. */
async function run(): Promise<number> {
  const fetcher = launch("content-fetcher", process.env);
  services.push(fetcher);
  const target = await fetcher.serving;
  if (target !== undefined && !stopping) {
    const composer = launch("guide-composer", { ...process.env, FETCHER_TARGET: target });
    services.push(composer);
    const address = await composer.serving;
    if (address !== undefined && !stopping) process.stderr.write(banner(target, address));
  }
  const first = await Promise.race(services.map(async ({ name, ended }) => ({ name, code: await ended })));
  if (!stopping) {
    // What could not start has said why itself.
    if (first.code === undefined || first.code === 0 || services.length > 1)
      process.stderr.write(`${first.name} has ended${how(first.code)}; so does the other service\n`);
    await stop();
    return first.code === undefined || first.code === 0 ? 1 : first.code;
  }
  const codes = await Promise.all(services.map(({ ended }) => ended));
  return codes.every((code) => code === 0) ? 0 : 1;
}

const how = (code: number | undefined): string =>
  code === undefined ? " by a signal" : ` with exit code ${code}`;

const banner = (fetcher: string, composer: string): string =>
  `\ncontent-fetcher ${fetcher}\nguide-composer  ${composer}\n\n` +
  `grpcurl -plaintext -d '{"spec":{"destination_query":"Lisbon"}}' ${composer} wayfarer.guide.v1.GuideService/ComposeGuide\n\n`;

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping) killAll();
    void stop();
  });
}
process.exitCode = await run();
