import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, Http2ServerResponse, type Http2ServerRequest } from "node:http2";

export type AnyRequest = IncomingMessage | Http2ServerRequest;
export type AnyResponse = ServerResponse | Http2ServerResponse;

export interface OpenCallsOptions {
  /** From the head of a request to its last byte, milliseconds. Of HTTP/1.1 the server itself sees to that. */
  readonly requestTimeoutMs: number;
  /** A response whose waiting bytes do not change for so long is cut, milliseconds. */
  readonly stallTimeoutMs: number;
  /** Whether the request may stay open as long as its peer wants, as that of a bidirectional stream. */
  readonly mayStayOpen: (path: string) => boolean;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

/** The requests that a server has not answered in full. Peers that neither send nor take are cut. */
export interface OpenCalls {
  readonly add: (request: AnyRequest, response: AnyResponse) => void;
  /** Resolves once no call is open. */
  readonly untilNone: () => Promise<void>;
  readonly close: () => void;
}

interface OpenCall {
  readonly request: AnyRequest;
  readonly response: AnyResponse;
  readonly startMs: number;
  /** Bytes of the response that the peer has not taken, and since when there are exactly so many. */
  waitingBytes: number;
  waitingSinceMs: number;
}

export function createOpenCalls(options: OpenCallsOptions): OpenCalls {
  const { requestTimeoutMs, stallTimeoutMs, mayStayOpen, now } = options;
  const open = new Set<OpenCall>();
  const waiters = new Set<() => void>();

  /** One look at all of them costs less than a timer for each. */
  function cutStuck(): void {
    const nowMs = now();
    for (const call of open) {
      const { request, response } = call;
      const waitingBytes = response.writableLength;
      if (waitingBytes === 0 || waitingBytes !== call.waitingBytes) {
        call.waitingBytes = waitingBytes;
        call.waitingSinceMs = nowMs;
      }
      if (nowMs - call.waitingSinceMs > stallTimeoutMs) cut(response);
      else if (
        response instanceof Http2ServerResponse &&
        !request.complete &&
        !mayStayOpen(pathOf(request))
      ) {
        if (nowMs - call.startMs > requestTimeoutMs) timeOut(response);
      }
    }
  }
  const everyMs = Math.max(10, Math.min(1_000, requestTimeoutMs / 4, stallTimeoutMs / 4));
  const timer = setInterval(cutStuck, everyMs).unref();

  return {
    add: (request, response) => {
      const startMs = now();
      const call: OpenCall = { request, response, startMs, waitingBytes: 0, waitingSinceMs: startMs };
      open.add(call);
      // The next piece has the same length and is still progress.
      response.on("drain", () => (call.waitingSinceMs = now()));
      response.once("close", () => {
        open.delete(call);
        if (open.size > 0) return;
        for (const wake of waiters) wake();
        waiters.clear();
      });
    },
    untilNone: () =>
      open.size === 0 ? Promise.resolve() : new Promise((resolve) => void waiters.add(resolve)),
    close: () => clearInterval(timer),
  };
}

/** The path of a request without its query. */
export const pathOf = (request: AnyRequest): string => request.url?.split("?", 1)[0] ?? "";

/** As HTTP/1.1 answers a request that does not arrive: 408, then nothing more is read. */
function timeOut(response: Http2ServerResponse): void {
  if (response.headersSent) return cut(response);
  response.writeHead(408);
  response.end(() => response.stream.close(constants.NGHTTP2_NO_ERROR));
}

function cut(response: AnyResponse): void {
  if (response instanceof Http2ServerResponse) response.stream.close(constants.NGHTTP2_CANCEL);
  else response.destroy();
}
