import { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { fromBinary, isMessage, type DescMessage, type Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type Interceptor,
  type MethodImplSpec,
  type ServiceImplSpec,
} from "@connectrpc/connect";
import { contentTypeProto, grpcStatusOk, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { MAX_TIMER_MS } from "../deadline.ts";
import type { ReportDefect } from "../error-wire.ts";
import type { AnyRequest, AnyResponse } from "../open-calls.ts";
import { PIECE_BYTES, sendAnswer } from "../send-answer.ts";
import { ANSWERED, GrpcCall, left } from "./call.ts";
import { bodyLength, onlyMessage, toFrame, type Frame } from "./frame.ts";
import { createInvoke, type Invoke } from "./invoke.ts";
import { parseGrpcTimeoutMs } from "./timeout.ts";

/** Requests above it are rare, and no faster here, bytes. */
const MAX_BODY_BYTES = 64 << 10;
/** A host and perhaps a port; what looks different is left to who can say whether it is one. */
const AUTHORITY = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
const CONTENT_TYPES: ReadonlySet<string> = new Set(["application/grpc", contentTypeProto]);
const GRPC_STATUS = "grpc-status";
const WITH_TRAILERS = { waitForTrailers: true };

export interface GrpcCallsOptions {
  /** Whose unary and server-streaming methods are served. */
  readonly services: readonly ServiceImplSpec[];
  readonly interceptors: readonly Interceptor[];
  /** Asked before the body of a call is read; throws the error that refuses it. */
  readonly gate: (call: GrpcCall) => Promise<void>;
  /** Makes the error for an answer that cannot be written, in the call's span. */
  readonly toDefect: (error: unknown, call: GrpcCall) => ConnectError;
  readonly readMaxBytes: number;
  readonly writeMaxBytes: number;
  /** Ends all calls that are open when it fires. */
  readonly shutdown: AbortSignal;
  readonly reportDefect: ReportDefect;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

/**
 * Serves a call, or says that it is not for it: then nothing was read or written.
 *
 * @param waitedMs what the call has waited, and what is gone of its deadline
 * @param serveBody serves the same call from the body that was read of it
 */
export type ServeGrpcCall = (
  request: AnyRequest,
  response: AnyResponse,
  waitedMs: number,
  serveBody: (body: AsyncIterable<Uint8Array>) => void,
) => boolean;

/**
 * The calls that services make of each other: gRPC over HTTP/2, one uncompressed message of protobuf in, and one or many
 * out. Connect's handlers give the same answers, at the cost of a dozen generator functions made for each call. What has
 * a hidden class of its own, as each such function and each object literal with getters, V8 keeps with all that it
 * refers to until a full collection: 30 KB of each call were copied twice and stayed. What is not plain is Connect's:
 * compressed, malformed, large or late requests.
 */
export function createGrpcCalls(options: GrpcCallsOptions): ServeGrpcCall {
  const { now, reportDefect } = options;
  const methods = new Map(
    options.services
      .flatMap(({ methods: ofService }) => Object.values(ofService))
      .flatMap((spec) => {
        const invoke = createInvoke(spec, options.interceptors);
        const path = `/${spec.method.parent.typeName}/${spec.method.name}`;
        return invoke === undefined ? [] : [[path, { spec, invoke }] as const];
      }),
  );
  const open = new Set<GrpcCall>();
  options.shutdown.addEventListener("abort", () => {
    for (const call of open) call.end(options.shutdown.reason);
  });

  async function answer(
    { spec, invoke }: { readonly spec: MethodImplSpec; readonly invoke: Invoke },
    call: GrpcCall,
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    serveBody: (body: AsyncIterable<Uint8Array>) => void,
  ): Promise<void> {
    await options.gate(call);
    const body = await readBody(request, Math.min(MAX_BODY_BYTES, options.readMaxBytes));
    const input = body.complete ? decode(spec.method.input, body.chunks) : undefined;
    if (input === undefined) {
      call.end(ANSWERED);
      return serveBody(replay(body.chunks, body.complete ? undefined : request));
    }
    const output = await invoke(input, call);
    if (isMessage(output)) await sendOne(output, spec.method.output, call, response);
    else await sendMany(output, spec.method.output, call, response);
  }

  async function sendOne(
    message: Message,
    desc: DescMessage,
    call: GrpcCall,
    response: Http2ServerResponse,
  ): Promise<void> {
    const { parts, length } = frameOf(message, desc, call);
    const { stream } = response;
    if (stream.destroyed || response.headersSent) return;
    if (length > PIECE_BYTES) {
      const header = new Headers(headOf(call));
      const trailer = new Headers(trailersOf(call));
      return await sendAnswer({ status: 200, header, body: each(parts), trailer }, response, call.signal);
    }
    response.addTrailers(trailersOf(call));
    // Past the response, which would take each field apart again.
    stream.respond({ ":status": 200, ...headOf(call) }, WITH_TRAILERS);
    stream.cork();
    for (const part of parts) stream.write(part);
    stream.end();
  }

  async function sendMany(
    messages: AsyncIterable<Message>,
    desc: DescMessage,
    call: GrpcCall,
    response: Http2ServerResponse,
  ): Promise<void> {
    const header = new Headers();
    const trailer = new Headers();
    const body = frames(messages, (message) => frameOf(message, desc, call), call, header, trailer);
    await sendAnswer({ status: 200, header, body, trailer }, response, call.signal);
  }

  function frameOf(message: Message, desc: DescMessage, call: GrpcCall): Frame {
    try {
      const frame = toFrame(desc, message);
      if (frame.length <= options.writeMaxBytes) return frame;
      throw new ConnectError(`an answer has ${frame.length} bytes`, Code.ResourceExhausted);
    } catch (error) {
      throw options.toDefect(error, call);
    }
  }

  return (request, response, waitedMs, serveBody) => {
    if (!(request instanceof Http2ServerRequest && response instanceof Http2ServerResponse)) return false;
    const served = methods.get(request.url);
    const { headers } = request;
    if (
      served === undefined ||
      request.method !== "POST" ||
      !CONTENT_TYPES.has(headers["content-type"] ?? "") ||
      (headers["grpc-encoding"] ?? "identity") !== "identity" ||
      !AUTHORITY.test(request.authority)
    )
      return false;
    const given = headers["grpc-timeout"];
    const givenMs = typeof given === "string" ? parseGrpcTimeoutMs(given) : undefined;
    const timeoutMs =
      givenMs === undefined ? undefined : Math.min(MAX_TIMER_MS, Math.floor(givenMs - waitedMs));
    if ((given !== undefined && timeoutMs === undefined) || (timeoutMs !== undefined && timeoutMs < 1))
      return false;

    const call = new GrpcCall(served.spec.method, request, timeoutMs, now);
    open.add(call);
    response.once("close", () => {
      open.delete(call);
      call.end(response.stream.rstCode === 0 ? ANSWERED : left(response.stream.rstCode));
    });
    answer(served, call, request, response, serveBody).catch((error: unknown) => {
      if (response.stream.destroyed || response.headersSent) return;
      if (!(error instanceof ConnectError)) reportDefect(error);
      sendFailure(ConnectError.from(error, Code.Internal), call, response);
    });
    return true;
  };
}

/** What has arrived of a body; complete when that is all of it. */
interface ReadBody {
  readonly chunks: readonly Uint8Array[];
  readonly complete: boolean;
}

/** Reads until the body ends, turns out to be none that is read here, or its peer goes. */
function readBody(request: Http2ServerRequest, maxBytes: number): Promise<ReadBody> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const settle = (complete: boolean): void => {
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("close", onClose);
      resolve({ chunks, complete });
    };
    const onData = (chunk: Uint8Array): void => {
      chunks.push(chunk);
      length += chunk.byteLength;
      const isPlain = chunks.length > 1 || (bodyLength(chunk) ?? Infinity) <= maxBytes;
      if (isPlain && length <= maxBytes) return;
      request.pause();
      settle(false);
    };
    const onEnd = (): void => settle(true);
    const onClose = (): void => settle(false);
    request.on("data", onData);
    request.once("end", onEnd);
    request.once("close", onClose);
  });
}

/** The message of a request; undefined when the body is not just one that can be decoded. */
function decode(desc: DescMessage, chunks: readonly Uint8Array[]): Message | undefined {
  const [only] = chunks;
  const bytes = onlyMessage(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
  if (bytes === undefined) return undefined;
  try {
    return fromBinary(desc, bytes);
  } catch {
    // Whoever gets the body next says what is wrong with it.
    return undefined;
  }
}

async function* replay(
  chunks: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  if (rest !== undefined) yield* rest;
}

async function* each(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

type Fields = Readonly<Record<string, string>>;

const headOf = (call: GrpcCall): Fields => ({ ...call.setHeaders(), "content-type": contentTypeProto });

/** Of a call that has succeeded. */
const trailersOf = (call: GrpcCall): Fields => ({ ...call.setTrailers(), [GRPC_STATUS]: grpcStatusOk });

/** A failure before anything was sent: the trailers stand in the head. */
function sendFailure(error: ConnectError, call: GrpcCall, { stream }: Http2ServerResponse): void {
  const status = Object.fromEntries(setTrailerStatus(new Headers(call.setTrailers()), error));
  stream.respond({ ":status": 200, ...headOf(call), ...status }, { endStream: true });
}

/**
 * The messages of a stream as they go over the wire. With the first one the head is complete, because until then a
 * handler may set fields; the trailers tell how it ended.
 */
async function* frames(
  messages: AsyncIterable<Message>,
  frameOf: (message: Message) => Frame,
  call: GrpcCall,
  header: Headers,
  trailer: Headers,
): AsyncGenerator<Uint8Array> {
  let failure: ConnectError | undefined;
  let isFirst = true;
  try {
    for await (const message of messages) {
      const frame = Buffer.concat(frameOf(message).parts);
      if (isFirst) setAll(header, headOf(call));
      isFirst = false;
      yield frame;
    }
  } catch (error) {
    failure = ConnectError.from(error, Code.Internal);
  }
  if (isFirst) setAll(header, headOf(call));
  setAll(trailer, failure === undefined ? trailersOf(call) : call.setTrailers());
  if (failure !== undefined) setTrailerStatus(trailer, failure);
}

function setAll(headers: Headers, fields: Fields): void {
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
}
