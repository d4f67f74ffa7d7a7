import assert from "node:assert/strict";
import { connectRaw, type RawPeer } from "../support/raw-http2.ts";
import { startBystander, startWireServer, type Bystander, type WireServer } from "../support/wire-server.ts";

const LIST = "/wayfarer.content.v1.ContentService/ListProviders";
const FETCH = "/wayfarer.content.v1.ContentService/FetchContent";
const JSON_TYPE = "Content-Type: application/json\r\n";

describe("R15: hostile HTTP/1.1", () => {
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

  /** What the server answers to bytes, until it ends the connection. */
  const exchange = async (bytes: string): Promise<string> => {
    const peer = await connectRaw(server.address);
    peers.push(peer);
    peer.send(bytes);
    await peer.ended;
    return peer.text();
  };
  const statusOf = async (bytes: string): Promise<string> =>
    /^HTTP\/1\.1 (\d{3}) /.exec(await exchange(bytes))?.[1] ?? "none";
  const post = (path: string, head: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\n${head}Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

  it("answers a peer that speaks properly", async () => {
    assert.equal(await statusOf(post(LIST, `Host: a\r\n${JSON_TYPE}`, "{}")), "200");
  });

  for (const [what, host] of Object.entries({
    missing: "",
    empty: "Host: \r\n",
    "no host": "Host: [bad\r\n",
    "two words": "Host: a b\r\n",
    "a port too many": "Host: a:1:2\r\n",
    "a port too large": "Host: a:99999\r\n",
  })) {
    it(`answers 400 to a Host that is ${what}`, async () => {
      assert.equal(await statusOf(post(LIST, host + JSON_TYPE, "{}")), "400");
    });
  }

  it("answers a peer that says nothing that HTTP knows", async () => {
    for (const bytes of ["\0\0\0\0", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01"])
      assert.equal(await statusOf(bytes + "\r\n\r\n"), "400", JSON.stringify(bytes));
  });

  it("refuses a head above 64 KiB, whether in one field, in 10,000 fields or in the URL of a GET", async () => {
    assert.equal(await statusOf(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(70_000)}\r\n\r\n`), "431");
    const many = Array.from({ length: 10_000 }, (_, index) => `X-${index}: 1\r\n`).join("");
    assert.equal(await statusOf(`GET / HTTP/1.1\r\nHost: a\r\n${many}\r\n`), "431");
    const url = `${LIST}?encoding=json&message=${"%7B".repeat(30_000)}`;
    assert.equal(await statusOf(`GET ${url} HTTP/1.1\r\nHost: a\r\n\r\n`), "431");
  });

  it("refuses bodies whose length is told in two ways", async () => {
    const head = `POST ${LIST} HTTP/1.1\r\nHost: a\r\n${JSON_TYPE}`;
    for (const lengths of [
      "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
      "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
      "Content-Length: -2\r\n\r\n{}",
      "Content-Length: 2e0\r\n\r\n{}",
      "Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    ])
      assert.equal(await statusOf(head + lengths), "400", JSON.stringify(lengths));
  });

  it("refuses chunk extensions without end", async () => {
    const bytes = `POST ${LIST} HTTP/1.1\r\nHost: a\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n2;${"x".repeat(20_000)}`;
    assert.equal(await statusOf(bytes), "413");
  });

  it("does not tunnel, and does not upgrade", async () => {
    const connect = "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n";
    assert.equal(await statusOf(connect), "405");
    const upgrade =
      "Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    const get = `GET ${LIST}?encoding=json&message=%7B%7D HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`;
    assert.equal(await statusOf(get), "200", "served as what it is, HTTP/1.1");
  });

  it("answers 404 to paths that are none of ours, in every form of a request target", async () => {
    for (const target of [
      "/",
      "/..",
      "//[bad",
      "*",
      "http://a/x",
      `${LIST}/`,
      "/%00",
      "/wayfarer.content.v1.ContentService",
    ])
      assert.equal(
        await statusOf(`OPTIONS ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
        "404",
        target,
      );
  });

  it("does not call what has effects by GET, nor anything by other methods", async () => {
    for (const [method, path] of [
      ["GET", FETCH],
      ["HEAD", LIST],
      ["PUT", LIST],
      ["DELETE", LIST],
      ["PATCH", FETCH],
      ["TRACE", LIST],
    ] as const) {
      const bytes = `${method} ${path}?encoding=json&message=%7B%7D HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
      assert.equal(await statusOf(bytes), "405", method);
    }
  });

  it("refuses a content type that no protocol of ours has", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/grpcx",
      "multipart/form-data",
    ])
      assert.equal(await statusOf(post(LIST, `Host: a\r\nContent-Type: ${type}\r\n`, "{}")), "415", type);
  });

  it("answers a request that expects what nobody knows", async () => {
    assert.equal(await statusOf(post(LIST, `Host: a\r\nExpect: miracles\r\n${JSON_TYPE}`, "{}")), "417");
  });

  it("survives a peer that hangs up in the head, in the body and before the answer", async () => {
    for (const bytes of [
      `POST ${LIST} HTT`,
      `POST ${LIST} HTTP/1.1\r\nHost: a\r\n${JSON_TYPE}Content-Length: 10\r\n\r\n{`,
      post(LIST, `Host: a\r\n${JSON_TYPE}`, "{}"),
    ]) {
      const peer = await connectRaw(server.address);
      peer.send(bytes);
      peer.socket.resetAndDestroy();
      await peer.ended;
    }
  });

  it("answers pipelined requests in their order", async () => {
    const request = `POST ${LIST} HTTP/1.1\r\nHost: a\r\n${JSON_TYPE}Content-Length: 2\r\n\r\n{}`;
    const answer = await exchange(request.repeat(5) + post(LIST, `Host: a\r\n${JSON_TYPE}`, "{}"));
    assert.equal(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 6);
  });
});
