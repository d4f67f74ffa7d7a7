import { Http2ServerResponse } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { toWire, type ReportDefect } from "./error-wire.ts";
import { REASON_CODE, ServiceError } from "./errors.ts";
import type { AnyRequest, AnyResponse } from "./open-calls.ts";
import { prepareGrpcError } from "./prepared-error.ts";
import { headerOf, type RecordRefusal } from "./refusals.ts";
import { contentTypeOf, isGrpcCall, sendError } from "./send-error.ts";

export interface OverloadRefusalOptions {
  readonly record: RecordRefusal;
  readonly reportDefect: ReportDefect;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

/** Connect's status of RESOURCE_EXHAUSTED. */
const TOO_MANY_REQUESTS = 429;

/** Refuses a call that a server cannot work on, at the least cost for the server. */
export type RefuseForOverload = (
  request: AnyRequest,
  response: AnyResponse,
  method: DescMethod,
  retryDelayMs: number,
) => void;

export function createOverloadRefusal(options: OverloadRefusalOptions): RefuseForOverload {
  let prepared: { readonly delayMs: number; readonly of: ReturnType<typeof prepareGrpcError> } | undefined;

  return (request, response, method, retryDelayMs) => {
    const traceId = options.record({
      method: `${method.parent.typeName}/${method.name}`,
      header: headerOf(request),
      code: REASON_CODE.OVERLOADED,
      reason: "OVERLOADED",
      startMs: options.now(),
    });
    if (!isGrpcCall(request)) {
      const error = toWire(overloaded(retryDelayMs), traceId, options.reportDefect);
      return sendError(request, response, TOO_MANY_REQUESTS, error);
    }
    if (prepared?.delayMs !== retryDelayMs)
      prepared = { delayMs: retryDelayMs, of: prepareGrpcError(overloaded(retryDelayMs)) };
    const head = { "content-type": contentTypeOf(request), ...prepared.of(traceId) };
    if (response instanceof Http2ServerResponse) {
      // Past the response, which would take each field apart again.
      response.stream.respond({ ":status": 200, ...head }, { endStream: true });
    } else response.writeHead(200, head).end();
  };
}

const overloaded = (retryDelayMs: number): ServiceError =>
  new ServiceError("OVERLOADED", "The server has more to do than it can", { retryDelayMs });
