import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Both services as processes of their own, each with its own telemetry; a signal to this one ends both in order. */
function start(
  service: string,
  environment: NodeJS.ProcessEnv,
): { child: ChildProcess; address: Promise<string> } {
  const entry = fileURLToPath(new URL(`${service}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
    env: environment,
    stdio: ["ignore", "inherit", "pipe"],
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once("exit", (code) => reject(new Error(`${service} ended with ${code}`)));
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      process.stderr.write(`${line}\n`);
      const address = /"address":"([^"]+)","msg":"[a-z-]+ is serving"/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  }
  return { child, address: promise };
}

const children: ChildProcess[] = [];
let signals = 0;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    signals += 1;
    // The composer first: it finishes its calls while content-fetcher still answers. A second signal ends both at once.
    const [fetcher, composer] = children;
    if (signals > 1) for (const child of children) child.kill("SIGKILL");
    else if (composer === undefined || composer.exitCode !== null) fetcher?.kill("SIGTERM");
    else {
      composer.once("exit", () => fetcher?.kill("SIGTERM"));
      composer.kill("SIGTERM");
    }
  });
}

try {
  const fetcher = start("content-fetcher", process.env);
  children.push(fetcher.child);
  const target = await fetcher.address;
  const composer = start("guide-composer", { ...process.env, FETCHER_TARGET: target });
  children.push(composer.child);
  const address = await composer.address;
  process.stderr.write(
    `\ncontent-fetcher ${target}\nguide-composer  ${address}\n\n` +
      `grpcurl -plaintext -d '{"spec":{"destination_query":"Lisbon"}}' ${address} wayfarer.guide.v1.GuideService/ComposeGuide\n\n`,
  );
  const codes = await Promise.all(
    children.map(
      (child) => new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? 1))),
    ),
  );
  process.exitCode = Math.max(...codes);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : "start failed"}\n`);
  for (const child of children) child.kill("SIGTERM");
  process.exitCode = 1;
}
