import assert from "node:assert/strict";
import {
  connectRaw,
  connectRawHttp2,
  FLAG,
  FRAME,
  frame,
  grpcHead,
  PREFACE,
  uint32,
  type RawPeer,
} from "../support/raw-http2.ts";
import { startBystander, startWireServer, type Bystander, type WireServer } from "../support/wire-server.ts";
import { until } from "../support/until.ts";

const LIST = "/wayfarer.content.v1.ContentService/ListProviders";
const STREAM = "/wayfarer.content.v1.ContentService/StreamContent";
const EMPTY = Buffer.alloc(5);

/** Short times, so that nobody waits. */
const LIMITS = {
  headersTimeoutMs: 60,
  requestTimeoutMs: 120,
  stallTimeoutMs: 120,
  maxConnectionAgeMs: 200,
  connectionGraceMs: 100,
};

describe("R15: peers that are slow on purpose", () => {
  let server: WireServer;
  let bystander: Bystander;
  let finished = 0;
  const peers: RawPeer[] = [];

  before(async () => {
    server = await startWireServer(
      {
        listProviders: () => ({ providers: [{ displayName: "x".repeat(1 << 20) }] }),
        streamContent: async function* (_request, { signal }) {
          try {
            while (!signal.aborted) yield { target: { provider: "x".repeat(1 << 16) } };
          } finally {
            finished += 1;
          }
        },
      },
      // The bystander's connection must outlive the tests.
      { limits: { ...LIMITS, maxConnectionAgeMs: 60_000 } },
    );
    bystander = await startBystander(server.address);
  });
  afterEach(async () => {
    await bystander.assertUnharmed();
    assert.deepEqual(server.defects, []);
    for (const peer of peers.splice(0)) peer.close();
  });
  after(async () => {
    bystander.close();
    await server.drain(0);
  });

  const keep = (peer: RawPeer): RawPeer => {
    peers.push(peer);
    return peer;
  };
  /** Sends a byte now and then until the connection has ended. */
  async function drip(peer: RawPeer, bytes: string): Promise<void> {
    const timer = setInterval(() => peer.send(bytes), 15);
    await peer.ended;
    clearInterval(timer);
  }

  it("cuts one that connects and says nothing", async () => {
    await keep(await connectRaw(server.address)).ended;
  });

  it("cuts one that sends half a preface, however slowly", async () => {
    const peer = keep(await connectRaw(server.address));
    peer.send(PREFACE.slice(0, 10));
    await peer.ended;
    const slow = keep(await connectRaw(server.address));
    let sent = 0;
    const timer = setInterval(() => slow.send(PREFACE.slice(sent, ++sent)), 15);
    await slow.ended;
    clearInterval(timer);
    assert.ok(sent < PREFACE.length);
  });

  it("cuts an HTTP/2 peer that holds its SETTINGS back", async () => {
    const peer = keep(await connectRaw(server.address));
    peer.send(PREFACE);
    await peer.ended;
  });

  it("answers 408 to an HTTP/1.1 head that does not come to an end", async () => {
    const peer = keep(await connectRaw(server.address));
    peer.send(`POST ${LIST} HTTP/1.1\r\nHost: a\r\nX-Slow: `);
    await drip(peer, "y");
    assert.match(peer.text(), /^HTTP\/1\.1 408 /);
  });

  it("answers 408 to an HTTP/1.1 body that does not come to an end", async () => {
    const peer = keep(await connectRaw(server.address));
    peer.send(
      `POST ${LIST} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
    );
    await drip(peer, " ");
    assert.match(peer.text(), /^HTTP\/1\.1 408 /);
  });

  it("answers 408 to an HTTP/2 body that does not come, or drips, and goes on with the connection", async () => {
    const peer = keep(await connectRawHttp2(server.address));
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead(STREAM, server.address)));
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 3, grpcHead(LIST, server.address)));
    const timer = setInterval(() => peer.send(frame(FRAME.data, 0, 3, Buffer.of(0))), 40);
    for (const streamId of [1, 3]) {
      await peer.frame((found) => found.type === FRAME.headers && found.streamId === streamId);
      await peer.frame((found) => found.type === FRAME.rstStream && found.streamId === streamId);
    }
    clearInterval(timer);
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 5, grpcHead(LIST, server.address)));
    peer.send(frame(FRAME.data, FLAG.endStream, 5, EMPTY));
    await peer.frame(({ type, streamId }) => type === FRAME.headers && streamId === 5);
  });

  it("lets the stream of a bidirectional method stay open", async () => {
    const peer = keep(await connectRawHttp2(server.address));
    const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead(path, server.address)));
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 3, grpcHead(STREAM, server.address)));
    await peer.frame(({ type, streamId }) => type === FRAME.headers && streamId === 3);
    assert.ok(!peer.frames().some(({ streamId }) => streamId === 1));
    peer.send(frame(FRAME.data, FLAG.endStream, 1));
    await peer.frame(({ type, streamId }) => type === FRAME.headers && streamId === 1);
  });

  it("cuts the stream of a peer that takes none of its answer, and ends the handler", async () => {
    // A window of nothing for every stream.
    const peer = keep(await connectRawHttp2(server.address, Buffer.from("000400000000", "hex")));
    finished = 0;
    for (const [streamId, path] of [
      [1, LIST],
      [3, STREAM],
    ] as const) {
      peer.send(frame(FRAME.headers, FLAG.endHeaders, streamId, grpcHead(path, server.address)));
      peer.send(frame(FRAME.data, FLAG.endStream, streamId, EMPTY));
    }
    for (const id of [1, 3])
      await peer.frame(({ type, streamId }) => type === FRAME.rstStream && streamId === id);
    await until(() => finished === 1);
  });

  it("does not cut one that takes its answer slowly", async () => {
    const peer = keep(await connectRawHttp2(server.address, Buffer.from("000400000000", "hex")));
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead(LIST, server.address)));
    peer.send(frame(FRAME.data, FLAG.endStream, 1, EMPTY));
    const timer = setInterval(
      () =>
        peer.send(
          frame(FRAME.windowUpdate, 0, 0, uint32(80_000)),
          frame(FRAME.windowUpdate, 0, 1, uint32(80_000)),
        ),
      20,
    );
    const isEnd = ({ type, streamId, flags }: { type: number; streamId: number; flags: number }): boolean =>
      streamId === 1 && (type === FRAME.rstStream || (flags & FLAG.endStream) === FLAG.endStream);
    const end = await peer.frame(isEnd);
    clearInterval(timer);
    assert.equal(end.type, FRAME.headers, "trailers, not a reset");
  });

  it("cuts an HTTP/1.1 connection that takes none of its answer", async () => {
    const peer = keep(await connectRaw(server.address));
    peer.socket.pause();
    finished = 0;
    peer.send(
      `POST ${STREAM} HTTP/1.1\r\nHost: a\r\nContent-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n`,
      Buffer.from("00000000027b7d", "hex"),
    );
    await until(() => finished === 1);
    peer.socket.resume();
    await peer.ended;
  });

  describe("with connections that age fast", () => {
    let aging: WireServer;
    before(async () => {
      aging = await startWireServer({}, { limits: LIMITS });
    });
    after(() => aging.drain(0));

    it("ends one that never finishes its HTTP/2 head", async () => {
      const peer = keep(await connectRawHttp2(aging.address));
      peer.send(frame(FRAME.headers, 0, 1, grpcHead(LIST, aging.address).subarray(0, 20)));
      await peer.ended;
      assert.ok(peer.frames().some(({ type }) => type === FRAME.goaway));
    });

    it("tells an idle one to go, and ends streams that outlast the grace time", async () => {
      const idle = keep(await connectRawHttp2(aging.address));
      await idle.ended;
      assert.ok(idle.frames().some(({ type }) => type === FRAME.goaway));
      const watching = keep(await connectRawHttp2(aging.address));
      watching.send(
        frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead("/grpc.health.v1.Health/Watch", aging.address)),
      );
      watching.send(frame(FRAME.data, FLAG.endStream, 1, EMPTY));
      await watching.frame(({ type }) => type === FRAME.data);
      await watching.frame(({ type }) => type === FRAME.goaway);
      await watching.ended;
    });
  });
});
