import { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import type { DescService } from "@bufbuild/protobuf";
import {
  createConnectRouter,
  createServiceImplSpec,
  type Interceptor,
  type ServiceImpl,
  type ServiceImplSpec,
} from "@connectrpc/connect";
import type { ListenAddress } from "./config.ts";
import { createErrorInterceptor } from "./error-interceptor.ts";
import type { ReportDefect } from "./error-wire.ts";
import { ServiceError } from "./errors.ts";
import { createGrpcCalls } from "./grpc/grpc-calls.ts";
import { createHealth, type Health } from "./health.ts";
import { createOnePort, type OnePortOptions } from "./one-port.ts";
import { createOpenCalls, type AnyRequest, type AnyResponse } from "./open-calls.ts";
import { addReflection } from "./reflection.ts";
import type { LoadShedder } from "./load-shedding.ts";
import { createCallGate, type RequestGate } from "./refusals.ts";
import { createRpcListener } from "./rpc-listener.ts";
import { DEFAULT_LIMITS, type ServerLimits } from "./server-limits.ts";
import { createRefusalRecorder } from "./telemetry/refusals.ts";
import { activeTraceId, withinActiveSpan } from "./telemetry/spans.ts";

/** A method without an implementation is answered with UNIMPLEMENTED. */
export type AddService = <T extends DescService>(service: T, implementation: Partial<ServiceImpl<T>>) => void;

export interface ServerOptions {
  readonly listen: ListenAddress;
  readonly addServices: (add: AddService) => void;
  /** For health, reflection and the gate. */
  readonly services: readonly DescService[];
  /** Around the translation of errors, which is the server's own. */
  readonly interceptors: readonly Interceptor[];
  /** Asked about each call of `services` before its body is read; see `RequestGate`. None by default. */
  readonly requestGate?: RequestGate;
  /** Decides how many calls of `services` are worked on at a time. Without it all are. */
  readonly shedder?: LoadShedder;
  readonly limits?: Partial<ServerLimits>;
  /** Plain HTTP paths beside the RPCs, for example `/metrics`; true when it has answered. */
  readonly extraRoutes?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** From telling NOT_SERVING to refusing calls, so that balancers notice first, milliseconds. 0 by default. */
  readonly drainDelayMs?: number;
  readonly reportDefect: ReportDefect;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
  /** In [0, 1); spreads the ages of connections. */
  readonly random: () => number;
}

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** `host:port`, as a client on this machine dials it. */
  readonly address: string;
  readonly health: Health;
  /**
   * Ends in order: health NOT_SERVING; after the delay no new connection, GOAWAY, and SHUTTING_DOWN for what still
   * comes in; calls in flight finish. What is open after the grace time is told SHUTTING_DOWN, then cut.
   */
  readonly drain: (graceMs: number) => Promise<void>;
}

/** How long calls get to report that the grace time is over, and connections to send what was written, milliseconds. */
const LAST_ANSWER_MS = 250;

/** What is not UTF-8 is refused, as in the binary format, and so is what a typing error makes of a field or a value. */
const JSON_OPTIONS = { ignoreUnknownFields: false, textDecoder: new TextDecoder("utf-8", { fatal: true }) };

const shuttingDown = (): ServiceError => new ServiceError("SHUTTING_DOWN", "The server is shutting down");

/**
 * Starts gRPC, gRPC-web and Connect (JSON and GET too) with health and reflection on one port.
 *
 * @throws the error of Node's `listen`, for example EADDRINUSE
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { services, reportDefect, now } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const draining = new AbortController();
  const shutdown = new AbortController();
  const health = createHealth(services.map(({ typeName }) => typeName));
  const record = createRefusalRecorder(now);
  const gated = new Set(services.map(({ typeName }) => typeName));
  const interceptors = [
    ...options.interceptors,
    createErrorInterceptor(limits.readMaxBytes, activeTraceId, withinActiveSpan, reportDefect),
  ];
  const gate = createCallGate({
    isGated: (service) => gated.has(service),
    gates: [
      () => {
        if (draining.signal.aborted) throw shuttingDown();
      },
      ...(options.requestGate === undefined ? [] : [options.requestGate]),
    ],
    readMaxBytes: limits.readMaxBytes,
    record,
    traceId: activeTraceId,
    reportDefect,
    now,
  });
  const router = createConnectRouter({
    interceptors,
    requestGate: gate.ofConnect,
    // Compression costs more CPU than the network inside a cluster; it also means that gzipped requests are refused.
    acceptCompression: [],
    jsonOptions: JSON_OPTIONS,
    readMaxBytes: limits.readMaxBytes,
    writeMaxBytes: limits.writeMaxBytes,
    shutdownSignal: shutdown.signal,
  });
  const implementations: ServiceImplSpec[] = [];
  options.addServices((service, implementation) => {
    router.service(service, implementation);
    implementations.push(createServiceImplSpec(service, implementation));
  });
  health.addRoutes(router);
  addReflection(router, services, draining.signal);

  const lasting = new Set(
    router.handlers
      .filter(({ method }) => method.methodKind === "bidi_streaming")
      .map(({ requestPath }) => requestPath),
  );
  const calls = createOpenCalls({
    requestTimeoutMs: limits.requestTimeoutMs,
    stallTimeoutMs: limits.stallTimeoutMs,
    mayStayOpen: (path) => lasting.has(path),
    now,
  });
  const rpc = createRpcListener({
    handlers: router.handlers,
    serveGrpc: createGrpcCalls({
      services: implementations,
      interceptors,
      gate: gate.pass,
      toDefect: gate.toDefect,
      readMaxBytes: limits.readMaxBytes,
      writeMaxBytes: limits.writeMaxBytes,
      shutdown: shutdown.signal,
      reportDefect,
      now,
    }),
    record,
    reportDefect,
    shedding: options.shedder && { shedder: options.shedder, services: gated },
    now,
  });
  const listener = (request: AnyRequest, response: AnyResponse): void => {
    calls.add(request, response);
    try {
      if (request instanceof IncomingMessage && response instanceof ServerResponse) {
        if (draining.signal.aborted) response.shouldKeepAlive = false;
        if (options.extraRoutes?.(request, response) === true) return;
      }
      rpc.serve(request, response);
    } catch (error) {
      // What a listener of an event throws would end the process.
      reportDefect(error);
      response.destroy();
    }
  };
  const refuseStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean => {
    try {
      return rpc.refuseStream(stream, headers);
    } catch (error) {
      reportDefect(error);
      stream.destroy();
      return true;
    }
  };
  const ageSession = createAging(limits, options.random, draining.signal);
  const { server, sessions, sockets } = createOnePort(
    toPortOptions(limits),
    listener,
    ageSession,
    refuseStream,
  );
  server.maxHeadersCount = limits.maxHeaderCount;

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.listen.port, options.listen.host, () => {
      server.off("error", reject);
      // Failing to accept a connection, for want of file descriptors say, must not end the process.
      server.on("error", reportDefect);
      resolve();
    });
  });
  const { address: host, port } = server.address() as AddressInfo;
  health.setAll(true);

  async function drain(graceMs: number): Promise<void> {
    health.setAll(false);
    if ((options.drainDelayMs ?? 0) > 0) await delay(options.drainDelayMs);
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    draining.abort();
    health.endWatches();
    server.closeIdleConnections();
    for (const session of sessions) session.close();
    if (!(await within(calls.untilNone(), graceMs))) {
      shutdown.abort(shuttingDown());
      await within(calls.untilNone(), LAST_ANSWER_MS);
    }
    calls.close();
    // Connections end by themselves now. Cutting one that still sends would lose the end of an answer.
    await within(closed, LAST_ANSWER_MS);
    server.closeAllConnections();
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return { host, port, address: toDialAddress(host, port), health, drain };
}

/** Whether the promise settles in time. */
async function within(promise: Promise<void>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([promise.then(() => true), late]);
  timer.abort();
  return inTime;
}

/** A listener on all addresses is dialled on the loopback one. */
function toDialAddress(host: string, port: number): string {
  if (host === "0.0.0.0") return `127.0.0.1:${port}`;
  if (host === "::") return `[::1]:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Sessions end when they are old or idle, and at once while the server drains; streams left open get a grace time. */
function createAging(
  limits: ServerLimits,
  random: () => number,
  draining: AbortSignal,
): (session: ServerHttp2Session) => void {
  return (session) => {
    if (draining.aborted) session.close();
    const ageMs = limits.maxConnectionAgeMs * (0.9 + 0.2 * random());
    const age = setTimeout(() => session.close(), ageMs).unref();
    const end = setTimeout(() => session.destroy(), ageMs + limits.connectionGraceMs).unref();
    session.setTimeout(limits.idleTimeoutMs, () => session.close());
    session.once("close", () => {
      clearTimeout(age);
      clearTimeout(end);
    });
  };
}

function toPortOptions(limits: ServerLimits): OnePortOptions {
  return {
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
  };
}
