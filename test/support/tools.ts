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
  if (existsSync(path)) return path;
  if (process.env["CI"] === "true") throw new Error(`${path} is missing: npm run tools`);
  process.stderr.write(`    passed over: ${name} is not there, npm run tools installs it\n`);
  suite.skip();
}
