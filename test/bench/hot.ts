import { create, toBinary } from "@bufbuild/protobuf";
import { z } from "zod";
import {
  ComposeGuideRequestSchema,
  ComposeGuideResponseSchema,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { parseServingMessage } from "../../shared/process.ts";
import { startChild, type Child } from "./child.ts";
import { destinationNames } from "./cold.ts";
import { createRounds, median, type Group } from "./metric.ts";
import { processCpuMs, startBenchPair, type BenchPair } from "./pair.ts";

const ROUND_COUNT = 5;
const GUIDE_COUNT = 500;
const CALL_COUNT = 3_000;
const SESSION_COUNT = 4;
const STREAMS_PER_SESSION_COUNT = 8;
const FILL_COUNT = 8;
const KIB = 1024;
const KINDS = [SectionKind.OVERVIEW, SectionKind.WEATHER, SectionKind.RESTAURANTS, SectionKind.PRACTICAL];
const COMPOSE_PATH = "/wayfarer.guide.v1.GuideService/ComposeGuide";

const doneSchema = z.object({
  callCount: z.number(),
  tookMs: z.number(),
  receivedBytes: z.number(),
  failedCount: z.number(),
});

/** Guides that the composer has in memory. */
export const hot: Group = {
  names: ["hot.l2.vs_h2"],
  method:
    `${ROUND_COUNT} interleaved rounds of ${CALL_COUNT} ComposeGuide calls over gRPC for ${GUIDE_COUNT} guides in ` +
    "memory, asked for by specs, against bare node:http2 that answers with ready bytes of the same sizes (told as " +
    "baseline.payload_kib): calls per second of the server's CPU, from /proc, by a node:http2 load generator in a " +
    `process of its own, ${SESSION_COUNT} connections of ${STREAMS_PER_SESSION_COUNT} streams`,
  run: async () => {
    const rounds = createRounds({
      "hot.l2.vs_h2": "x",
      "baseline.hot.l2.calls_per_s": "calls/s",
      "baseline.h2.calls_per_s": "calls/s",
      "baseline.hot.l2.cpu_us": "us",
      "baseline.h2.cpu_us": "us",
      "baseline.payload_kib": "KiB",
    });
    const pair = await startBenchPair();
    const load = startChild("load-process.ts");
    const bare = startChild("bare-process.ts");
    try {
      await load.receive();
      await pair.setLatencyMs(0);
      const requests = destinationNames(GUIDE_COUNT).map((name) =>
        create(ComposeGuideRequestSchema, {
          spec: { destination: { case: "destinationName", value: name }, sectionKinds: KINDS },
        }),
      );
      const sizesBytes = await fill(pair, requests);
      rounds.add("baseline.payload_kib", median(sizesBytes) / KIB);
      bare.send({ sizesBytes });
      const bareAddress = parseServingMessage(await bare.receive())?.address ?? "";
      const messages = requests.map((request) =>
        Buffer.from(toBinary(ComposeGuideRequestSchema, request)).toString("base64"),
      );
      const composerCpuMs = (): number | undefined => pair.composerCpuMs();
      const bareCpuMs = (): number | undefined => processCpuMs(bare.pid);
      for (let round = 0; round <= ROUND_COUNT; round += 1) {
        const h2 = await drive(load, bareAddress, messages, bareCpuMs);
        const l2 = await drive(load, pair.address, messages, composerCpuMs);
        if (round === 0) continue;
        rounds.add("baseline.h2.calls_per_s", h2.callsPerS);
        rounds.add("baseline.hot.l2.calls_per_s", l2.callsPerS);
        if (h2.cpuUs === undefined || l2.cpuUs === undefined) {
          rounds.add("hot.l2.vs_h2", l2.callsPerS / h2.callsPerS);
          continue;
        }
        rounds.add("baseline.h2.cpu_us", h2.cpuUs);
        rounds.add("baseline.hot.l2.cpu_us", l2.cpuUs);
        rounds.add("hot.l2.vs_h2", h2.cpuUs / l2.cpuUs);
      }
    } finally {
      await load.close();
      await bare.close();
      await pair.close();
    }
    return rounds.metrics();
  },
};

/** Composes each guide once, a few at a time; says how large their answers are. */
async function fill(
  pair: BenchPair,
  requests: readonly ReturnType<typeof create<typeof ComposeGuideRequestSchema>>[],
): Promise<number[]> {
  const sizesBytes: number[] = [];
  const left = [...requests];
  await Promise.all(
    Array.from({ length: FILL_COUNT }, async () => {
      for (let request = left.pop(); request !== undefined; request = left.pop()) {
        const answer = await pair.client.composeGuide(request);
        if ((answer.guide?.omissions.length ?? 1) > 0) throw new Error("a guide with omissions is not kept");
        sizesBytes.push(toBinary(ComposeGuideResponseSchema, answer).length);
      }
    }),
  );
  return sizesBytes;
}

interface Driven {
  readonly callsPerS: number;
  /** CPU of the server per call, microseconds; undefined where the system does not tell. */
  readonly cpuUs: number | undefined;
}

async function drive(
  load: Child,
  address: string,
  messages: readonly string[],
  cpuMs: () => number | undefined,
): Promise<Driven> {
  const startCpuMs = cpuMs();
  load.send({
    address,
    path: COMPOSE_PATH,
    messages,
    sessionCount: SESSION_COUNT,
    streamsPerSessionCount: STREAMS_PER_SESSION_COUNT,
    callCount: CALL_COUNT,
  });
  const { callCount, tookMs, failedCount } = doneSchema.parse(await load.receive());
  if (failedCount > 0) throw new Error(`${failedCount} of ${callCount} calls failed`);
  const endCpuMs = cpuMs();
  return {
    callsPerS: callCount / (tookMs / 1000),
    cpuUs:
      startCpuMs === undefined || endCpuMs === undefined
        ? undefined
        : ((endCpuMs - startCpuMs) * 1000) / callCount,
  };
}
