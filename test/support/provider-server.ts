import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** A request as the server under test sent it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the server does instead of answering. Each answers every request until changed. */
export type Fault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  | { readonly kind: "hang" } // accepts the request and never answers
  | { readonly kind: "cut" } // half the body, then the socket is destroyed
  | { readonly kind: "drip" } // headers, then one byte a second
  | { readonly kind: "html" } // 200 with a web page
  | { readonly kind: "truncated" } // complete response whose JSON is cut off
  | { readonly kind: "wrong-schema" } // 200 with JSON of another shape
  | { readonly kind: "empty" } // 200 without a body
  | { readonly kind: "reset" }; // the socket is destroyed at once

export interface ProviderServer {
  /** `http://127.0.0.1:{port}`. */
  readonly baseUrl: string;
  /** All requests since the start or the last `reset`. */
  readonly requests: ReceivedRequest[];
  /** Sockets now open. */
  readonly openSocketCount: () => number;
  setFault(fault: Fault | undefined): void;
  /** Milliseconds before each answer; a function is asked with each request. */
  setLatencyMs(latencyMs: number | ((request: ReceivedRequest) => number)): void;
  /** Forgets requests, fault and latency. */
  reset(): void;
  close(): Promise<void>;
}

/** Starts a server on a free loopback port that speaks a provider's wire format through `answer`. */
export async function startProviderServer(
  answer: (request: ReceivedRequest) => Reply | Promise<Reply>,
): Promise<ProviderServer> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const closing = new AbortController();
  let fault: Fault | undefined;
  let latency: number | ((request: ReceivedRequest) => number) = 0;

  const server = createServer((message, response) => {
    handle(message, response).catch((error: unknown) => {
      if (!closing.signal.aborted) response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const request: ReceivedRequest = {
      method: message.method ?? "",
      url: new URL(message.url ?? "/", "http://provider.test"),
      headers: message.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    requests.push(request);
    const now = fault;
    const latencyMs = typeof latency === "function" ? latency(request) : latency;
    if (latencyMs > 0) await delay(latencyMs, undefined, { signal: closing.signal });
    if (now?.kind === "hang") return;
    if (now?.kind === "reset") return void message.socket.destroy();
    if (now?.kind === "status") return void response.writeHead(now.status, now.headers).end(now.body ?? "");
    if (now?.kind === "html")
      return void response
        .writeHead(200, { "content-type": "text/html" })
        .end("<html><body>maintenance</body></html>");
    if (now?.kind === "empty")
      return void response.writeHead(200, { "content-type": "application/json" }).end();
    if (now?.kind === "wrong-schema")
      return void response
        .writeHead(200, { "content-type": "application/json" })
        .end('{"unexpected":["shape"]}');
    const reply = await answer(request);
    const body = Buffer.from(reply.body, "utf8");
    const headers = { "content-type": "application/json; charset=utf-8", ...reply.headers };
    const status = reply.status ?? 200;
    if (now?.kind === "truncated")
      return void response.writeHead(status, headers).end(body.subarray(0, Math.floor(body.length * 0.6)));
    response.writeHead(status, { ...headers, "content-length": String(body.length) });
    if (now?.kind === "cut")
      return void response.write(body.subarray(0, Math.floor(body.length / 2)), () =>
        message.socket.destroy(),
      );
    if (now?.kind === "drip") {
      for (const byte of body) {
        if (response.destroyed) return;
        response.write(Buffer.of(byte));
        await delay(1000, undefined, { signal: closing.signal });
      }
    }
    response.end(body);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    requests,
    openSocketCount: () => sockets.size,
    setFault: (next) => void (fault = next),
    setLatencyMs: (next) => void (latency = next),
    reset: () => {
      requests.length = 0;
      fault = undefined;
      latency = 0;
    },
    close: async () => {
      closing.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
