import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { callBytes, createGrpcClient } from "../support/grpc-caller.ts";
import { connectRaw, connectRawHttp2, FLAG, FRAME, frame, grpcHead } from "../support/raw-http2.ts";
import { until } from "../support/until.ts";
import { startBystander, startWireServer } from "../support/wire-server.ts";

const SERVICE = "/wayfarer.content.v1.ContentService";
const EMPTY = Buffer.alloc(5);

/** A server with one method that answers when it is told to. */
async function startSlowServer(drainDelayMs = 0) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let running = 0;
  const server = await startWireServer(
    {
      fetchContent: async (_request, { signal }) => {
        running += 1;
        const aborted = new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve(), { once: true }),
        );
        await Promise.race([released, aborted]);
        signal.throwIfAborted();
        return {};
      },
    },
    { drainDelayMs },
  );
  return { server, release, running: () => running };
}

describe("a drain", () => {
  it("refuses what comes in by connections that were there before, and lets the others finish", async () => {
    const { server, release, running } = await startSlowServer();
    const client = createGrpcClient(server.address);
    const inFlight = callBytes(client, `${SERVICE}/FetchContent`, { bytes: Buffer.alloc(0) });
    const [early, undecided] = [await connectRaw(server.address), await connectRaw(server.address)];
    await until(() => running() === 1);
    const drained = server.drain(10_000);

    const body = "{}";
    early.send(
      `POST ${SERVICE}/ListProviders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    await early.ended;
    assert.match(early.text(), /^HTTP\/1\.1 503 /);
    assert.match(early.text(), /"reason":"SHUTTING_DOWN"/);
    assert.match(early.text(), /\r\nConnection: close\r\n/);

    // The first word of HTTP/2 comes after the end has begun: the session is told to go, and no call is lost in it.
    undecided.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame(FRAME.settings, 0, 0));
    await undecided.frame(({ type }) => type === FRAME.goaway);

    const late = createGrpcClient(server.address);
    const refused = await callBytes(late, `${SERVICE}/ListProviders`, {
      bytes: Buffer.alloc(0),
      timeoutMs: 1_000,
    });
    assert.equal(refused.code, status.UNAVAILABLE);

    release();
    assert.equal((await inFlight).code, status.OK);
    await drained;
    client.close();
    late.close();
  });

  it("goes on serving during the delay that balancers get", async () => {
    const { server } = await startSlowServer(200);
    const watcher = await startBystander(server.address);
    const drained = server.drain(1_000);
    await until(() => watcher.seen.length === 2);
    const client = createGrpcClient(server.address);
    const call = await callBytes(client, `${SERVICE}/ListProviders`, {
      bytes: Buffer.alloc(0),
      timeoutMs: 1_000,
    });
    assert.equal(call.code, status.OK, "a new connection and a new call");
    await drained;
    client.close();
    watcher.close();
  });

  it("tells what outlasts the grace time that the server shuts down, on both protocols", async () => {
    const { server, running } = await startSlowServer();
    const client = createGrpcClient(server.address);
    const grpc = callBytes(client, `${SERVICE}/FetchContent`, { bytes: Buffer.alloc(0) });
    const json = fetch(`http://${server.address}${SERVICE}/FetchContent`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    await until(() => running() === 2);
    await server.drain(20);
    assert.deepEqual([(await grpc).code, (await grpc).reason], [status.UNAVAILABLE, "SHUTTING_DOWN"]);
    assert.equal((await json).status, 503);
    assert.match(await (await json).text(), /SHUTTING_DOWN/);
    assert.deepEqual(server.defects, []);
    client.close();
  });

  it("does not wait for peers that send nothing, nor for calls that nobody reads", async () => {
    const { server } = await startSlowServer();
    const silent = await connectRaw(server.address);
    const idle = await connectRawHttp2(server.address);
    const stuck = await connectRawHttp2(server.address);
    stuck.send(frame(FRAME.headers, FLAG.endHeaders, 1, grpcHead(`${SERVICE}/FetchContent`, server.address)));
    const startMs = performance.now();
    await server.drain(100);
    assert.ok(performance.now() - startMs < 3_000);
    await Promise.all([silent.ended, idle.ended, stuck.ended]);
    assert.ok(EMPTY.length === 5);
  });
});
