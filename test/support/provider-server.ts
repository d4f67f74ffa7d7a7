import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { failureReply, type Fault, type FaultReplies, type Reply } from "./faults.ts";

export type { Fault, FaultReplies, Reply };

/** A request as the server under test sent it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** When its body was complete, on the server's monotonic clock, milliseconds. */
  readonly receivedMs: number;
}

export interface ProviderServerOptions {
  /** Loopback port; 0, the default, is a free one. */
  readonly port?: number;
  readonly faultReplies?: FaultReplies;
  /** Requests of one client address in progress at once, and what a further one gets at once. */
  readonly concurrency?: { readonly maxPerClientCount: number; readonly refusal: Reply };
  /** Compresses replies above 1 KiB for clients that accept gzip. */
  readonly compressed?: boolean;
  /** Monotonic clock, milliseconds. */
  readonly monotonicNow?: () => number;
  /** Requests kept; later ones are only counted. Default: 100,000. */
  readonly maxRecordedCount?: number;
  /** Told of each request whose answer has been handed to the socket, and when, on the same clock. */
  readonly onAnswered?: (request: ReceivedRequest, answeredMs: number) => void;
}

export interface ProviderServer {
  /** `http://127.0.0.1:{port}`. */
  readonly baseUrl: string;
  /** All requests since the start or the last `reset`, up to the number that is kept. */
  readonly requests: ReceivedRequest[];
  /** How many requests there were. */
  readonly requestCount: () => number;
  /** Sockets now open. */
  readonly openSocketCount: () => number;
  /**
   * @param requestCount requests that meet the fault; those after them are answered truly. Default: all.
   * @throws when the provider has no such failure
   */
  setFault(fault: Fault | undefined, requestCount?: number): void;
  /** Milliseconds before each answer; a function is asked with each request. */
  setLatencyMs(latencyMs: number | ((request: ReceivedRequest) => number)): void;
  /** Asked first with each request: a reply of it is sent at once, without latency and fault. */
  setGate(gate: ((request: ReceivedRequest) => Reply | undefined) | undefined): void;
  /** Forgets requests, fault, latency and gate. */
  reset(): void;
  close(): Promise<void>;
}

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const COMPRESS_FROM_BYTES = 1024;
const DRIP_INTERVAL_MS = 1000;
const DEFAULT_RECORDED_COUNT = 100_000;

const toBuffer = (body: string | Buffer): Buffer =>
  typeof body === "string" ? Buffer.from(body, "utf8") : body;

/** Starts a server on a loopback port that speaks a provider's wire format through `answer`. */
export async function startProviderServer(
  answer: (request: ReceivedRequest) => Reply | Promise<Reply>,
  options: ProviderServerOptions = {},
): Promise<ProviderServer> {
  const monotonicNow = options.monotonicNow ?? (() => performance.now());
  const maxRecordedCount = options.maxRecordedCount ?? DEFAULT_RECORDED_COUNT;
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const inProgress = new Map<string, number>();
  const compressedBodies = new WeakMap<Buffer, Buffer>();
  const closing = new AbortController();
  let fault: Fault | undefined;
  let faultsLeft = 0;
  let latency: number | ((request: ReceivedRequest) => number) = 0;
  let gate: ((request: ReceivedRequest) => Reply | undefined) | undefined;
  let requestCount = 0;

  const server = createServer({ keepAliveTimeout: 60_000 }, (message, response) => {
    const client = message.socket.remoteAddress ?? "";
    inProgress.set(client, (inProgress.get(client) ?? 0) + 1);
    response.once("close", () => inProgress.set(client, (inProgress.get(client) ?? 1) - 1));
    handle(message, response, client).catch((error: unknown) => {
      if (!closing.signal.aborted) response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  async function handle(message: IncomingMessage, response: ServerResponse, client: string): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const request: ReceivedRequest = {
      method: message.method ?? "",
      url: new URL(message.url ?? "/", "http://provider.test"),
      headers: message.headers,
      body: Buffer.concat(chunks).toString("utf8"),
      receivedMs: monotonicNow(),
    };
    const { onAnswered } = options;
    if (onAnswered !== undefined) response.once("finish", () => onAnswered(request, monotonicNow()));
    requestCount += 1;
    if (requests.length < maxRecordedCount) requests.push(request);
    const refusal = gate?.(request) ?? refuseParallel(client);
    if (refusal !== undefined) return send(refusal, request, response);
    const now = takeFault();
    const latencyMs =
      (typeof latency === "function" ? latency(request) : latency) +
      (now?.kind === "slow" ? now.latencyMs : 0);
    if (latencyMs > 0) await delay(latencyMs, undefined, { signal: closing.signal });
    if (now?.kind === "hang") return;
    if (now?.kind === "reset") return void message.socket.destroy();
    const failure = failureReply(now, options.faultReplies);
    if (failure !== undefined) return send(failure, request, response);
    const reply = await answer(request);
    if (now === undefined || now.kind === "slow") return send(reply, request, response);
    await spoil(now.kind, reply, message.socket, response);
  }

  function refuseParallel(client: string): Reply | undefined {
    const { concurrency } = options;
    return concurrency !== undefined && (inProgress.get(client) ?? 0) > concurrency.maxPerClientCount
      ? concurrency.refusal
      : undefined;
  }

  function takeFault(): Fault | undefined {
    if (faultsLeft <= 0) return undefined;
    faultsLeft -= 1;
    return fault;
  }

  function send(reply: Reply, request: ReceivedRequest, response: ServerResponse): void {
    let body = toBuffer(reply.body);
    const headers: Record<string, string> = { ...JSON_TYPE, ...reply.headers };
    const accepted = request.headers["accept-encoding"]?.includes("gzip") === true;
    if (options.compressed === true && accepted && body.length >= COMPRESS_FROM_BYTES) {
      const known = compressedBodies.get(body) ?? gzipSync(body, { level: 1 });
      compressedBodies.set(body, known);
      body = known;
      headers["content-encoding"] = "gzip";
    }
    headers["content-length"] = String(body.length);
    response.writeHead(reply.status ?? 200, headers).end(body);
  }

  async function spoil(
    kind: Fault["kind"],
    reply: Reply,
    socket: Socket,
    response: ServerResponse,
  ): Promise<void> {
    const body = toBuffer(reply.body);
    const status = reply.status ?? 200;
    const headers = { ...JSON_TYPE, ...reply.headers };
    if (kind === "truncated")
      return void response.writeHead(status, headers).end(body.subarray(0, Math.floor(body.length * 0.6)));
    response.writeHead(status, { ...headers, "content-length": String(body.length) });
    if (kind === "cut")
      return void response.write(body.subarray(0, Math.floor(body.length / 2)), () => socket.destroy());
    for (const byte of body) {
      if (response.destroyed) return;
      response.write(Buffer.of(byte));
      await delay(DRIP_INTERVAL_MS, undefined, { signal: closing.signal });
    }
    response.end();
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    requests,
    requestCount: () => requestCount,
    openSocketCount: () => sockets.size,
    setFault: (next, requestCount = Number.POSITIVE_INFINITY) => {
      if (next?.kind === "remark" && options.faultReplies?.remark === undefined)
        throw new Error("this provider never fails inside a 200");
      fault = next;
      faultsLeft = next === undefined ? 0 : requestCount;
    },
    setLatencyMs: (next) => void (latency = next),
    setGate: (next) => void (gate = next),
    reset: () => {
      requests.length = 0;
      requestCount = 0;
      fault = undefined;
      faultsLeft = 0;
      latency = 0;
      gate = undefined;
    },
    close: async () => {
      closing.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
