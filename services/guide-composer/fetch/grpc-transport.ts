import { once } from "node:events";
import {
  Client,
  credentials,
  status,
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type Metadata,
  type StatusObject,
} from "@grpc/grpc-js";
import { isMessage, type DescMessage, type Message, type MessageShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextKey,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { createMethodUrl, runUnaryCall } from "@connectrpc/connect/protocol";
import { onlyOf, toMessages } from "../../../shared/grpc/messages.ts";
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

  const startStream = interceptors.reduceRight<Parameters<Interceptor>[0]>(
    (next, interceptor) => interceptor(next),
    async (request) => {
      if (!request.stream) throw new Error("an interceptor has made a unary request of a stream");
      return await callStream(client, request, now);
    },
  );

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
    // Not with Connect's `runStreamingCall`: it makes generator functions for each call, see `createGrpcCalls`.
    stream: async (method, signal, timeoutMs, header, input, contextValues) => {
      const response = await startStream({
        stream: true,
        service: method.parent,
        method,
        requestMethod: "POST",
        url: createMethodUrl(baseUrl, method),
        header: new Headers(header),
        contextValues: (contextValues ?? createContextValues()).set(TIMEOUT_MS, timeoutMs),
        signal: signal ?? new AbortController().signal,
        message: toMessages(method.input, input),
      });
      if (!response.stream) throw new Error("an interceptor has made a unary response of a stream");
      const message = ofType(method.output, response.message);
      return {
        stream: true,
        service: method.parent,
        method,
        header: response.header,
        trailer: response.trailer,
        message,
      };
    },
  };
  return { transport, close: () => client.close() };
}

/** What a call has left when it begins, milliseconds. */
const TIMEOUT_MS = createContextKey<number | undefined>(undefined, { description: "timeout of a call" });

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

/** Begins the call behind the interceptors. */
async function callStream(
  client: Client,
  request: StreamRequest,
  now: () => number,
): Promise<StreamResponse> {
  const { method, service, signal } = request;
  const header = new Headers();
  const trailer = new Headers();
  const { call, sent } = await startCall(
    client,
    request,
    callOptions(request.contextValues.get(TIMEOUT_MS), now),
  );
  const state = { gaveUp: false };
  const endWait = limitConnectWait(client, () => {
    state.gaveUp = true;
    call.cancel();
  });
  const onAbort = (): void => call.cancel();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  call.on("metadata", (metadata: Metadata) => copyMetadata(metadata, header));
  call.on("status", (end: StatusObject) => {
    endWait();
    signal.removeEventListener("abort", onAbort);
    copyMetadata(end.metadata, trailer);
  });
  // Whoever iterates is told; an error before anybody does would end the process.
  call.on("error", () => {});
  return { stream: true, service, method, header, trailer, message: receive(call, sent, signal, state) };
}

interface StartedCall {
  readonly call: ClientReadableStream<Message> | ClientDuplexStream<Message, Message>;
  /** Resolves when all that is to be sent is sent. */
  readonly sent: Promise<void>;
}

async function startCall(client: Client, request: StreamRequest, options: CallOptions): Promise<StartedCall> {
  const { method, message } = request;
  const path = methodPath(method);
  const metadata = toMetadata(request.header);
  const serialize = serializer(method.input);
  const deserialize = deserializer(method.output);
  if (method.methodKind === "server_streaming") {
    const only = await onlyOf(message);
    const call = client.makeServerStreamRequest(path, serialize, deserialize, only, metadata, options);
    return { call, sent: Promise.resolve() };
  }
  const call = client.makeBidiStreamRequest(path, serialize, deserialize, metadata, options);
  return { call, sent: sendAll(call, message) };
}

/** The messages of a call, which ends with whoever reads them. */
async function* receive(
  call: StartedCall["call"],
  sent: Promise<void>,
  signal: AbortSignal,
  state: { readonly gaveUp: boolean },
): AsyncGenerator<Message> {
  try {
    for await (const message of call) yield message;
    await sent;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw state.gaveUp ? notConnected() : toConnectError(error);
  } finally {
    call.cancel();
  }
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

/** Tells the type that the method's own deserializer has given the messages. */
async function* ofType<T extends DescMessage>(
  desc: T,
  messages: AsyncIterable<Message>,
): AsyncGenerator<MessageShape<T>> {
  for await (const message of messages) {
    if (!isMessage(message, desc)) throw new Error("an interceptor has changed the type of a message");
    yield message;
  }
}
