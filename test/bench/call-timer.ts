import { connect } from "node:http2";

const GRPC_PREFIX_BYTES = 5;

/** Times gRPC calls as a bare client: what it gets is counted, and not decoded. */
export interface CallTimer {
  /** From sending the message to the trailers, milliseconds; throws when the call fails. */
  readonly timeMs: (message: Uint8Array) => Promise<number>;
  readonly close: () => void;
}

/** @param path of the method */
export function startCallTimer(address: string, path: string): CallTimer {
  const session = connect(`http://${address}`);
  return {
    timeMs: (message) =>
      new Promise((resolve, reject) => {
        const body = Buffer.alloc(GRPC_PREFIX_BYTES + message.length);
        body.writeUInt32BE(message.length, 1);
        body.set(message, GRPC_PREFIX_BYTES);
        const startMs = performance.now();
        const stream = session.request({
          ":method": "POST",
          ":path": path,
          "content-type": "application/grpc",
          te: "trailers",
        });
        stream.on("data", () => {});
        // An answer without messages has its status there, and then it is a failure.
        stream.on("response", ({ "grpc-status": status }) => {
          if (status !== undefined) reject(new Error(`a call ended with status ${String(status)}`));
        });
        stream.on("trailers", ({ "grpc-status": status }) => {
          if (status === "0") resolve(performance.now() - startMs);
          else reject(new Error(`a call ended with status ${String(status)}`));
        });
        stream.once("error", reject);
        stream.once("close", () => reject(new Error("a call ended without a status")));
        stream.end(body);
      }),
    close: () => session.close(),
  };
}
