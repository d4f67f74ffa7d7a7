import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVICE_FLAGS } from "./support/service-flags.ts";
import { PROCESS_SETTINGS } from "../shared/process-settings.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const UNITS = join(ROOT, "deploy/systemd");
/** Where the units expect Wayfarer. */
const HOME = "/opt/wayfarer";
/** What a process needs after the last call, for its last spans, at the most. */
const FLUSH_MS = 2_000;

const read = (unit: string): string => readFileSync(join(UNITS, unit), "utf8").replaceAll(HOME, ROOT);
const valueOf = (text: string, key: string): string =>
  new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1] ?? assert.fail(`no ${key}`);

describe("the systemd units", () => {
  const units = readdirSync(UNITS);

  it("are one for each service", () => {
    assert.deepEqual(units, ["wayfarer-content-fetcher.service", "wayfarer-guide-composer.service"]);
  });

  for (const unit of units) {
    const text = read(unit);
    const [command = "", ...given] = valueOf(text, "ExecStart").split(" ");
    const start = (environment: Readonly<Record<string, string>>) =>
      spawnSync(command, [...given, "--check-config"], {
        cwd: valueOf(text, "WorkingDirectory"),
        env: environment,
        encoding: "utf8",
      });

    it(`${unit} starts the service with the Node of this repository`, () => {
      const { status, stderr } = start({});
      assert.equal(status, 0, stderr);
      assert.deepEqual(given.slice(0, -1), SERVICE_FLAGS, "the options of npm start");
    });

    it(`${unit} does not start a bad configuration again`, () => {
      const { status, stderr } = start({ LOG_LEVEL: "loud" });
      assert.equal(String(status), valueOf(text, "RestartPreventExitStatus"));
      assert.match(stderr, /LOG_LEVEL/);
    });

    it(`${unit} leaves the time that a drain takes`, () => {
      const drainMs =
        Number(PROCESS_SETTINGS.SHUTDOWN_DELAY_MS.default) +
        Number(PROCESS_SETTINGS.SHUTDOWN_GRACE_MS.default) +
        FLUSH_MS;
      assert.ok(Number.parseInt(valueOf(text, "TimeoutStopSec"), 10) * 1_000 > drainMs);
    });
  }

  it("are what systemd takes", function () {
    if (spawnSync("systemd-analyze", ["--version"]).error !== undefined) return this.skip();
    const folder = mkdtempSync(join(tmpdir(), "wayfarer-units-"));
    try {
      const paths = units.map((unit) => join(folder, unit));
      for (const [index, path] of paths.entries()) writeFileSync(path, read(units[index] ?? ""));
      const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], {
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      // Of other units of the machine it may complain too.
      for (const unit of units) assert.ok(!stderr.includes(unit), stderr);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
