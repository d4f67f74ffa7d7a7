import assert from "node:assert/strict";
import { Code, ConnectError, createClient, type Client, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { status } from "@grpc/grpc-js";
import { createTurningShedder, type TurningShedder } from "../../shared/load-shedding.ts";
import { fromWire } from "../../shared/error-wire.ts";
import { ContentService } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { callBytes, createGrpcClient } from "../support/grpc-caller.ts";
import { connectRaw, connectRawHttp2, FLAG, FRAME, frame, grpcHead, uint32 } from "../support/raw-http2.ts";
import { until } from "../support/until.ts";
import { monotonicNow, startBystander, startWireServer, type WireServer } from "../support/wire-server.ts";

const FETCH = "/wayfarer.content.v1.ContentService/FetchContent";
const LIST = "/wayfarer.content.v1.ContentService/ListProviders";
const STREAM = "/wayfarer.content.v1.ContentService/StreamContent";
const EMPTY = Buffer.alloc(5);
/** Of which no peer here sends more than the head. */
const LARGE_BYTES = 1_000_000;

describe("R13: a server that has as many calls as it can work on", () => {
  let server: WireServer;
  let shedder: TurningShedder & { readonly releasedCount: () => number; readonly close: () => void };
  let letGo = Promise.withResolvers<void>();
  let startedCount = 0;
  let client: Client<typeof ContentService>;

  function createCountedShedder(maxConcurrentCount: number): typeof shedder {
    const limit = createTurningShedder({ maxConcurrentCount, maxWaitMs: 25 }, monotonicNow, setImmediate);
    let released = 0;
    return {
      ...limit,
      release: () => {
        released += 1;
        limit.release();
      },
      releasedCount: () => released,
      close: () => {},
    };
  }

  beforeEach(async () => {
    letGo = Promise.withResolvers();
    startedCount = 0;
    shedder = createCountedShedder(2);
    server = await startWireServer(
      {
        fetchContent: async () => {
          startedCount += 1;
          await letGo.promise;
          return {};
        },
        streamContent: async function* () {
          startedCount += 1;
          yield {};
          await letGo.promise;
        },
      },
      {
        shedder,
        extraRoutes: ({ url }, response) => {
          if (url !== "/metrics") return false;
          response.end("up 1\n");
          return true;
        },
      },
    );
    client = createClient(ContentService, createGrpcTransport({ baseUrl: `http://${server.address}` }));
  });
  afterEach(async () => {
    letGo.resolve();
    await until(() => shedder.activeCount() === 0);
    assert.deepEqual(server.defects, []);
    await server.drain(0);
  });

  /** Takes both places. */
  async function fill(): Promise<{ readonly ended: Promise<unknown> }> {
    const ended = Promise.all([client.fetchContent({}), client.fetchContent({})]);
    await until(() => startedCount === 2);
    return { ended };
  }
  const endOf = async (call: Promise<unknown>): Promise<unknown> => {
    try {
      await call;
      return undefined;
    } catch (error) {
      return error;
    }
  };

  const baseUrl = (): string => `http://${server.address}`;
  const TRANSPORTS: Readonly<Record<string, () => Transport>> = {
    gRPC: () => createGrpcTransport({ baseUrl: baseUrl() }),
    "gRPC-web over HTTP/1.1": () => createGrpcWebTransport({ baseUrl: baseUrl(), httpVersion: "1.1" }),
    "gRPC-web over HTTP/2": () => createGrpcWebTransport({ baseUrl: baseUrl(), httpVersion: "2" }),
    "Connect JSON over HTTP/1.1": () =>
      createConnectTransport({ baseUrl: baseUrl(), httpVersion: "1.1", useBinaryFormat: false }),
    "Connect binary over HTTP/2": () => createConnectTransport({ baseUrl: baseUrl(), httpVersion: "2" }),
    "Connect GET": () => createConnectTransport({ baseUrl: baseUrl(), httpVersion: "1.1", useHttpGet: true }),
  };
  for (const [protocol, createTransport] of Object.entries(TRANSPORTS)) {
    it(`refuses further calls over ${protocol}, and says when to come back`, async () => {
      const { ended } = await fill();
      const other = createClient(ContentService, createTransport());
      const unary = await endOf(other.listProviders({}));
      const streaming = await endOf(Array.fromAsync(other.streamContent({})));
      for (const error of [unary, streaming]) {
        assert.ok(error instanceof ConnectError, String(error));
        assert.equal(error.code, Code.ResourceExhausted);
        const { reason, retryDelayMs } = fromWire(error);
        assert.equal(reason, "OVERLOADED");
        assert.ok((retryDelayMs ?? 0) > 0);
      }
      assert.equal(startedCount, 2);
      assert.deepEqual([shedder.activeCount(), shedder.releasedCount()], [2, 0]);
      letGo.resolve();
      await ended;
      assert.deepEqual(await other.listProviders({}), await client.listProviders({}));
    });
  }

  it("tells a client that is not ours the same, with a trace id", async () => {
    await fill();
    const foreign = createGrpcClient(server.address);
    const ending = await callBytes(foreign, FETCH, { bytes: Buffer.alloc(0), timeoutMs: 5_000 });
    foreign.close();
    assert.equal(ending.code, status.RESOURCE_EXHAUSTED);
    assert.equal(ending.reason, "OVERLOADED");
    assert.ok((ending.retryDelaySeconds ?? 0) > 0);
    assert.match(ending.metadata["trace_id"] ?? "", /^[0-9a-f]{32}$/);
  });

  it("answers over HTTP/2 before the body has come", async () => {
    await fill();
    const peer = await connectRawHttp2(server.address);
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead(FETCH, server.address)));
    const answer = await peer.frame(({ type, streamId }) => type === FRAME.headers && streamId === 1);
    assert.equal(answer.flags & FLAG.endStream, FLAG.endStream);
    // The peer is told to send no body any more, so that no stream stays half open.
    const reset = await peer.frame(({ type, streamId }) => type === FRAME.rstStream && streamId === 1);
    assert.equal(reset.payload.readUInt32BE(0), 0);
    peer.close();
  });

  it("answers over HTTP/1.1 before the body has come", async () => {
    await fill();
    const peer = await connectRaw(server.address);
    peer.send(
      `POST ${FETCH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${LARGE_BYTES}\r\n\r\n`,
    );
    await until(() => peer.text().includes("resource_exhausted"));
    assert.match(peer.text(), /^HTTP\/1\.1 429 /);
    peer.close();
  });

  it("answers health, reflection and metrics as ever", async () => {
    await fill();
    const bystander = await startBystander(server.address);
    await bystander.assertUnharmed();
    bystander.close();
    const plain = createGrpcClient(server.address);
    const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    const { code } = await callBytes(plain, reflection, { bytes: Buffer.alloc(0), timeoutMs: 5_000 });
    plain.close();
    assert.equal(code, status.OK);
    const metrics = await fetch(`http://${server.address}/metrics`);
    assert.equal(await metrics.text(), "up 1\n");
    assert.equal(shedder.refusedCount(), 0);
  });

  it("gives a place back once per call, however the call ended", async () => {
    const ended = async (count: number): Promise<void> => {
      await until(() => shedder.activeCount() === 0);
      assert.equal(shedder.releasedCount(), count);
    };
    // Answered.
    await client.listProviders({});
    await ended(1);
    // Refused by the handler's own words: what cannot be read, and what no handler can be asked for.
    await endOf(fetch(`http://${server.address}${FETCH}`, { method: "POST", body: "{" }));
    await ended(2);
    // A Host that is no host.
    const bad = await connectRaw(server.address);
    bad.send(
      `POST ${FETCH} HTTP/1.1\r\nHost: [bad\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n`,
    );
    await until(() => bad.text().includes("HTTP/1.1 400"));
    bad.close();
    await ended(3);
    // Cancelled while the handler works on, unary and within a stream.
    for (const call of [
      (signal: AbortSignal) => client.fetchContent({}, { signal }),
      (signal: AbortSignal) => Array.fromAsync(client.streamContent({}, { signal })),
    ]) {
      const before = startedCount;
      const leaving = new AbortController();
      const left = endOf(call(leaving.signal));
      await until(() => startedCount > before);
      leaving.abort();
      await left;
    }
    await ended(5);
    // Out of time.
    await endOf(client.fetchContent({}, { timeoutMs: 150 }));
    await ended(6);
  });

  it("starts a call in its turn when it is late, unless its peer has left before", async () => {
    shedder.look(26, 100);
    const peer = await connectRawHttp2(server.address);
    peer.send(
      frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead(FETCH, server.address)),
      frame(FRAME.data, FLAG.endStream, 1, EMPTY),
      frame(FRAME.headers, FLAG.endHeaders, 3, grpcHead(FETCH, server.address)),
      frame(FRAME.data, FLAG.endStream, 3, EMPTY),
    );
    await until(() => startedCount === 2);
    letGo.resolve();
    await until(() => shedder.releasedCount() === 2);
    peer.send(
      frame(FRAME.headers, FLAG.endHeaders, 5, grpcHead(FETCH, server.address)),
      frame(FRAME.data, FLAG.endStream, 5, EMPTY),
      frame(FRAME.headers, FLAG.endHeaders, 7, grpcHead(FETCH, server.address)),
      frame(FRAME.data, FLAG.endStream, 7, EMPTY),
      frame(FRAME.rstStream, 0, 7, uint32(8)),
    );
    await until(() => shedder.releasedCount() === 4);
    assert.equal(startedCount, 3);
    peer.close();
  });

  it("gives the places of a peer back that dies, over both protocols", async () => {
    const http2 = await connectRawHttp2(server.address);
    http2.send(
      frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead(FETCH, server.address)),
      frame(FRAME.data, FLAG.endStream, 1, EMPTY),
      frame(FRAME.headers, FLAG.endHeaders, 3, grpcHead(FETCH, server.address)),
    );
    await until(() => shedder.activeCount() === 2);
    http2.socket.resetAndDestroy();
    await until(() => shedder.activeCount() === 0);
    const http1 = await connectRaw(server.address);
    http1.send(
      `POST ${FETCH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    );
    await until(() => shedder.activeCount() === 1);
    http1.socket.resetAndDestroy();
    await until(() => shedder.activeCount() === 0);
    assert.equal(shedder.releasedCount(), 3);
  });

  it("loses no place to calls that are reset as they come", async () => {
    const peer = await connectRawHttp2(server.address);
    const heads = [FETCH, LIST, STREAM].map((path) => grpcHead(path, server.address));
    for (let streamId = 1; streamId < 200; streamId += 2) {
      const head = heads[((streamId - 1) / 2) % heads.length];
      assert.ok(head);
      peer.send(
        frame(FRAME.headers, FLAG.endHeaders, streamId, head),
        frame(FRAME.rstStream, 0, streamId, uint32(8)),
      );
    }
    peer.send(frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
    await peer.frame(({ type, flags }) => type === FRAME.ping && flags === FLAG.ack);
    await until(() => shedder.activeCount() === 0);
    const { ended } = await fill();
    letGo.resolve();
    await ended;
    peer.close();
  });
});

describe("a call that has waited for its turn", () => {
  const TRANSPORTS: Readonly<Record<string, (baseUrl: string) => Transport>> = {
    gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
    Connect: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  };
  for (const [protocol, createTransport] of Object.entries(TRANSPORTS)) {
    it(`has the rest of its deadline over ${protocol}`, async () => {
      let nowMs = 0;
      let leftMs: number | undefined;
      const { promise: admitted, resolve: admit } = Promise.withResolvers<() => boolean>();
      const server = await startWireServer(
        {
          fetchContent: (_request, context) => {
            leftMs = context.timeoutMs();
            return {};
          },
        },
        {
          now: () => nowMs,
          shedder: {
            admit: (start) => {
              admit(start);
              return undefined;
            },
            refuse: () => undefined,
            release: () => {},
            activeCount: () => 0,
            limit: () => 1,
            refusedCount: () => 0,
            close: () => {},
          },
        },
      );
      const client = createClient(ContentService, createTransport(`http://${server.address}`));
      const call = client.fetchContent({}, { timeoutMs: 60_000 });
      const start = await admitted;
      nowMs += 20_000;
      assert.equal(start(), true);
      await call;
      assert.ok(leftMs !== undefined && leftMs > 30_000 && leftMs <= 40_000, String(leftMs));
      await server.drain(0);
    });
  }
});
