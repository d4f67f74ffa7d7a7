import http from "node:http";
import http2 from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { AnyRequest, AnyResponse } from "./open-calls.ts";

/** What a client sends first when it speaks HTTP/2 without having asked (RFC 9113, section 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export interface OnePortOptions {
  /** From connecting to the bytes that tell the protocol, and from there to the first SETTINGS, milliseconds. */
  readonly prefaceTimeoutMs: number;
  readonly http1: http.ServerOptions;
  readonly http2: http2.ServerOptions;
}

export type RequestListener = (request: AnyRequest, response: AnyResponse) => void;

export interface OnePort {
  /** Listens; also where HTTP/1.1's own timeouts run. */
  readonly server: http.Server;
  readonly sessions: ReadonlySet<http2.ServerHttp2Session>;
  /** HTTP/1.1 and undecided sockets too. */
  readonly sockets: ReadonlySet<Socket>;
}

type StreamListener = (
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
) => void;

/**
 * HTTP/1.1 and HTTP/2 without TLS on one port: the first bytes of a connection tell which it is. The HTTP/1.1 server
 * itself listens, because behind a bare `net.Server` its header and request timeouts never fire.
 *
 * @param takeStream asked of each stream of HTTP/2 first; one that it takes never reaches the listener
 */
export function createOnePort(
  options: OnePortOptions,
  listener: RequestListener,
  onSession: (session: http2.ServerHttp2Session) => void,
  takeStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => boolean,
): OnePort {
  const server = http.createServer(options.http1, listener);
  const h2 = http2.createServer(options.http2, listener);
  const sessions = new Set<http2.ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const plainListeners = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");

  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    sniff(socket, options.prefaceTimeoutMs, (isHttp2) => {
      if (isHttp2) h2.emit("connection", socket);
      else for (const plain of plainListeners) plain.call(server, socket);
    });
  });
  server.on("clientError", answerClientError);
  // Without a listener Node leaves such a connection open, unanswered.
  server.on("connect", (_request, socket: Duplex) => refuse(socket, "405 Method Not Allowed"));
  const streamListeners = h2.listeners("stream") as StreamListener[];
  h2.removeAllListeners("stream");
  const onStream: StreamListener = (stream, headers, flags, rawHeaders) => {
    // Nobody else listens to a stream that was taken.
    if (takeStream(stream, headers)) stream.on("error", () => {});
    else for (const listen of streamListeners) listen.call(h2, stream, headers, flags, rawHeaders);
  };
  h2.on("stream", onStream);
  // A peer that breaks the protocol ends its own session and nothing else.
  h2.on("sessionError", () => {});
  h2.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    // RFC 9113 wants SETTINGS right behind the preface. Who holds them back holds a session.
    const timer = setTimeout(() => session.destroy(), options.prefaceTimeoutMs).unref();
    session.once("remoteSettings", () => clearTimeout(timer));
    session.once("close", () => {
      clearTimeout(timer);
      sessions.delete(session);
    });
    onSession(session);
  });
  return { server, sessions, sockets };
}

/** How long a refused peer may take to read why, milliseconds. */
const LAST_WORD_MS = 1_000;

const CLIENT_ERROR_STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** What an HTTP/1.1 peer is told that sent no request that can be read; its connection ends with that. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  refuse(socket, CLIENT_ERROR_STATUS[error.code ?? ""] ?? "400 Bad Request");
}

function refuse(socket: Duplex, status: string): void {
  const timer = setTimeout(() => socket.destroy(), LAST_WORD_MS).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Reads until the bytes differ from the preface or complete it, and puts them back. */
function sniff(socket: Socket, timeoutMs: number, decide: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const onError = (): void => void socket.destroy();
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("readable", onReadable);
    socket.off("error", onError);
    socket.off("close", stop);
    socket.off("end", onError);
  };
  const onReadable = (): void => {
    for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
      seen = Buffer.concat([seen, chunk]);
      const length = Math.min(seen.length, PREFACE.length);
      const matches = seen.subarray(0, length).equals(PREFACE.subarray(0, length));
      if (matches && length < PREFACE.length) continue;
      stop();
      socket.unshift(seen);
      decide(matches);
      return;
    }
  };
  socket.on("readable", onReadable);
  socket.on("error", onError);
  socket.on("end", onError);
  socket.on("close", stop);
}
