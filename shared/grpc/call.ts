import type { Http2ServerRequest, IncomingHttpHeaders } from "node:http2";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";

/** What a call is given to its handler and to interceptors with. What few of them ask for is made when they do. */
export class GrpcCall implements HandlerContext {
  readonly protocolName = "grpc";
  readonly requestMethod = "POST";
  readonly method: DescMethod;
  readonly values = createContextValues();
  readonly #request: Http2ServerRequest;
  readonly #now: () => number;
  readonly #endMs: number | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #controller: AbortController | undefined;
  #end: Error | undefined;

  /**
   * @param timeoutMs what is left of the caller's deadline; undefined when it sets none
   * @param now monotonic clock, milliseconds
   */
  constructor(
    method: DescMethod,
    request: Http2ServerRequest,
    timeoutMs: number | undefined,
    now: () => number,
  ) {
    this.method = method;
    this.#request = request;
    this.#now = now;
    if (timeoutMs !== undefined) {
      this.#endMs = now() + timeoutMs;
      this.#timer = setTimeout(() => this.end(expired()), timeoutMs);
    }
  }

  readonly timeoutMs = (): number | undefined =>
    this.#endMs === undefined ? undefined : this.#endMs - this.#now();

  get service(): DescService {
    return this.method.parent;
  }

  get url(): string {
    return `http://${this.#request.authority}${this.#request.url}`;
  }

  get requestHeader(): Headers {
    return (this.#requestHeader ??= toHeaders(this.#request.headers));
  }

  get responseHeader(): Headers {
    return (this.#responseHeader ??= new Headers());
  }

  get responseTrailer(): Headers {
    return (this.#responseTrailer ??= new Headers());
  }

  /** Fields that handler and interceptors have set. */
  setHeaders(): Readonly<Record<string, string>> {
    return this.#responseHeader === undefined ? {} : Object.fromEntries(this.#responseHeader);
  }

  /** The same of the trailers. */
  setTrailers(): Readonly<Record<string, string>> {
    return this.#responseTrailer === undefined ? {} : Object.fromEntries(this.#responseTrailer);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#end !== undefined) this.#controller.abort(this.#end);
    }
    return this.#controller.signal;
  }

  /** Ends the call for whoever works on it. Only the first reason counts. */
  end(reason: Error): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    clearTimeout(this.#timer);
    this.#controller?.abort(reason);
  }
}

const expired = (): ConnectError =>
  new ConnectError("the caller's deadline has passed", Code.DeadlineExceeded);

/** Why a call is over that was answered: its signal fires as that of every call, and nobody has to be told why. */
export const ANSWERED = new ConnectError("the call was answered", Code.Canceled);

/** Why a call is over whose stream its peer has closed. */
export const left = (resetCode: number | undefined): ConnectError =>
  new ConnectError(`the caller has gone (HTTP/2 error code ${resetCode ?? 0})`, Code.Canceled);

function toHeaders(fields: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || name.startsWith(":")) continue;
    for (const part of typeof value === "string" ? [value] : value) headers.append(name, part);
  }
  return headers;
}
