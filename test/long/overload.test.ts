import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import { ComposeGuideRequestSchema } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { destinationNames } from "../bench/cold.ts";
import { startBenchPair, type BenchPair } from "../bench/pair.ts";
import {
  startLoadGenerator,
  type LoadGenerator,
  type OpenLoopDone,
  type OpenLoopRun,
} from "../support/open-loop.ts";

const GUIDE_COUNT = 40;
const KINDS = [SectionKind.OVERVIEW, SectionKind.WEATHER, SectionKind.RESTAURANTS, SectionKind.PRACTICAL];
const CALLER_COUNT = 24;
const MIB = 2 ** 20;
const PAGE_BYTES = 4_096;

/** Resident memory; undefined where there is no /proc. */
function residentBytes(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * PAGE_BYTES;
  } catch {
    return undefined;
  }
}

/** What a run came to, with the CPU that the composer had for it: on a shared machine it does not get a core for itself. */
interface Measured extends OpenLoopDone {
  readonly callsPerS: number;
  readonly callsPerCpuS: number;
}

describe("R13: twice as many calls as the composer can answer", function () {
  this.timeout(180_000);
  let pair: BenchPair;
  let generator: LoadGenerator;
  let base: Pick<OpenLoopRun, "address" | "path" | "messages" | "sessionCount">;

  before(async () => {
    pair = await startBenchPair();
    generator = await startLoadGenerator();
    await pair.setLatencyMs(0);
    const requests = destinationNames(GUIDE_COUNT).map((name) =>
      create(ComposeGuideRequestSchema, {
        spec: { destination: { case: "destinationName", value: name }, sectionKinds: KINDS },
      }),
    );
    for (const request of requests) {
      const { guide } = await pair.client.composeGuide(request);
      assert.deepEqual(guide?.omissions, [], "a guide with omissions is not kept");
    }
    base = {
      address: pair.address,
      path: "/wayfarer.guide.v1.GuideService/ComposeGuide",
      messages: requests.map((request) =>
        Buffer.from(toBinary(ComposeGuideRequestSchema, request)).toString("base64"),
      ),
      sessionCount: 8,
    };
  });
  after(async () => {
    await generator?.close();
    await pair?.close();
  });

  async function measure(
    what: string,
    run: Pick<OpenLoopRun, "load" | "durationMs" | "warmUpMs">,
  ): Promise<Measured> {
    const startCpuMs = pair.composerCpuMs();
    const startMs = performance.now();
    const done = await generator.run({ ...base, ...run });
    const endCpuMs = pair.composerCpuMs();
    const cpuShare =
      startCpuMs === undefined || endCpuMs === undefined
        ? 1
        : (endCpuMs - startCpuMs) / (performance.now() - startMs);
    const callsPerS = (done.succeeded.count * 1_000) / done.countedMs;
    const { succeeded, refused } = done;
    process.stdout.write(
      `      ${what}: ${callsPerS.toFixed(0)} answered/s (p50 ${succeeded.p50Ms.toFixed(0)} ms, ` +
        `p99 ${succeeded.p99Ms.toFixed(0)} ms), ${((refused.count * 1_000) / done.countedMs).toFixed(0)} ` +
        `refused/s (p50 ${refused.p50Ms.toFixed(0)} ms, p99 ${refused.p99Ms.toFixed(0)} ms), ` +
        `${cpuShare.toFixed(2)} CPUs\n`,
    );
    return { ...done, callsPerS, callsPerCpuS: callsPerS / cpuShare };
  }

  it("are answered as far as it can, the others refused at once, and memory stays", async () => {
    const atCapacity = await measure("at capacity", {
      load: { kind: "in turn", callerCount: CALLER_COUNT },
      durationMs: 6_000,
      warmUpMs: 2_500,
    });
    const load = { kind: "by the clock", callsPerS: 2 * atCapacity.callsPerS } as const;
    // Overload is known by lasting; what had been let in by then is worked off.
    await measure("twice that, beginning", { load, durationMs: 5_000, warmUpMs: 0 });
    const startBytes = residentBytes(pair.composerPid);
    const overloaded = await measure("twice that", { load, durationMs: 10_000, warmUpMs: 1_000 });
    const endBytes = residentBytes(pair.composerPid);

    assert.equal(overloaded.failedCount, 0, "what is not answered is refused in so many words");
    assert.ok(overloaded.refused.count > 0);
    // Nine tenths and a p99 a tenth longer where nothing else runs; the margins are for what else does.
    const share = overloaded.callsPerCpuS / atCapacity.callsPerCpuS;
    assert.ok(share > 0.75, `${share.toFixed(2)} of the capacity`);
    const slowdown = overloaded.succeeded.p99Ms / atCapacity.succeeded.p99Ms;
    assert.ok(slowdown < 4, `p99 is ${slowdown.toFixed(1)} times that at capacity`);
    assert.ok(overloaded.refused.p50Ms < overloaded.succeeded.p50Ms);
    if (startBytes !== undefined && endBytes !== undefined)
      assert.ok(endBytes - startBytes < 64 * MIB, `${((endBytes - startBytes) / MIB).toFixed(0)} MiB more`);
  });
});
