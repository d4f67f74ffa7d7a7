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
        let status: unknown;
        stream.on("data", () => {});
        stream.on("trailers", (trailers) => (status = trailers["grpc-status"]));
        stream.once("error", reject);
        stream.once("end", () =>
          status === "0"
            ? resolve(performance.now() - startMs)
            : reject(new Error(`a call ended with status ${String(status)}`)),
        );
        stream.end(body);
      }),
    close: () => session.close(),
  };
}
