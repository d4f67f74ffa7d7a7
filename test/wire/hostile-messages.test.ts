import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { status, type Client, type Metadata } from "@grpc/grpc-js";
import { z } from "zod";
import { toBinary, create } from "@bufbuild/protobuf";
import { GeocodeDestinationRequestSchema } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { callBytes, createGrpcClient, type Ending } from "../support/grpc-caller.ts";
import { connectRawHttp2, FLAG, FRAME, frame, grpcHead } from "../support/raw-http2.ts";
import { startBystander, startWireServer, type Bystander, type WireServer } from "../support/wire-server.ts";

const SERVICE = "/wayfarer.content.v1.ContentService";
const GEOCODE = `${SERVICE}/GeocodeDestination`;
const STREAM = `${SERVICE}/StreamContent`;
const MAX_BYTES = 4 << 20;

const wireErrorSchema = z.object({
  code: z.string(),
  details: z.array(z.object({ type: z.string(), debug: z.unknown() })).default([]),
});
const infoSchema = z.object({
  reason: z.string(),
  domain: z.string(),
  metadata: z.record(z.string(), z.string()),
});

describe("R15: hostile messages", () => {
  let server: WireServer;
  let bystander: Bystander;
  let client: Client;
  let queries: string[] = [];

  before(async () => {
    server = await startWireServer({
      geocodeDestination: ({ query }) => {
        queries.push(query);
        return {};
      },
      streamContent: async function* () {
        queries.push("stream");
        yield {};
      },
    });
    bystander = await startBystander(server.address);
    client = createGrpcClient(server.address);
  });
  afterEach(async () => {
    queries = [];
    await bystander.assertUnharmed();
    assert.deepEqual(server.defects, [], "what a caller does wrong is no defect of ours");
  });
  after(async () => {
    client.close();
    bystander.close();
    await server.drain(0);
  });

  const grpc = (path: string, bytes: Buffer, metadata?: Metadata): Promise<Ending> =>
    callBytes(client, path, { bytes, timeoutMs: 5_000, ...(metadata && { metadata }) });

  interface JsonEnding {
    readonly status: number;
    readonly code: string;
    readonly reason: string | undefined;
    readonly traceId: string | undefined;
  }
  const post = async (
    body: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
    path = GEOCODE,
  ): Promise<JsonEnding> => {
    const response = await fetch(`http://${server.address}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: new Uint8Array(Buffer.from(body)),
    });
    const text = await response.text();
    if (response.status === 200) return { status: 200, code: "ok", reason: undefined, traceId: undefined };
    const { code, details } = wireErrorSchema.parse(JSON.parse(text));
    const info = infoSchema.safeParse(
      details.find(({ type }) => type === "google.rpc.ErrorInfo")?.debug,
    ).data;
    return { status: response.status, code, reason: info?.reason, traceId: info?.metadata["trace_id"] };
  };

  /** A GeocodeDestinationRequest of exactly so many bytes. */
  const requestOf = (bytes: number): Buffer => {
    const overhead = 5; // tag and a length of four bytes
    return Buffer.from(
      toBinary(
        GeocodeDestinationRequestSchema,
        create(GeocodeDestinationRequestSchema, { query: "x".repeat(bytes - overhead) }),
      ),
    );
  };

  it("takes a message of 4 MiB and refuses one byte more as REQUEST_TOO_LARGE, for both kinds of methods", async () => {
    const whole = requestOf(MAX_BYTES);
    assert.equal(whole.length, MAX_BYTES);
    assert.equal((await grpc(GEOCODE, whole)).code, status.OK);
    for (const path of [GEOCODE, STREAM]) {
      const ending = await grpc(path, requestOf(MAX_BYTES + 1));
      assert.equal(ending.code, status.RESOURCE_EXHAUSTED);
      assert.deepEqual([ending.reason, ending.domain], ["REQUEST_TOO_LARGE", "wayfarer"]);
      assert.equal(ending.metadata["max_bytes"], String(MAX_BYTES));
      assert.match(ending.metadata["trace_id"] ?? "", /^[0-9a-f]{32}$/);
    }
    assert.equal(queries.length, 1);
  });

  it("refuses JSON above 4 MiB, with its length told or not", async () => {
    const body = JSON.stringify({ query: "x".repeat(MAX_BYTES) });
    assert.deepEqual(
      [await post(body)].map(({ status, code, reason }) => [status, code, reason]),
      [[429, "resource_exhausted", "REQUEST_TOO_LARGE"]],
    );
    const chunked = await fetch(`http://${server.address}${GEOCODE}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: new Blob([body]).stream(),
      duplex: "half",
    });
    assert.equal(chunked.status, 429);
    assert.equal(queries.length, 0);
  });

  it("refuses a compressed message before it unpacks anything, and says so", async () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20));
    // grpc-js lets nobody set grpc-encoding, so this one is sent by hand.
    const peer = await connectRawHttp2(server.address);
    const head = grpcHead(GEOCODE, server.address, [["grpc-encoding", "gzip"]]);
    const envelope = Buffer.concat([Buffer.of(1), Buffer.alloc(4)]);
    envelope.writeUInt32BE(1024, 1);
    peer.send(
      frame(FRAME.headers, FLAG.endHeaders, 1, head),
      frame(FRAME.data, FLAG.endStream, 1, Buffer.concat([envelope, bomb.subarray(0, 1024)])),
    );
    await peer.frame(({ type, streamId, flags }) => type === FRAME.headers && streamId === 1 && flags > 4);
    peer.close();
    assert.deepEqual(
      await post(bomb, { "content-encoding": "gzip" }).then(({ status, code, reason }) => [
        status,
        code,
        reason,
      ]),
      [501, "unimplemented", "REQUEST_UNSUPPORTED"],
    );
    assert.equal(queries.length, 0);
  });

  for (const [what, hex] of Object.entries({
    "cut off": "0a05416263",
    "an unknown wire type": "0f",
    "a length beyond the end": "0affffffff0f",
    "field number 0": "0000",
    "a varint without end": "08" + "ff".repeat(20),
    "a group that is not closed": "0b",
    "1,000 groups within each other": "0b".repeat(1_000),
    "a string that is no UTF-8": "0a02c328",
    "a string of half a surrogate pair": "0a03eda080",
  })) {
    it(`refuses protobuf that is ${what}, as the caller's fault`, async () => {
      const bytes = Buffer.from(hex, "hex");
      for (const path of [GEOCODE, STREAM]) {
        const ending = await grpc(path, bytes);
        assert.equal(ending.code, status.INVALID_ARGUMENT, ending.message);
        assert.equal(ending.reason, "REQUEST_INVALID");
        assert.deepEqual(ending.fields, [""], "the path of the message itself");
        assert.match(ending.metadata["trace_id"] ?? "", /^[0-9a-f]{32}$/);
      }
      const overConnect = await fetch(`http://${server.address}${GEOCODE}`, {
        method: "POST",
        headers: { "content-type": "application/proto" },
        body: new Uint8Array(bytes),
      });
      assert.equal(overConnect.status, 400);
      assert.equal(queries.length, 0);
    });
  }

  for (const [what, body] of Object.entries<string | Buffer>({
    "no JSON": "{",
    "no object": "[]",
    "a string": '"query"',
    "a wrong type": '{"query":1}',
    "an unknown field": '{"qwery":"Lisbon"}',
    "a field twice": '{"query":"a","query":"b"}',
    "no UTF-8": Buffer.concat([Buffer.from('{"query":"'), Buffer.of(0xc3, 0x28), Buffer.from('"}')]),
    "half a surrogate pair": String.raw`{"query":"\ud800"}`,
    "100,000 brackets": "[".repeat(100_000),
    "a number out of range": '{"maxDestinationCount":1e10}',
  })) {
    it(`refuses JSON that is ${what}`, async () => {
      const { status, code, reason, traceId } = await post(body);
      assert.deepEqual([status, code, reason], [400, "invalid_argument", "REQUEST_INVALID"]);
      assert.match(traceId ?? "", /^[0-9a-f]{32}$/);
      assert.equal(queries.length, 0);
    });
  }

  it("refuses an unknown name of an enum in JSON instead of leaving it out", async () => {
    const body = JSON.stringify({ target: { sectionKind: "SECTION_KIND_WHETHER", provider: "providers/x" } });
    assert.equal((await post(body, {}, `${SERVICE}/FetchContent`)).status, 400);
  });

  it("keeps names such as __proto__ from becoming anything", async () => {
    assert.equal((await post('{"__proto__":{"query":"x"},"query":"y"}')).status, 400);
    assert.equal(Object.hasOwn(Object.prototype, "query"), false);
  });

  it("refuses a second message where a method takes one", async () => {
    const peer = await connectRawHttp2(server.address);
    peer.send(
      frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead(GEOCODE, server.address)),
      frame(FRAME.data, FLAG.endStream, 1, Buffer.alloc(10)),
    );
    await peer.frame(({ type, streamId, flags }) => type === FRAME.headers && streamId === 1 && flags > 4);
    peer.close();
    assert.equal(queries.length, 0);
  });

  it("refuses an envelope that promises 4 GiB", async () => {
    const peer = await connectRawHttp2(server.address);
    peer.send(
      frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead(GEOCODE, server.address)),
      frame(FRAME.data, 0, 1, Buffer.from("00ffffffff", "hex")),
    );
    await peer.frame(({ type, streamId, flags }) => type === FRAME.headers && streamId === 1 && flags > 4);
    peer.close();
  });

  it("answers a call of no method as UNIMPLEMENTED, in the protocol that was spoken", async () => {
    for (const path of [`${SERVICE}/Nothing`, "/no.Service/Method", "/x"]) {
      const ending = await grpc(path, Buffer.alloc(0));
      assert.deepEqual([ending.code, ending.reason], [status.UNIMPLEMENTED, "REQUEST_UNSUPPORTED"], path);
      assert.match(ending.metadata["trace_id"] ?? "", /^[0-9a-f]{32}$/);
      const { status: http, code, reason } = await post("{}", {}, path);
      assert.deepEqual([http, code, reason], [404, "unimplemented", "REQUEST_UNSUPPORTED"]);
    }
  });

  it("answers 415 to gRPC with a content type of its own making, and 405 to a GET with effects", async () => {
    const response = await fetch(`http://${server.address}${GEOCODE}`, {
      method: "POST",
      headers: { "content-type": "application/grpc-but-not-quite" },
      body: "",
    });
    assert.equal(response.status, 415);
    const get = await fetch(`http://${server.address}${GEOCODE}?encoding=json&message=%7B%7D`);
    assert.equal(get.status, 405);
  });
});
