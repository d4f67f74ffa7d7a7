import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Code, createContextValues } from "@connectrpc/connect";
import { universalRequestFromNodeRequest } from "@connectrpc/connect-node";
import type { UniversalHandler, UniversalServerRequest } from "@connectrpc/connect/protocol";
import { MAX_TIMER_MS } from "./deadline.ts";
import { toWire, type ReportDefect } from "./error-wire.ts";
import { ServiceError } from "./errors.ts";
import type { ServeGrpcCall } from "./grpc/grpc-calls.ts";
import { parseGrpcTimeoutMs } from "./grpc/timeout.ts";
import type { LoadShedder } from "./load-shedding.ts";
import { pathOf, type AnyRequest, type AnyResponse } from "./open-calls.ts";
import { createOverloadRefusal } from "./overload-refusal.ts";
import { headerOf, PASSED, type RecordRefusal } from "./refusals.ts";
import { sendAnswer } from "./send-answer.ts";
import { isGrpcCall, sendError } from "./send-error.ts";

export interface RpcListenerOptions {
  readonly handlers: readonly UniversalHandler[];
  /** Asked first: what it serves does not reach the handlers. */
  readonly serveGrpc: ServeGrpcCall;
  readonly record: RecordRefusal;
  readonly reportDefect: ReportDefect;
  /** Asked about each call of these services before anything is done for it. */
  readonly shedding: { readonly shedder: LoadShedder; readonly services: ReadonlySet<string> } | undefined;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

export interface RpcListener {
  /**
   * Refuses a call in an overload before a request and a response are made of its stream, which cost more than refusing.
   *
   * @returns whether it has
   */
  readonly refuseStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean;
  readonly serve: (request: AnyRequest, response: AnyResponse) => void;
}

/**
 * Serves Connect's handlers to both of Node's HTTP servers. Connect's own adapter throws at a Host that is no host,
 * prints to stderr when a peer hangs up, leaves a response open when its handler fails, and answers an unknown method
 * with a bare 404, of which gRPC clients have to guess the meaning.
 */
export function createRpcListener(options: RpcListenerOptions): RpcListener {
  const { reportDefect, shedding } = options;
  const handlers = new Map(options.handlers.map((handler) => [handler.requestPath, handler]));
  const overload = createOverloadRefusal(options);

  function refuseStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    const handler = handlers.get(headers[":path"] ?? "");
    if (handler === undefined || shedding?.services.has(handler.service.typeName) !== true) return false;
    if (headers["content-type"]?.startsWith("application/grpc") !== true) return false;
    const retryDelayMs = shedding.shedder.refuse();
    if (retryDelayMs === undefined) return false;
    overload.refuseStream(stream, headers, handler.method, retryDelayMs);
    return true;
  }

  function serveRequest(request: AnyRequest, response: AnyResponse): void {
    const handler = handlers.get(pathOf(request));
    if (handler === undefined) return answerUnknown(request, response, options);
    // Writing to a peer that has gone; the signal of the call tells of that.
    response.on("error", () => {});
    if (shedding?.services.has(handler.service.typeName) !== true)
      return serve(handler, request, response, 0);
    const { shedder } = shedding;
    const receivedMs = options.now();
    let hasEnded = false;
    const retryDelayMs = shedder.admit(() => {
      // Nobody is there any more who would take the answer.
      if (hasEnded) return false;
      try {
        serve(handler, request, response, options.now() - receivedMs);
      } catch (error) {
        reportDefect(error);
        response.destroy();
      }
      return true;
    });
    if (retryDelayMs !== undefined) return overload.refuse(request, response, handler.method, retryDelayMs);
    response.once("close", () => {
      hasEnded = true;
      shedder.release();
    });
  }

  return { refuseStream, serve: serveRequest };

  function serve(
    handler: UniversalHandler,
    request: AnyRequest,
    response: AnyResponse,
    waitedMs: number,
  ): void {
    const serveBody = (body: AsyncIterable<Uint8Array>): void => {
      const values = createContextValues().set(PASSED, true);
      serveByConnect(handler, request, response, waitedMs, { body, contextValues: values });
    };
    if (!options.serveGrpc(request, response, waitedMs, serveBody))
      serveByConnect(handler, request, response, waitedMs, {});
  }

  function serveByConnect(
    handler: UniversalHandler,
    request: AnyRequest,
    response: AnyResponse,
    waitedMs: number,
    known: Partial<Pick<UniversalServerRequest, "body" | "contextValues">>,
  ): void {
    let call: UniversalServerRequest;
    try {
      call = { ...universalRequestFromNodeRequest(request, response, undefined, undefined), ...known };
      limitTimeout(call.header, waitedMs);
    } catch {
      // A Host or :authority that is no host.
      response.statusCode = 400;
      response.end();
      return;
    }
    handler(call)
      .then((answer) => sendAnswer(answer, response, call.signal))
      .catch((error: unknown) => {
        reportDefect(error);
        if (!response.headersSent) response.statusCode = 500;
        response.end();
      });
  }
}

/**
 * Takes what the call has waited for its turn off its deadline, which Connect counts from now on. Node's timers fire at
 * once when they are set for longer than they can count: the largest deadline would be none.
 *
 * @param waitedMs milliseconds
 */
function limitTimeout(header: Headers, waitedMs: number): void {
  const left = (timeoutMs: number): number => Math.max(1, Math.floor(timeoutMs - waitedMs));
  const isKept = (timeoutMs: number): boolean => waitedMs < 1 && timeoutMs <= MAX_TIMER_MS;
  const grpcMs = parseGrpcTimeoutMs(header.get("grpc-timeout") ?? "");
  if (grpcMs !== undefined && !isKept(grpcMs)) {
    const leftMs = Math.min(MAX_TIMER_MS, left(grpcMs));
    // At most eight digits: milliseconds go up to a day.
    header.set("grpc-timeout", leftMs < 1e8 ? `${leftMs}m` : `${Math.floor(leftMs / 1_000)}S`);
  }
  const connect = header.get("connect-timeout-ms") ?? "";
  if (/^\d{1,10}$/.test(connect) && !isKept(Number(connect)))
    header.set("connect-timeout-ms", String(Math.min(MAX_TIMER_MS, left(Number(connect)))));
}

/** UNIMPLEMENTED in the protocol that was spoken; plain 404 for what is no call. */
function answerUnknown(request: AnyRequest, response: AnyResponse, options: RpcListenerOptions): void {
  if (request.method !== "POST" && !isGrpcCall(request)) {
    response.statusCode = 404;
    response.end();
    return;
  }
  const traceId = options.record({
    // Never the path: what a caller makes up would become a name in traces and metrics.
    method: "unknown",
    header: headerOf(request),
    code: Code.Unimplemented,
    reason: "REQUEST_UNSUPPORTED",
    startMs: options.now(),
  });
  const error = new ServiceError("REQUEST_UNSUPPORTED", "The server has no such method");
  sendError(request, response, 404, toWire(error, traceId, options.reportDefect));
}
