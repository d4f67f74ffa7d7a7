import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { ENTRY, listProviders, startSandbox, untilServing } from "../sandbox/started.ts";

const guideSchema = z.object({
  guide: z.object({
    sections: z.array(z.object({ kind: z.string() })),
    omissions: z.array(z.object({ kind: z.string(), reason: z.string() })).optional(),
  }),
});
describe("npm run sandbox", function () {
  // Three processes that start one after the other, on a machine that may be busy.
  this.timeout(30_000);
  /** Process group of a test that failed before it had ended it. */
  let left: number | undefined;
  afterEach(() => {
    if (left !== undefined) process.kill(-left, "SIGKILL");
    left = undefined;
  });

  it("prints what it is and ready lines, composes a guide, and ends in order", async () => {
    const started = startSandbox("--seed", "3", "--fault", "met-norway=status:503");
    const { child, output } = started;
    try {
      await untilServing(started);
      assert.match(output.stdout, /TEST SERVERS/);
      assert.match(output.stdout, /no real provider's data/);
      assert.match(output.stdout, /seed 3, met-norway status/);
      const composer = /guide-composer +(\S+)/.exec(output.stdout)?.[1] ?? "";
      assert.ok(
        output.stdout.includes(
          `grpcurl -plaintext -d '{"spec":{"destination_query":"Lisbon"}}' ${composer} `,
        ),
      );
      const line = /curl -X POST -H '([^:]+): ([^']+)' -d '([^']+)' (\S+)/.exec(output.stdout);
      assert.ok(line !== null, output.stdout);
      const [, name = "", value = "", body = "", url = ""] = line;
      const response = await fetch(url, { method: "POST", headers: { [name]: value }, body });
      assert.equal(response.status, 200);
      const { guide } = guideSchema.parse(await response.json());
      const kinds = guide.sections.map(({ kind }) => kind);
      for (const kind of ["OVERVIEW", "WEATHER", "ATTRACTIONS", "RESTAURANTS", "NEIGHBORHOODS", "PRACTICAL"])
        assert.ok(kinds.includes(`SECTION_KIND_${kind}`), `${kind}: ${JSON.stringify(guide.omissions)}`);
      const listed = await listProviders(output);
      const keyed = PROVIDERS.filter(({ keySetting }) => keySetting !== undefined);
      assert.deepEqual(
        listed.flatMap(({ missingSetting }) => missingSetting ?? []),
        keyed.map(({ keySetting }) => keySetting),
      );
      const uris = listed.flatMap(({ baseUris }) => baseUris ?? []);
      assert.ok(uris.length >= 6);
      for (const uri of uris) assert.ok(output.stdout.includes(`_BASE_URL=${uri}\n`), uri);
    } finally {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    }
    assert.equal(child.exitCode, 0, output.stderr);
  });

  it("has made-up keys for the providers that want one, when told to", async () => {
    const started = startSandbox("--keys");
    const { child, output } = started;
    try {
      await untilServing(started);
      const listed = await listProviders(output);
      assert.deepEqual(
        listed.flatMap(({ missingSetting }) => missingSetting ?? []),
        [],
      );
      assert.match(output.stdout, /^ {2}OPENWEATHER_API_KEY=made-up-key-of-openweather$/m);
      const composer = /guide-composer +(\S+)/.exec(output.stdout)?.[1] ?? "";
      const response = await fetch(`http://${composer}/wayfarer.guide.v1.GuideService/ComposeGuide`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"spec":{"destinationQuery":"Lisbon","sectionKinds":["SECTION_KIND_WEATHER"]}}',
      });
      assert.match(await response.text(), /"provider":"providers\/openweather","kind":"KIND_CONTENT"/);
    } finally {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    }
    assert.equal(child.exitCode, 0, output.stderr);
  });

  it("ends with the npm that started it", async function () {
    if (process.platform === "win32") this.skip();
    // As npm starts it: with a shell in between, which a signal to npm ends.
    const shell = spawn(
      "sh",
      ["-c", `"${process.execPath}" --disable-warning=ExperimentalWarning "${ENTRY}"; true`],
      {
        env: {
          ...process.env,
          npm_lifecycle_event: "sandbox",
          COMPOSER_LISTEN: "127.0.0.1:0",
          ADMIN_LISTEN: "127.0.0.1:0",
          FETCHER_LISTEN: "127.0.0.1:0",
        },
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      },
    );
    left = shell.pid;
    let stdout = "";
    const closed = once(shell.stdout.setEncoding("utf8"), "close");
    shell.stdout.on("data", (text: string) => {
      stdout += text;
      if (stdout.includes("Ctrl-C")) shell.kill("SIGTERM");
    });
    // The pipe closes when the last process that writes to it has ended.
    await closed;
    left = undefined;
    assert.match(stdout, /Ctrl-C/);
  });

  it("names every problem of a command line at once, with exit code 2", async () => {
    const { child, output } = startSandbox(
      "--profile",
      "quick",
      "--fault",
      "overpass=explode",
      "--sped",
      "3",
      "Lisbon",
    );
    await once(child, "close");
    assert.equal(child.exitCode, 2);
    for (const problem of [
      "--profile must be one of",
      "overpass=explode",
      "--sped is no option",
      '"Lisbon" is no option',
    ])
      assert.ok(output.stderr.includes(problem), problem);
    assert.match(output.stderr, /npm run sandbox/);
    assert.equal(output.stdout, "");
  });

  it("explains itself", async () => {
    const { child, output } = startSandbox("--help");
    await once(child, "close");
    assert.equal(child.exitCode, 0);
    for (const option of ["--profile", "--seed", "--latency-ms", "--fault", "--keys"])
      assert.ok(output.stdout.includes(option), option);
  });

  it("passes on what is wrong with the configuration", async () => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ENTRY], {
      env: { ...process.env, COMPOSER_LISTEN: "nowhere", FETCHER_LISTEN: "127.0.0.1:0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    await once(child, "close");
    assert.equal(child.exitCode, 2);
    assert.match(stderr, /COMPOSER_LISTEN must be host:port/);
  });
});
