import { once } from "node:events";
import { Client, credentials, status, type ClientDuplexStream } from "@grpc/grpc-js";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { createMethodUrl, runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { CHANNEL_OPTIONS } from "./channel.ts";
import { limitConnectWait } from "./connect-wait.ts";
import {
  callOptions,
  copyMetadata,
  deserializer,
  methodPath,
  serializer,
  toConnectError,
  toMetadata,
  toUrlAuthority,
} from "./grpc-wire.ts";
import { registerSpareOverloaded } from "./spare-overloaded.ts";

export interface GrpcTransport {
  readonly transport: Transport;
  readonly close: () => void;
}

/**
 * A Connect transport over a grpc-js channel: Connect's clients, interceptors and errors on a channel that balances
 * over replicas, reconnects and throttles its retries.
 *
 * @param target gRPC target, for example `dns:///fetcher:50052` or `127.0.0.1:50052`
 * @param now wall clock, milliseconds since the epoch, which grpc-js counts deadlines by
 */
export function createGrpcTransport(
  target: string,
  interceptors: Interceptor[],
  now: () => number,
): GrpcTransport {
  registerSpareOverloaded();
  const client = new Client(target, credentials.createInsecure(), CHANNEL_OPTIONS);
  // Interceptors parse the URL of a call; the channel itself goes by `target`.
  const baseUrl = `http://${toUrlAuthority(target)}`;

  const transport: Transport = {
    unary: (method, signal, timeoutMs, header, message, contextValues) =>
      runUnaryCall({
        interceptors,
        ...(signal && { signal }),
        ...(timeoutMs !== undefined && { timeoutMs }),
        req: {
          stream: false,
          service: method.parent,
          method,
          requestMethod: "POST",
          url: createMethodUrl(baseUrl, method),
          header: new Headers(header),
          contextValues: contextValues ?? createContextValues(),
          message,
        },
        next: (request) => callUnary(client, request, timeoutMs, now),
      }),
    stream: (method, signal, timeoutMs, header, input, contextValues) =>
      runStreamingCall({
        interceptors,
        ...(signal && { signal }),
        ...(timeoutMs !== undefined && { timeoutMs }),
        req: {
          stream: true,
          service: method.parent,
          method,
          requestMethod: "POST",
          url: createMethodUrl(baseUrl, method),
          header: new Headers(header),
          contextValues: contextValues ?? createContextValues(),
          message: input,
        },
        next: (request) => Promise.resolve(callStream(client, request, timeoutMs, now)),
      }),
  };
  return { transport, close: () => client.close() };
}

const notConnected = (): ConnectError =>
  new ConnectError("no replica could be connected to", Code.Unavailable);

function callUnary<I extends DescMessage, O extends DescMessage>(
  client: Client,
  request: UnaryRequest<I, O>,
  timeoutMs: number | undefined,
  now: () => number,
): Promise<UnaryResponse<I, O>> {
  const { method, service, signal } = request;
  return new Promise((resolve, reject) => {
    const header = new Headers();
    const trailer = new Headers();
    let answer: MessageShape<O> | undefined;
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const call = client.makeUnaryRequest(
      methodPath(method),
      serializer(method.input),
      deserializer(method.output),
      request.message,
      toMetadata(request.header),
      callOptions(timeoutMs, now),
      (error, value) => {
        answer = value;
        if (error === null) return;
        fail(signal.aborted ? signal.reason : toConnectError(error));
      },
    );
    const onAbort = (): void => call.cancel();
    const endWait = limitConnectWait(client, () => {
      fail(notConnected());
      call.cancel();
    });
    const end = (): void => {
      endWait();
      signal.removeEventListener("abort", onAbort);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    call.on("metadata", (metadata) => copyMetadata(metadata, header));
    // Comes after the callback; only here are the trailers known.
    call.on("status", ({ code, metadata }) => {
      end();
      if (code !== status.OK) return;
      copyMetadata(metadata, trailer);
      if (answer !== undefined) resolve({ stream: false, service, method, header, trailer, message: answer });
      else reject(new ConnectError("the server ended the call without a message", Code.Internal));
    });
  });
}

function callStream<I extends DescMessage, O extends DescMessage>(
  client: Client,
  request: StreamRequest<I, O>,
  timeoutMs: number | undefined,
  now: () => number,
) {
  const { method, service, signal } = request;
  const header = new Headers();
  const trailer = new Headers();
  const call = client.makeBidiStreamRequest(
    methodPath(method),
    serializer(method.input),
    deserializer(method.output),
    toMetadata(request.header),
    callOptions(timeoutMs, now),
  );
  let gaveUp = false;
  const endWait = limitConnectWait(client, () => {
    gaveUp = true;
    call.cancel();
  });
  const onAbort = (): void => call.cancel();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  call.on("metadata", (metadata) => copyMetadata(metadata, header));
  call.on("status", (end) => {
    endWait();
    signal.removeEventListener("abort", onAbort);
    copyMetadata(end.metadata, trailer);
  });
  // Whoever iterates is told; an error before anybody does would end the process.
  call.on("error", () => {});
  const sent = sendAll(call, request.message);

  async function* receive(): AsyncGenerator<MessageShape<O>> {
    try {
      for await (const message of call) yield message;
      await sent;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw gaveUp ? notConnected() : toConnectError(error);
    } finally {
      call.cancel();
    }
  }
  return { stream: true as const, service, method, header, trailer, message: receive() };
}

/** Sends no faster than the server takes. Resolves when all is sent or the call has ended; a failure ends the call. */
async function sendAll<I, O>(call: ClientDuplexStream<I, O>, messages: AsyncIterable<I>): Promise<void> {
  const ended = new AbortController();
  call.once("status", () => ended.abort());
  try {
    for await (const message of messages) {
      if (ended.signal.aborted) return;
      // A cancelled call never drains.
      if (!call.write(message)) await once(call, "drain", { signal: ended.signal });
    }
    call.end();
  } catch (error) {
    if (ended.signal.aborted) return;
    call.cancel();
    call.destroy(error instanceof Error ? error : new Error("the request stream failed", { cause: error }));
  }
}
