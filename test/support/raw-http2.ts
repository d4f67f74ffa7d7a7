import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A frame as RFC 9113, section 4.1, lays it out. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4 } as const;

export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** Header fields as HPACK literals that no table remembers (RFC 7541, section 6.2.2). */
export const hpack = (fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])));

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** An integer with a prefix of 7 bits (RFC 7541, section 5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

export const uint32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
  return bytes;
};

/** Head of a gRPC call. */
export const grpcHead = (
  path: string,
  authority: string,
  more: readonly (readonly [string, string])[] = [],
): Buffer =>
  hpack([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", authority],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ]);

/** A peer that sends whatever bytes it likes. */
export interface RawPeer {
  readonly socket: Socket;
  readonly send: (...parts: readonly (Buffer | string)[]) => void;
  /** Frames so far, where the server speaks HTTP/2. */
  readonly frames: () => Frame[];
  /** Everything received so far, as latin1. */
  readonly text: () => string;
  /** Resolves with the first frame that fits; rejects when the connection ends without one. */
  readonly frame: (fits: (frame: Frame) => boolean) => Promise<Frame>;
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
  readonly close: () => void;
}

/** Connects to `host:port` of loopback. */
export async function connectRaw(address: string): Promise<RawPeer> {
  const { hostname, port } = new URL(`http://${address}`);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let received = Buffer.alloc(0);
  const waiting = new Set<() => void>();
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (const wake of waiting) wake();
  });
  // A server that cuts the connection is what these tests are about.
  socket.on("error", () => {});
  let isEnded = false;
  const ended = new Promise<void>((resolve) => {
    const onEnd = (): void => {
      isEnded = true;
      resolve();
      for (const wake of waiting) wake();
    };
    socket.once("end", onEnd);
    socket.once("close", onEnd);
  });
  await once(socket, "connect");
  const frames = (): Frame[] => parseFrames(received);
  return {
    socket,
    send: (...parts) => {
      if (socket.writable)
        socket.write(Buffer.concat(parts.map((part) => Buffer.from(part as string, "latin1"))));
    },
    frames,
    text: () => received.toString("latin1"),
    frame: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = frames().find(fits);
          if (found === undefined && !isEnded) return;
          waiting.delete(look);
          if (found !== undefined) resolve(found);
          else reject(new Error("the connection ended without such a frame"));
        };
        waiting.add(look);
        look();
      }),
    ended,
    close: () => socket.destroy(),
  };
}

/** Connects and says what an HTTP/2 client says first. */
export async function connectRawHttp2(address: string, settings: Buffer = Buffer.alloc(0)): Promise<RawPeer> {
  const peer = await connectRaw(address);
  peer.send(PREFACE, frame(FRAME.settings, 0, 0, settings));
  await peer.frame(({ type }) => type === FRAME.settings);
  peer.send(frame(FRAME.settings, FLAG.ack, 0));
  return peer;
}

function parseFrames(bytes: Buffer): Frame[] {
  const found: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = bytes.readUIntBE(at, 3);
    if (at + 9 + length > bytes.length) break;
    found.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      streamId: bytes.readUInt32BE(at + 5) & 0x7fffffff,
      payload: bytes.subarray(at + 9, at + 9 + length),
    });
    at += 9 + length;
  }
  return found;
}
