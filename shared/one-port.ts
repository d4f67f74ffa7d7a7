import http from "node:http";
import http2 from "node:http2";
import type { Socket } from "node:net";

/** What a client sends first when it speaks HTTP/2 without having asked (RFC 9113, section 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export interface OnePortOptions {
  /** From connecting to the first bytes that tell the protocol, milliseconds. */
  readonly prefaceTimeoutMs: number;
  readonly http1: http.ServerOptions;
  readonly http2: http2.ServerOptions;
}

export type RequestListener = (
  request: http.IncomingMessage | http2.Http2ServerRequest,
  response: http.ServerResponse | http2.Http2ServerResponse,
) => void;

export interface OnePort {
  /** Listens; also where HTTP/1.1's own timeouts run. */
  readonly server: http.Server;
  readonly sessions: ReadonlySet<http2.ServerHttp2Session>;
  /** HTTP/1.1 and undecided sockets too. */
  readonly sockets: ReadonlySet<Socket>;
}

/**
 * HTTP/1.1 and HTTP/2 without TLS on one port: the first bytes of a connection tell which it is. The HTTP/1.1 server
 * itself listens, because behind a bare `net.Server` its header and request timeouts never fire.
 */
export function createOnePort(
  options: OnePortOptions,
  listener: RequestListener,
  onSession: (session: http2.ServerHttp2Session) => void,
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
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  // A peer that breaks the protocol ends its own session and nothing else.
  h2.on("sessionError", () => {});
  h2.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
    onSession(session);
  });
  return { server, sessions, sockets };
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
