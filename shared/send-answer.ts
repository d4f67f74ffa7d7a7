import { once } from "node:events";
import { Http2ServerResponse } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { AnyResponse } from "./open-calls.ts";

/**
 * Largest piece that is written at once, bytes: Node counts a piece as waiting until the peer has taken all of it. So
 * this is also what a peer must take within the stall timeout.
 */
export const PIECE_BYTES = 256 << 10;

/**
 * Sends what a handler answers, no faster than the peer takes it. A handler whose peer goes is ended wherever it waits:
 * it may be in the middle of a `yield`, where its signal does not reach it.
 *
 * @param gone fires when the peer has gone
 */
export async function sendAnswer(
  answer: UniversalServerResponse,
  response: AnyResponse,
  gone: AbortSignal,
): Promise<void> {
  const body = (answer.body ?? nothing())[Symbol.asyncIterator]();
  const end = async (): Promise<void> => {
    // The handler ends with that error, or with another one of its own; there is nobody left to tell.
    await body.throw?.(new ConnectError("the caller has gone", Code.Canceled)).catch(() => {});
  };
  // Before the head: a handler sets headers until its first message.
  let next = await body.next();
  if (gone.aborted || response.headersSent) return await end();
  for (const [name, value] of answer.header ?? []) response.setHeader(name, value);
  if (next.done === true && isGrpcFailure(answer)) {
    // Trailers alone, as gRPC has it: after a head of its own a client takes the call for begun, and never retries it.
    for (const [name, value] of answer.trailer ?? []) response.setHeader(name, value);
    response.statusCode = answer.status;
    response.end();
    return;
  }
  // Said now, or an answer without a body loses its trailers on HTTP/2.
  if (response instanceof Http2ServerResponse) response.writeHead(answer.status);
  else response.writeHead(answer.status);
  for (; next.done !== true; next = await body.next()) {
    await write(response, next.value, gone);
    if (gone.aborted) return await end();
  }
  if (gone.aborted) return;
  if (answer.trailer !== undefined) response.addTrailers(Object.fromEntries(answer.trailer));
  response.end();
}

const isGrpcFailure = ({ trailer }: UniversalServerResponse): boolean => {
  const code = trailer?.get("grpc-status");
  return typeof code === "string" && code !== "0";
};

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Resolves when the peer can take more, or has gone. */
async function write(response: AnyResponse, bytes: Uint8Array, gone: AbortSignal): Promise<void> {
  for (let at = 0; at < bytes.length && !gone.aborted; at += PIECE_BYTES) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    // One method for both protocols, as their types cannot say of a union.
    const taken = response instanceof Http2ServerResponse ? response.write(piece) : response.write(piece);
    // Rejects when the peer goes; the caller looks at the signal.
    if (!taken) await once(response, "drain", { signal: gone }).catch(() => {});
  }
}
