import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { loadGazetteer } from "../../services/guide-composer/destination/gazetteer.ts";
import {
  CacheMode,
  ComposeGuideRequestSchema,
  type ComposeGuideRequest,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startCallTimer, type CallTimer } from "./call-timer.ts";
import { createRounds, percentile, type Group } from "./metric.ts";
import { startBenchPair, type BenchPair } from "./pair.ts";

const FIXED_LATENCY_MS = 300;
const SLOW_LATENCY_MS = 4_000;
const ROUND_COUNT = 3;
const SEQUENTIAL_COUNT = 60;
const CONCURRENT_COUNT = 100;
const FIRST_SECTION_COUNT = 20;
/** Long enough for a busy machine: a call that is cut off measures nothing. */
const TIMEOUT_MS = 60_000;

const KINDS = [
  SectionKind.WEATHER,
  SectionKind.ATTRACTIONS,
  SectionKind.RESTAURANTS,
  SectionKind.NEIGHBORHOODS,
  SectionKind.EXPERIENCES,
  SectionKind.PRACTICAL,
];

const COMPOSE_PATH = "/wayfarer.guide.v1.GuideService/ComposeGuide";

const SETUP =
  `6 sections (weather, attractions, restaurants, neighborhoods, experiences, practical) from the test providers, each ` +
  `answering after ${FIXED_LATENCY_MS} ms, providers, content-fetcher and guide-composer in processes of their own, ` +
  "one connection; providers' limits on calls at once and in a minute lifted, warming off";

const SEQUENTIAL = ["cold.overhead_ms.p50", "cold.overhead_ms.p99", "cold.cpu_ms"] as const;
const LOAD = ["cold.load.overhead_ms.p50", "cold.load.overhead_ms.p99"] as const;

/** Guides that nothing is cached of. */
export const cold: Group = {
  names: [...SEQUENTIAL, ...LOAD, "first_section_ms"],
  method:
    `${SETUP}. overhead: ${ROUND_COUNT} rounds of ${SEQUENTIAL_COUNT} ComposeGuide calls one after the other, each of ` +
    "another destination, after each was asked for once and the cache was emptied; time of the call, by a node:http2 client " +
    "that does not decode, less the longest time that one provider was busy answering, by its own " +
    `clock. load: ${CONCURRENT_COUNT} StreamGuide calls of different destinations at once, bypassing the cache, time ` +
    "to completion less the longest provider call of the guide as content-fetcher reports it, which includes waiting " +
    "for a socket. cpu: both services, of the calls one after the other. first_section: StreamGuide with one section " +
    `cached and providers at ${SLOW_LATENCY_MS} ms, to the first section`,
  run: async (isWanted) => {
    const rounds = createRounds({
      "cold.overhead_ms.p50": "ms",
      "cold.overhead_ms.p99": "ms",
      "cold.load.overhead_ms.p50": "ms",
      "cold.load.overhead_ms.p99": "ms",
      "cold.cpu_ms": "ms",
      first_section_ms: "ms",
    });
    const destinations = destinationNames(ROUND_COUNT * SEQUENTIAL_COUNT + CONCURRENT_COUNT);
    const pair = await startBenchPair();
    const timer = startCallTimer(pair.address, COMPOSE_PATH);
    try {
      await pair.setLatencyMs(0);
      // Does not count: in it the providers make up their cities, and the services are compiled.
      for (const name of destinations) await overheadMs(pair, timer, name);
      await pair.evictAll();
      await pair.setLatencyMs(FIXED_LATENCY_MS);
      for (let round = 0; round < ROUND_COUNT; round += 1) {
        const names = destinations.splice(0, SEQUENTIAL_COUNT);
        if (!SEQUENTIAL.some(isWanted)) continue;
        const startCpuMs = pair.cpuMs();
        const overheads: number[] = [];
        for (const name of names) overheads.push(await overheadMs(pair, timer, name));
        rounds.add("cold.overhead_ms.p50", percentile(overheads, 0.5));
        rounds.add("cold.overhead_ms.p99", percentile(overheads, 0.99));
        const cpuMs = pair.cpuMs();
        if (cpuMs !== undefined && startCpuMs !== undefined)
          rounds.add("cold.cpu_ms", (cpuMs - startCpuMs) / SEQUENTIAL_COUNT);
      }
      // The first round does not count: in it the connections are made.
      for (let round = 0; round <= ROUND_COUNT && LOAD.some(isWanted); round += 1) {
        const overheads = await Promise.all(destinations.map((name) => loadedOverheadMs(pair, name)));
        if (round === 0) continue;
        rounds.add("cold.load.overhead_ms.p50", percentile(overheads, 0.5));
        rounds.add("cold.load.overhead_ms.p99", percentile(overheads, 0.99));
      }
      const slow = destinations.slice(0, FIRST_SECTION_COUNT);
      for (let round = 0; round < ROUND_COUNT && isWanted("first_section_ms"); round += 1)
        rounds.add("first_section_ms", await firstSectionMs(pair, slow));
    } finally {
      timer.close();
      await pair.close();
    }
    return rounds.metrics();
  },
};

/** The best known places of the gazetteer. */
export function destinationNames(count: number): string[] {
  const gazetteer = loadGazetteer();
  return Array.from({ length: count }, (_, place) => gazetteer.toDestination(place).name);
}

const requestFor = (
  destination: string,
  more: Partial<Pick<ComposeGuideRequest, "cacheMode" | "maxAge">> = {},
): ComposeGuideRequest =>
  create(ComposeGuideRequestSchema, {
    spec: { destination: { case: "destinationName", value: destination }, sectionKinds: KINDS },
    ...more,
  });

async function overheadMs(pair: BenchPair, timer: CallTimer, destination: string): Promise<number> {
  await pair.takeAsked();
  const tookMs = await timer.timeMs(toBinary(ComposeGuideRequestSchema, requestFor(destination)));
  const { slowestMs, requestCount } = await pair.takeAsked();
  if (requestCount === 0) throw new Error(`no provider was asked about ${destination}`);
  return tookMs - slowestMs;
}

async function loadedOverheadMs(pair: BenchPair, destination: string): Promise<number> {
  const startMs = performance.now();
  let slowestMs = 0;
  for await (const { event } of pair.client.streamGuide(
    { request: requestFor(destination, { cacheMode: CacheMode.REFRESH }) },
    { timeoutMs: TIMEOUT_MS },
  )) {
    if (event.case !== "progress" || event.value.settled.case !== "call") continue;
    const latency = event.value.settled.value.outcome?.latency;
    if (latency !== undefined) slowestMs = Math.max(slowestMs, durationMs(latency));
  }
  return performance.now() - startMs - slowestMs;
}

/** Median over the destinations. */
async function firstSectionMs(pair: BenchPair, destinations: readonly string[]): Promise<number> {
  await pair.setLatencyMs(0);
  const times: number[] = [];
  for (const destination of destinations) {
    const spec = { destination: { case: "destinationName", value: destination } } as const;
    await pair.client.composeGuide({ spec: { ...spec, sectionKinds: [SectionKind.WEATHER] } });
  }
  await pair.setLatencyMs(SLOW_LATENCY_MS);
  for (const destination of destinations) {
    const abort = new AbortController();
    const startMs = performance.now();
    try {
      const request = requestFor(destination, { maxAge: durationFromMs(3_600_000) });
      for await (const { event } of pair.client.streamGuide({ request }, { signal: abort.signal })) {
        if (event.case !== "section") continue;
        times.push(performance.now() - startMs);
        abort.abort();
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
  }
  return percentile(times, 0.5);
}
