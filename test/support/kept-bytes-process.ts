import { connect } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  ContentService,
  FetchContentRequestSchema,
  StreamContentRequestSchema,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { startWireServer } from "./wire-server.ts";

/*
 * Prints what is left of each call after young collections, bytes by method. A process of its own, because V8 decides by
 * what a process did before where it makes objects. Start it with --expose-gc and --no-allocation-site-pretenuring.
 */
const collect = globalThis.gc;
if (collect === undefined) throw new Error("start it with --expose-gc");

const PREFIX_BYTES = 5;
const CALL_COUNT = 100;
const large = Array.from({ length: 5_000 }, (_, index) => index);
const server = await startWireServer({
  fetchContent: (_request, { signal }) => {
    // What the call refers to goes with it.
    const kept = [...large];
    signal.addEventListener("abort", () => kept.length);
    return {};
  },
  streamContent: async function* (_request, { signal }) {
    const kept = [...large];
    signal.addEventListener("abort", () => kept.length);
    yield {};
  },
});
const session = connect(`http://${server.address}`);

const call = (method: string, message: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/${ContentService.typeName}/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", reject);
    stream.on("close", () => resolve());
    stream.resume();
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });

const kept: Record<string, number> = {};
for (const [method, message] of [
  ["FetchContent", toBinary(FetchContentRequestSchema, create(FetchContentRequestSchema))],
  ["StreamContent", toBinary(StreamContentRequestSchema, create(StreamContentRequestSchema))],
] as const) {
  await call(method, message);
  collect();
  const startBytes = process.memoryUsage().heapUsed;
  for (let done = 0; done < CALL_COUNT; done += 1) await call(method, message);
  for (let round = 0; round < 3; round += 1) collect({ type: "minor" });
  kept[method] = (process.memoryUsage().heapUsed - startBytes) / CALL_COUNT;
}
session.close();
await server.drain(1_000);
process.stdout.write(JSON.stringify(kept));
