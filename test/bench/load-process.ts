import { connect, type ClientHttp2Session } from "node:http2";
import { z } from "zod";

/** The load generator: node:http2, answers counted and thrown away. One run per message. */
const runSchema = z.object({
  address: z.string(),
  path: z.string(),
  /** Messages, base64; sent in turn. */
  messages: z.array(z.string()),
  sessionCount: z.number().int(),
  streamsPerSessionCount: z.number().int(),
  callCount: z.number().int(),
});
const GRPC_PREFIX_BYTES = 5;

function framed(message: string): Buffer {
  const bytes = Buffer.from(message, "base64");
  const prefix = Buffer.alloc(GRPC_PREFIX_BYTES);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

async function run({ address, path, messages, ...counts }: z.infer<typeof runSchema>) {
  const bodies = messages.map(framed);
  const sessions = Array.from({ length: counts.sessionCount }, () => connect(`http://${address}`));
  let started = 0;
  let receivedBytes = 0;
  let failed = 0;
  const callOnce = (session: ClientHttp2Session): Promise<void> =>
    new Promise((resolve, reject) => {
      const body = bodies[started % bodies.length];
      started += 1;
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("data", (chunk: Buffer) => void (receivedBytes += chunk.length));
      stream.on("trailers", (trailers) => void (failed += Number(trailers["grpc-status"] !== "0")));
      stream.once("error", reject);
      stream.once("end", resolve);
      stream.end(body);
    });
  const startMs = performance.now();
  await Promise.all(
    sessions.flatMap((session) =>
      Array.from({ length: counts.streamsPerSessionCount }, async () => {
        while (started < counts.callCount) await callOnce(session);
      }),
    ),
  );
  const tookMs = performance.now() - startMs;
  for (const session of sessions) session.close();
  return { callCount: started, tookMs, receivedBytes, failedCount: failed };
}

process.on("message", (message) => {
  void run(runSchema.parse(message)).then((done) => process.send?.(done));
});
process.once("SIGTERM", () => process.exit(0));
process.send?.({ ready: true });
