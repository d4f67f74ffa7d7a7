import type { AddressInfo } from "node:net";
import { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, Http2ServerResponse, type ServerHttp2Session } from "node:http2";
import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { ListenAddress } from "./config.ts";
import { createHealth, type Health } from "./health.ts";
import { createOnePort, type RequestListener } from "./one-port.ts";
import { addReflection } from "./reflection.ts";

/** What one peer may ask of a server. Counts and sizes are per connection unless they say otherwise. */
export interface ServerLimits {
  /** Largest message in, bytes. */
  readonly readMaxBytes: number;
  /** Largest message out, bytes. */
  readonly writeMaxBytes: number;
  /** All header fields of a request together, bytes. */
  readonly maxHeaderBytes: number;
  /** Header fields of a request. */
  readonly maxHeaderCount: number;
  readonly maxConcurrentStreams: number;
  /** Streams that a peer may reset at once, and per second from then on: deadlines and hedges count as resets. */
  readonly streamResetBurst: number;
  readonly streamResetsPerSecond: number;
  /** From connecting to the first bytes, and from the first byte of an HTTP/1.1 head to its last, milliseconds. */
  readonly headersTimeoutMs: number;
  /** From the first byte of an HTTP/1.1 request to its last, milliseconds. */
  readonly requestTimeoutMs: number;
  /** An HTTP/2 session without a stream is closed after this, milliseconds. */
  readonly idleTimeoutMs: number;
  /** HTTP/2 connections get a GOAWAY after this ± 10 %, so that clients find new replicas, milliseconds. */
  readonly maxConnectionAgeMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  readMaxBytes: 4 << 20,
  writeMaxBytes: 32 << 20,
  maxHeaderBytes: 64 << 10,
  maxHeaderCount: 128,
  maxConcurrentStreams: 1000,
  streamResetBurst: 10_000,
  streamResetsPerSecond: 10_000,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 600_000,
  maxConnectionAgeMs: 300_000,
};

export interface ServerOptions {
  readonly listen: ListenAddress;
  readonly routes: (router: ConnectRouter) => void;
  /** For health and reflection. */
  readonly services: readonly DescService[];
  readonly interceptors: readonly Interceptor[];
  readonly limits?: Partial<ServerLimits>;
  /** Plain HTTP paths beside the RPCs, for example `/metrics`; true when it has answered. */
  readonly extraRoutes?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** In [0, 1); spreads the ages of connections. */
  readonly random: () => number;
}

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** `host:port`, as a client dials it. */
  readonly address: string;
  readonly health: Health;
  /**
   * Ends in order: health NOT_SERVING, no new connections, GOAWAY, calls in flight finish, and what is still open
   * after the grace time is cut.
   */
  readonly drain: (graceMs: number) => Promise<void>;
}

/** Starts gRPC, gRPC-web and Connect (JSON and GET too) with health and reflection on one port. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const shutdown = new AbortController();
  const health = createHealth(options.services.map(({ typeName }) => typeName));
  const handle = connectNodeAdapter({
    routes: (router) => {
      options.routes(router);
      health.addRoutes(router);
      addReflection(router, options.services);
    },
    interceptors: [...options.interceptors],
    // Compression costs more CPU than the network inside a cluster; it also means that gzipped requests are refused.
    acceptCompression: [],
    readMaxBytes: limits.readMaxBytes,
    writeMaxBytes: limits.writeMaxBytes,
    shutdownSignal: shutdown.signal,
  });
  let activeCount = 0;
  let onIdle = (): void => {};
  const listener: RequestListener = (request, response) => {
    activeCount += 1;
    response.once("close", () => {
      activeCount -= 1;
      if (activeCount === 0) onIdle();
    });
    // The adapter throws synchronously on a Host or :authority that is no host; that must cost one request, not the process.
    try {
      if (request instanceof IncomingMessage && response instanceof ServerResponse) {
        if (options.extraRoutes?.(request, response) === true) return;
      }
      // One handler for both protocols, as the adapter's types cannot say of a union.
      if (request instanceof IncomingMessage && response instanceof ServerResponse) handle(request, response);
      else if (request instanceof Http2ServerRequest && response instanceof Http2ServerResponse)
        handle(request, response);
    } catch {
      if (!response.headersSent) response.statusCode = 400;
      response.end();
    }
  };
  const ages = new Map<ServerHttp2Session, NodeJS.Timeout>();
  const { server, sessions, sockets } = createOnePort(
    {
      prefaceTimeoutMs: limits.headersTimeoutMs,
      http1: {
        maxHeaderSize: limits.maxHeaderBytes,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
        keepAliveTimeout: 65_000,
      },
      http2: {
        // Node's default of 10 MB per session refuses streams while a few large answers are pending.
        maxSessionMemory: 1000,
        streamResetBurst: limits.streamResetBurst,
        streamResetRate: limits.streamResetsPerSecond,
        maxHeaderListPairs: limits.maxHeaderCount,
        settings: {
          initialWindowSize: 1 << 20,
          maxConcurrentStreams: limits.maxConcurrentStreams,
          maxHeaderListSize: limits.maxHeaderBytes,
        },
      },
    },
    listener,
    (session) => {
      const ageMs = limits.maxConnectionAgeMs * (0.9 + 0.2 * options.random());
      ages.set(session, setTimeout(() => session.close(), ageMs).unref());
      session.setTimeout(limits.idleTimeoutMs, () => session.close());
      session.once("close", () => {
        clearTimeout(ages.get(session));
        ages.delete(session);
      });
    },
  );
  server.maxHeadersCount = limits.maxHeaderCount;

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.listen.port, options.listen.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { address: host, port } = server.address() as AddressInfo;
  health.setAll(true);

  async function drain(graceMs: number): Promise<void> {
    health.setAll(false);
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    health.endWatches();
    server.closeIdleConnections();
    for (const session of sessions) session.close();
    if (activeCount > 0) {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        new Promise<void>((resolve) => (onIdle = resolve)),
        new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs))),
      ]);
      clearTimeout(timer);
    }
    // What is still in flight learns that the server is going; then its sockets go.
    shutdown.abort();
    server.closeAllConnections();
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return { host, port, address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`, health, drain };
}
