import assert from "node:assert/strict";
import {
  connectRaw,
  connectRawHttp2,
  FLAG,
  FRAME,
  frame,
  grpcHead,
  hpack,
  PREFACE,
  uint32,
  type RawPeer,
} from "../support/raw-http2.ts";
import { startBystander, startWireServer, type Bystander, type WireServer } from "../support/wire-server.ts";

const LIST = "/wayfarer.content.v1.ContentService/ListProviders";
/** An empty gRPC message. */
const EMPTY = Buffer.alloc(5);

describe("R15: hostile HTTP/2 frames", () => {
  let server: WireServer;
  let bystander: Bystander;
  const peers: RawPeer[] = [];

  before(async () => {
    server = await startWireServer();
    bystander = await startBystander(server.address);
  });
  afterEach(async () => {
    await bystander.assertUnharmed();
    assert.deepEqual(server.defects, [], "what a peer does wrong is no defect of ours");
    for (const peer of peers.splice(0)) peer.close();
  });
  after(async () => {
    bystander.close();
    await server.drain(0);
  });

  const open = async (settings?: Buffer): Promise<RawPeer> => {
    const peer = await connectRawHttp2(server.address, settings);
    peers.push(peer);
    return peer;
  };
  const endsSession = async (peer: RawPeer): Promise<void> => {
    await peer.ended;
    assert.ok(
      peer.frames().some(({ type }) => type === FRAME.goaway),
      "the peer is told before it is cut",
    );
  };
  const isReset = async (peer: RawPeer, streamId: number): Promise<number> => {
    const reset = await peer.frame((found) => found.type === FRAME.rstStream && found.streamId === streamId);
    return reset.payload.readUInt32BE();
  };
  const head = (more: readonly (readonly [string, string])[] = []): Buffer =>
    grpcHead(LIST, server.address, more);

  it("answers a peer that speaks properly", async () => {
    const peer = await open();
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 1, head()), frame(FRAME.data, FLAG.endStream, 1, EMPTY));
    await peer.frame(({ type, streamId }) => type === FRAME.headers && streamId === 1);
  });

  it("takes a preface with a wrong end for HTTP/1.1, and refuses it", async () => {
    const peer = await connectRaw(server.address);
    peers.push(peer);
    peer.send(PREFACE.replace("SM", "XX"), frame(FRAME.settings, 0, 0));
    await peer.ended;
    assert.match(peer.text(), /^HTTP\/1\.1 400 /);
  });

  it("refuses a preface that is followed by no SETTINGS", async () => {
    const peer = await connectRaw(server.address);
    peers.push(peer);
    peer.send(PREFACE, frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
    await endsSession(peer);
  });

  it("refuses random bytes behind the preface", async () => {
    const peer = await open();
    peer.send(Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 197 + 61) % 256)));
    await endsSession(peer);
  });

  it("refuses a frame above its limit", async () => {
    const peer = await open();
    peer.send(frame(FRAME.data, 0, 1, Buffer.alloc(16_385)));
    await endsSession(peer);
  });

  it("refuses DATA on stream 0", async () => {
    const peer = await open();
    peer.send(frame(FRAME.data, 0, 0, EMPTY));
    await endsSession(peer);
  });

  it("refuses DATA on a stream that was never opened", async () => {
    const peer = await open();
    peer.send(frame(FRAME.data, 0, 7, EMPTY));
    await endsSession(peer);
  });

  it("refuses a head that is no HPACK", async () => {
    const peer = await open();
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 1, Buffer.from("ffffffffffffffffffff", "hex")));
    await endsSession(peer);
  });

  it("refuses a head that names a field of a table that it never sent", async () => {
    const peer = await open();
    peer.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.of(0xff, 0x80, 0x01)));
    await endsSession(peer);
  });

  it("refuses a window that overflows, of the connection and of a stream", async () => {
    const connection = await open();
    connection.send(frame(FRAME.windowUpdate, 0, 0, uint32(0x7fffffff)));
    await endsSession(connection);
    const stream = await open();
    stream.send(
      frame(FRAME.headers, FLAG.endHeaders, 1, head()),
      frame(FRAME.windowUpdate, 0, 1, uint32(0x7fffffff)),
    );
    await stream.frame(({ type }) => type === FRAME.rstStream || type === FRAME.goaway);
  });

  it("refuses an increment of a window by nothing", async () => {
    const peer = await open();
    peer.send(frame(FRAME.windowUpdate, 0, 0, uint32(0)));
    await endsSession(peer);
  });

  it("refuses settings of a wrong length, and of a forbidden value", async () => {
    const odd = await open();
    odd.send(frame(FRAME.settings, 0, 0, Buffer.alloc(5)));
    await endsSession(odd);
    const large = await open();
    large.send(frame(FRAME.settings, 0, 0, Buffer.from("0004ffffffff", "hex")));
    await endsSession(large);
  });

  it("refuses a push from a client", async () => {
    const peer = await open();
    peer.send(frame(FRAME.pushPromise, FLAG.endHeaders, 1, Buffer.concat([uint32(2), head()])));
    await endsSession(peer);
  });

  it("refuses an even stream", async () => {
    const peer = await open();
    peer.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 2, head()));
    await endsSession(peer);
  });

  it("does not serve a stream below the last", async () => {
    const peer = await open();
    for (const streamId of [5, 3, 7])
      peer.send(
        frame(FRAME.headers, FLAG.endHeaders, streamId, head()),
        frame(FRAME.data, FLAG.endStream, streamId, EMPTY),
      );
    await peer.frame(({ type, streamId }) => type === FRAME.goaway || streamId === 7);
    assert.ok(!peer.frames().some(({ type, streamId }) => type === FRAME.headers && streamId === 3));
  });

  it("refuses CONTINUATION without a head, and other frames within a head", async () => {
    const alone = await open();
    alone.send(frame(FRAME.continuation, FLAG.endHeaders, 1, head()));
    await endsSession(alone);
    const mixed = await open();
    mixed.send(frame(FRAME.headers, 0, 1, head()), frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
    await endsSession(mixed);
  });

  it("ends a flood of CONTINUATION", async () => {
    const peer = await open();
    peer.send(frame(FRAME.headers, 0, 1, head()));
    for (let count = 0; count < 2_000; count += 1)
      peer.send(frame(FRAME.continuation, 0, 1, hpack([[`x-${count}`, "y".repeat(200)]])));
    await peer.ended;
  });

  it("ends floods of PING and SETTINGS whose answers are not read", async () => {
    for (const flood of [frame(FRAME.ping, 0, 0, Buffer.alloc(8)), frame(FRAME.settings, 0, 0)]) {
      const peer = await open();
      peer.socket.pause();
      peer.send(...Array.from({ length: 20_000 }, () => flood));
      peer.socket.resume();
      await peer.frame(({ type, flags }) => type === FRAME.goaway || flags === FLAG.ack);
    }
  });

  it("refuses a head without a path, with two, with capitals and with a connection header", async () => {
    const peer = await open();
    const authority: readonly [string, string] = [":authority", server.address];
    const heads = [
      hpack([[":method", "POST"], [":scheme", "http"], authority]),
      hpack([[":method", "POST"], [":scheme", "http"], [":path", LIST], [":path", LIST], authority]),
      head([["X-Capital", "1"]]),
      head([["connection", "close"]]),
      head([[":late", "1"]]),
    ];
    for (const [index, block] of heads.entries()) {
      const streamId = 2 * index + 1;
      peer.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, streamId, block));
      await isReset(peer, streamId);
    }
  });

  it("refuses 10,000 header fields, and one of 128 KiB", async () => {
    const many = await open();
    const fields = Array.from({ length: 10_000 }, (_, index): [string, string] => [`x-${index}`, "1"]);
    const block = Buffer.concat([head(), hpack(fields)]);
    const parts = Math.ceil(block.length / 16_384);
    for (let part = 0; part < parts; part += 1) {
      const last = part === parts - 1 ? FLAG.endHeaders : 0;
      const type = part === 0 ? FRAME.headers : FRAME.continuation;
      many.send(frame(type, last, 1, block.subarray(part * 16_384, (part + 1) * 16_384)));
    }
    await many.frame(({ type }) => type === FRAME.rstStream || type === FRAME.goaway);
  });

  it("survives a peer that goes in the middle of a frame", async () => {
    const peer = await open();
    peer.send(
      frame(FRAME.headers, FLAG.endHeaders, 1, head()),
      frame(FRAME.data, 0, 1, EMPTY).subarray(0, 7),
    );
    peer.close();
    await peer.ended;
  });

  it("survives RST_STREAM with every code before, in and after a body", async () => {
    const peer = await open();
    for (let code = 0; code < 16; code += 1) {
      const streamId = 2 * code + 1;
      peer.send(frame(FRAME.headers, FLAG.endHeaders, streamId, head()));
      if (code % 3 > 0) peer.send(frame(FRAME.data, code % 3 === 1 ? 0 : FLAG.endStream, streamId, EMPTY));
      peer.send(frame(FRAME.rstStream, 0, streamId, uint32(code)));
    }
    peer.send(
      frame(FRAME.headers, FLAG.endHeaders, 101, head()),
      frame(FRAME.data, FLAG.endStream, 101, EMPTY),
    );
    await peer.frame(({ type, streamId }) => type === FRAME.headers && streamId === 101);
  });

  for (const authority of ["[bad", "a b", "", "exa mple:80:80", "%"]) {
    it(`answers 400 to :authority ${JSON.stringify(authority)}`, async () => {
      const peer = await open();
      peer.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, grpcHead(LIST, authority)));
      const answer = await peer.frame(
        ({ type, streamId }) => streamId === 1 && (type === FRAME.headers || type === FRAME.rstStream),
      );
      // `:status 400` is entry 12 of HPACK's static table.
      if (answer.type === FRAME.headers) assert.equal(answer.payload[0], 0x80 | 12);
    });
  }
});
