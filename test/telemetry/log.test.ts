import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

const LINE = z.object({
  level: z.string(),
  service: z.string(),
  msg: z.string(),
  trace_id: z.string().optional(),
  span_id: z.string().optional(),
});

const module = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../${path}`, import.meta.url)));

/** Logs one line within a span and one outside. */
const PROGRAM = `
  import { createLog } from ${module("shared/log.ts")};
  import { activeTraceId, inSpan } from ${module("shared/telemetry/spans.ts")};
  import { startTelemetry } from ${module("shared/telemetry/telemetry.ts")};
  const log = createLog("test", "info");
  const telemetry = await startTelemetry("test", process.env, log);
  await inSpan("step", {}, async () => { log.info("within"); process.stdout.write(activeTraceId()); });
  log.info("outside");
  await telemetry.shutdown();
`;

describe("the log", () => {
  it("is JSON on stderr, with the ids of the span that a line was written in", async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      "--input-type=module",
      "--eval",
      PROGRAM,
    ]);
    const [within, outside] = stderr
      .trim()
      .split("\n")
      .map((line) => LINE.parse(JSON.parse(line)));
    assert.match(stdout, /^[0-9a-f]{32}$/);
    assert.notEqual(stdout, "0".repeat(32), "ids are real without an exporter");
    assert.deepEqual([within?.msg, within?.trace_id], ["within", stdout]);
    assert.match(within?.span_id ?? "", /^[0-9a-f]{16}$/);
    assert.deepEqual([outside?.msg, outside?.trace_id, outside?.span_id], ["outside", undefined, undefined]);
  });
});
