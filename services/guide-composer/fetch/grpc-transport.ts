import { Client, credentials, status, type ClientOptions } from "@grpc/grpc-js";
import type { MessageShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createMethodUrl, runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import {
  callOptions,
  copyMetadata,
  deserializer,
  methodPath,
  serializer,
  toConnectError,
  toMetadata,
} from "./grpc-wire.ts";

/** Balancing, retry of what was never handled, keepalive and reconnect, as grpc-js documents them. */
const CHANNEL_OPTIONS: ClientOptions = {
  "grpc.service_config": JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
    methodConfig: [
      {
        name: [{}],
        // Two attempts, not more: a stream is retried until its first message, and its handler may pay a provider.
        retryPolicy: {
          maxAttempts: 2,
          initialBackoff: "0.05s",
          maxBackoff: "0.5s",
          backoffMultiplier: 2,
          retryableStatusCodes: ["UNAVAILABLE"],
        },
      },
    ],
  }),
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_http_proxy": 0,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_receive_message_length": 32 << 20,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
};

export interface GrpcTransport {
  readonly transport: Transport;
  readonly close: () => void;
}

/**
 * A Connect transport over a grpc-js channel: Connect's clients, interceptors and errors on a channel that balances
 * over replicas, reconnects and throttles its retries.
 *
 * @param target gRPC target, for example `dns:///fetcher:50052` or `127.0.0.1:50052`
 */
export function createGrpcTransport(
  target: string,
  interceptors: Interceptor[],
  now: () => number,
): GrpcTransport {
  const client = new Client(target, credentials.createInsecure(), CHANNEL_OPTIONS);
  // Interceptors parse the URL of a call; the channel itself goes by `target`.
  const baseUrl = `http://${target.replace(/^[a-z0-9]+:(\/\/[^/]*\/)?/i, "").split(",")[0] ?? "content-fetcher"}`;

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
        next: (request) =>
          new Promise((resolve, reject) => {
            const responseHeader = new Headers();
            let answer: MessageShape<typeof method.output> | undefined;
            const call = client.makeUnaryRequest(
              methodPath(method),
              serializer(method.input),
              deserializer(method.output),
              request.message,
              toMetadata(request.header),
              callOptions(timeoutMs, now),
              (error, value) => {
                if (error) fail(error);
                else answer = value;
              },
            );
            const onAbort = (): void => call.cancel();
            const fail = (error: unknown): void => {
              request.signal.removeEventListener("abort", onAbort);
              reject(request.signal.aborted ? request.signal.reason : toConnectError(error));
            };
            request.signal.addEventListener("abort", onAbort, { once: true });
            if (request.signal.aborted) call.cancel();
            call.on("metadata", (metadata) => copyMetadata(metadata, responseHeader));
            call.on("status", (end) => {
              if (end.code !== status.OK) return;
              request.signal.removeEventListener("abort", onAbort);
              if (answer === undefined)
                return reject(new ConnectError("the server ended the call without a message", Code.Internal));
              const trailer = new Headers();
              copyMetadata(end.metadata, trailer);
              resolve({
                stream: false,
                service: method.parent,
                method,
                header: responseHeader,
                trailer,
                message: answer,
              });
            });
          }),
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
        next: async (request) => {
          const responseHeader = new Headers();
          const trailer = new Headers();
          const call = client.makeBidiStreamRequest(
            methodPath(method),
            serializer(method.input),
            deserializer(method.output),
            toMetadata(request.header),
            callOptions(timeoutMs, now),
          );
          const onAbort = (): void => call.cancel();
          request.signal.addEventListener("abort", onAbort, { once: true });
          if (request.signal.aborted) call.cancel();
          call.on("metadata", (metadata) => copyMetadata(metadata, responseHeader));
          call.on("status", (end) => copyMetadata(end.metadata, trailer));
          async function send(): Promise<void> {
            for await (const message of request.message) {
              if (!call.write(message))
                await new Promise<void>((resolve) => void call.once("drain", resolve));
            }
            call.end();
          }
          const sent = send().catch((error: unknown) =>
            call.destroy(error instanceof Error ? error : new Error("the request stream failed")),
          );
          async function* receive(): AsyncGenerator<MessageShape<typeof method.output>> {
            try {
              for await (const message of call) yield message;
              await sent;
            } catch (error) {
              throw request.signal.aborted ? request.signal.reason : toConnectError(error);
            } finally {
              request.signal.removeEventListener("abort", onAbort);
              call.cancel();
            }
          }
          return {
            stream: true,
            service: method.parent,
            method,
            header: responseHeader,
            trailer,
            message: receive(),
          };
        },
      }),
  };
  return { transport, close: () => client.close() };
}
