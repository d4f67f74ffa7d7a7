import { Http2ServerResponse } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamToJson, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { AnyRequest, AnyResponse } from "./open-calls.ts";

export const isGrpcCall = (request: AnyRequest): boolean =>
  contentTypeOf(request).startsWith("application/grpc");

/** Empty when the request has none, as a GET. */
export const contentTypeOf = (request: AnyRequest): string => request.headers["content-type"] ?? "";

/**
 * Answers a call that Connect never sees with an error, in the protocol that was spoken.
 *
 * @param status of HTTP, where the protocol has one for errors
 */
export function sendError(
  request: AnyRequest,
  response: AnyResponse,
  status: number,
  error: ConnectError,
): void {
  const contentType = contentTypeOf(request);
  if (isGrpcCall(request)) {
    // An answer without messages: the trailers stand in the head.
    for (const [name, value] of setTrailerStatus(new Headers(), error)) response.setHeader(name, value);
    end(response, 200, contentType, undefined);
  } else if (contentType.startsWith("application/connect+")) {
    // A stream has no status of HTTP: its last message carries the error.
    const last = JSON.stringify(endStreamToJson(new Headers(), error, undefined));
    end(response, 200, contentType, encodeEnvelope(endStreamFlag, new TextEncoder().encode(last)));
  } else end(response, status, "application/json", errorToJsonBytes(error, undefined));
}

function end(response: AnyResponse, status: number, contentType: string, body: Uint8Array | undefined): void {
  response.statusCode = status;
  response.setHeader("content-type", contentType);
  if (body === undefined) response.end();
  else if (response instanceof Http2ServerResponse) response.end(body);
  else response.end(body);
}
