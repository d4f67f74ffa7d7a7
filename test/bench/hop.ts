import { createContentClient } from "../../services/guide-composer/fetch/content-client.ts";
import { Priority } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { parseServingMessage } from "../../shared/process.ts";
import { lisbonQuery } from "../support/fetcher.ts";
import { startChild } from "./child.ts";
import { createRounds, percentile, type Group } from "./metric.ts";

const ROUND_COUNT = 5;
const CALL_COUNT = 1_000;
const TIMEOUT_MS = 5_000;
const KIB = 1024;
/** As many as make 8 KiB. */
const LISTING_COUNT = 79;

/** One call from guide-composer to content-fetcher, to a provider, and back. */
export const hop: Group = {
  names: ["hop.p50_ms"],
  method:
    `${ROUND_COUNT} rounds of ${CALL_COUNT} StreamContent calls one after the other, one message of 8 KiB each, from ` +
    "guide-composer's content client (grpc-js) to content-fetcher (connect-node) in a process of its own, and from there " +
    "to a local provider server that has its answer ready; both conversions and decoding included",
  run: async () => {
    const rounds = createRounds({ "hop.p50_ms": "ms", "baseline.hop.payload_kib": "KiB" });
    const child = startChild("hop-process.ts", { environment: { LISTING_COUNT: String(LISTING_COUNT) } });
    const address = parseServingMessage(await child.receive())?.address;
    if (address === undefined) throw new Error("the server said something else than that it serves");
    const client = createContentClient(address, [], Date.now);
    const planned = {
      kind: SectionKind.ATTRACTIONS,
      provider: "providers/bench",
      key: "",
      lifeMs: 0,
    };
    const signal = new AbortController().signal;
    const query = lisbonQuery();
    async function callMs(): Promise<number> {
      const startMs = performance.now();
      for await (const received of client.stream([planned], query, Priority.INTERACTIVE, TIMEOUT_MS, signal))
        last = received.bytes;
      return performance.now() - startMs;
    }
    let last: Uint8Array = new Uint8Array();
    try {
      for (let round = 0; round <= ROUND_COUNT; round += 1) {
        const times: number[] = [];
        for (let call = 0; call < CALL_COUNT; call += 1) times.push(await callMs());
        // The first round does not count: both ends are still being compiled.
        if (round > 0) rounds.add("hop.p50_ms", percentile(times, 0.5));
      }
      rounds.add("baseline.hop.payload_kib", last.length / KIB);
    } finally {
      client.close();
      await child.close();
    }
    return rounds.metrics();
  },
};
