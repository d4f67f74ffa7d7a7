import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../.tools/bin/", import.meta.url));

/**
 * Path of a tool that `npm run tools` installs. Without it the suite is passed over, and says so; with `CI=true` it fails.
 *
 * @param suite the `this` of a `before` hook
 */
export function requireTool(name: "grpcurl" | "jaeger", suite: Mocha.Context): string {
  const path = `${BIN}${name}`;
  return existsSync(path) ? path : passOver(`${name} is not there, npm run tools installs it`, suite);
}

/** The same for curl, which comes with most systems and not with small images. */
export const requireCurl = (suite: Mocha.Context): string =>
  spawnSync("curl", ["--version"]).error === undefined ? "curl" : passOver("curl is not there", suite);

function passOver(why: string, suite: Mocha.Context): never {
  if (process.env["CI"] === "true") throw new Error(why);
  process.stderr.write(`    passed over: ${why}\n`);
  suite.skip();
}
