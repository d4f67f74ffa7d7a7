import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/** The least that answers gRPC calls: bare node:http2 with ready bytes, as many different ones as there are guides. */
const sizesSchema = z.object({ sizesBytes: z.array(z.number().int()) });
const GRPC_PREFIX_BYTES = 5;

process.once("message", (message) => {
  const { sizesBytes } = sizesSchema.parse(message);
  const answers = sizesBytes.map((size, index) => {
    const answer = Buffer.alloc(GRPC_PREFIX_BYTES + size, index & 0xff);
    answer.writeUInt8(0, 0);
    answer.writeUInt32BE(size, 1);
    return answer;
  });
  let next = 0;
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.resume();
    stream.on("error", () => {});
    stream.once("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(answers[next]);
      next = (next + 1) % answers.length;
    });
  });
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ kind: "serving", address: `127.0.0.1:${port}` });
  });
  process.once("SIGTERM", () => process.exit(0));
});
