import { Http2ServerResponse, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
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

/** Refuses calls that a server cannot work on, at the least cost for the server. */
export interface OverloadRefusal {
  readonly refuse: (
    request: AnyRequest,
    response: AnyResponse,
    method: DescMethod,
    retryDelayMs: number,
  ) => void;
  /** Refuses a call of gRPC that nobody has made a request and a response of. */
  readonly refuseStream: (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    method: DescMethod,
    retryDelayMs: number,
  ) => void;
}

export function createOverloadRefusal(options: OverloadRefusalOptions): OverloadRefusal {
  let prepared: { readonly delayMs: number; readonly of: ReturnType<typeof prepareGrpcError> } | undefined;

  const record = ({ parent, name }: DescMethod, headers: IncomingHttpHeaders): string =>
    options.record({
      method: `${parent.typeName}/${name}`,
      header: headerOf({ headers }),
      code: REASON_CODE.OVERLOADED,
      reason: "OVERLOADED",
      startMs: options.now(),
    });

  function headOf(contentType: string, traceId: string, retryDelayMs: number) {
    if (prepared?.delayMs !== retryDelayMs)
      prepared = { delayMs: retryDelayMs, of: prepareGrpcError(overloaded(retryDelayMs)) };
    return { "content-type": contentType, ...prepared.of(traceId) };
  }

  function refuseStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    method: DescMethod,
    retryDelayMs: number,
  ): void {
    const head = headOf(headers["content-type"] ?? "", record(method, headers), retryDelayMs);
    stream.respond({ ":status": 200, ...head }, { endStream: true });
  }

  return {
    refuseStream,
    refuse: (request, response, method, retryDelayMs) => {
      if (!isGrpcCall(request)) {
        const traceId = record(method, request.headers);
        const error = toWire(overloaded(retryDelayMs), traceId, options.reportDefect);
        return sendError(request, response, TOO_MANY_REQUESTS, error);
      }
      if (response instanceof Http2ServerResponse)
        return refuseStream(response.stream, request.headers, method, retryDelayMs);
      const traceId = record(method, request.headers);
      response.writeHead(200, headOf(contentTypeOf(request), traceId, retryDelayMs)).end();
    },
  };
}

const overloaded = (retryDelayMs: number): ServiceError =>
  new ServiceError("OVERLOADED", "The server has more to do than it can", { retryDelayMs });
