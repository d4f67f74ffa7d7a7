import { connect, type ClientHttp2Session } from "node:http2";
import { openLoopRunSchema, type Latencies, type OpenLoopDone, type OpenLoopRun } from "./open-loop.ts";

const GRPC_PREFIX_BYTES = 5;
/** Never makes the server wait, as the windows do not to which gRPC clients grow. */
const WINDOW_BYTES = 16 << 20;
const RESOURCE_EXHAUSTED = "8";

function framed(message: string): Buffer {
  const bytes = Buffer.from(message, "base64");
  const prefix = Buffer.alloc(GRPC_PREFIX_BYTES);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

function connectTo(address: string): ClientHttp2Session {
  const session = connect(`http://${address}`, { settings: { initialWindowSize: WINDOW_BYTES } });
  // A call that it breaks counts as failed.
  session.on("error", () => {});
  session.once("connect", () => session.setLocalWindowSize(WINDOW_BYTES));
  return session;
}

function summarize(values: readonly number[]): Latencies {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function run(settings: OpenLoopRun): Promise<OpenLoopDone> {
  const { address, path, durationMs, warmUpMs, load } = settings;
  const bodies = settings.messages.map(framed);
  const sessions = Array.from({ length: settings.sessionCount }, () => connectTo(address));
  const succeeded: number[] = [];
  const refused: number[] = [];
  let failedCount = 0;
  let startedCount = 0;
  const startMs = performance.now();

  const call = (dueMs: number): Promise<void> =>
    new Promise((resolve) => {
      const body = bodies[startedCount % bodies.length];
      const session = sessions[startedCount % sessions.length];
      startedCount += 1;
      if (session === undefined) throw new Error("there is no session");
      let code: unknown;
      const sentMs = performance.now();
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("response", (head) => (code = head["grpc-status"]));
      stream.on("trailers", (trailers) => (code = trailers["grpc-status"]));
      // Without a status it counts as failed.
      stream.on("error", () => {});
      stream.once("close", () => {
        resolve();
        if (dueMs - startMs < warmUpMs) return;
        const endMs = performance.now();
        if (code === "0") succeeded.push(endMs - dueMs);
        else if (code === RESOURCE_EXHAUSTED) refused.push(endMs - sentMs);
        else failedCount += 1;
      });
      stream.resume();
      stream.end(body);
    });

  async function callInTurn(): Promise<void> {
    while (performance.now() - startMs < durationMs) await call(performance.now());
  }

  async function callByTheClock(callsPerS: number): Promise<void> {
    const calls: Promise<void>[] = [];
    await new Promise<void>((resolve) => {
      const sendDue = (): void => {
        for (;;) {
          const dueMs = startMs + (startedCount * 1_000) / callsPerS;
          if (dueMs - startMs >= durationMs) return resolve();
          if (dueMs > performance.now()) break;
          calls.push(call(dueMs));
        }
        setTimeout(sendDue, 1);
      };
      sendDue();
    });
    await Promise.all(calls);
  }

  if (load.kind === "by the clock") await callByTheClock(load.callsPerS);
  else await Promise.all(Array.from({ length: load.callerCount }, callInTurn));
  for (const session of sessions) session.close();
  return {
    succeeded: summarize(succeeded),
    refused: summarize(refused),
    failedCount,
    countedMs: durationMs - warmUpMs,
  };
}

process.on("message", (message) => {
  void run(openLoopRunSchema.parse(message)).then((done) => process.send?.(done));
});
process.once("SIGTERM", () => process.exit(0));
process.send?.({ ready: true });
