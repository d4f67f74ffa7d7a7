import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

export const ENTRY = fileURLToPath(new URL("main.ts", import.meta.url));

/** The sandbox in a process of its own, and what it has written so far. */
export interface StartedSandbox {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
}

export function startSandbox(...options: string[]): StartedSandbox {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ENTRY, ...options], {
    env: {
      ...process.env,
      COMPOSER_LISTEN: "127.0.0.1:0",
      ADMIN_LISTEN: "127.0.0.1:0",
      FETCHER_LISTEN: "127.0.0.1:0",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  return { child, output };
}

const providersSchema = z.object({
  providers: z.array(
    z.object({
      name: z.string(),
      baseUris: z.array(z.string()).optional(),
      missingSetting: z.string().optional(),
    }),
  ),
});

export async function untilServing({ child, output }: StartedSandbox): Promise<void> {
  while (!output.stdout.includes("Ctrl-C")) {
    if (child.exitCode !== null || child.stdout === null) assert.fail(output.stderr);
    await once(child.stdout, "data");
  }
}

/** What its content-fetcher says of its providers. */
export async function listProviders({
  stdout,
}: StartedSandbox["output"]): Promise<z.infer<typeof providersSchema>["providers"]> {
  const fetcher = /content-fetcher +(\S+)/.exec(stdout)?.[1] ?? "";
  const listed = await fetch(`http://${fetcher}/wayfarer.content.v1.ContentService/ListProviders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  return providersSchema.parse(await listed.json()).providers;
}
