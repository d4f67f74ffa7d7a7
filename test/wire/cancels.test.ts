import assert from "node:assert/strict";
import { setInterval } from "node:timers/promises";
import { connectRawHttp2, FLAG, FRAME, frame, grpcHead, uint32 } from "../support/raw-http2.ts";
import { startBystander, startWireServer } from "../support/wire-server.ts";

const FETCH = "/wayfarer.content.v1.ContentService/FetchContent";
const LIST = "/wayfarer.content.v1.ContentService/ListProviders";
const EMPTY = Buffer.alloc(5);
const TICK_MS = 10;
const CANCELS_PER_TICK = 20;
const TICK_COUNT = 200;

describe("R14: 2,000 cancels a second", () => {
  it("leave the session and the other callers unharmed, and no handler behind", async function () {
    this.timeout(15_000);
    let running = 0;
    let started = 0;
    const server = await startWireServer({
      fetchContent: async (_request, { signal }) => {
        running += 1;
        started += 1;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        running -= 1;
        signal.throwIfAborted();
        return {};
      },
    });
    const bystander = await startBystander(server.address);
    const peer = await connectRawHttp2(server.address);
    let streamId = 1;
    let tick = 0;
    let previous: number[] = [];
    for await (const _ of setInterval(TICK_MS)) {
      // Those of the last tick have had their time to reach the handler.
      peer.send(...previous.map((id) => frame(FRAME.rstStream, 0, id, uint32(8))));
      if (tick === TICK_COUNT) break;
      tick += 1;
      previous = [];
      for (let count = 0; count < CANCELS_PER_TICK; count += 1) {
        peer.send(
          frame(FRAME.headers, FLAG.endHeaders, streamId, grpcHead(FETCH, server.address)),
          frame(FRAME.data, FLAG.endStream, streamId, EMPTY),
        );
        previous.push(streamId);
        streamId += 2;
      }
    }
    peer.send(
      frame(FRAME.headers, FLAG.endHeaders, streamId, grpcHead(LIST, server.address)),
      frame(FRAME.data, FLAG.endStream, streamId, EMPTY),
    );
    await peer.frame((found) => found.type === FRAME.headers && found.streamId === streamId);
    assert.ok(!peer.frames().some(({ type }) => type === FRAME.goaway));
    await bystander.assertUnharmed();
    assert.ok(started > (TICK_COUNT * CANCELS_PER_TICK) / 2, `${started} handlers ran`);
    for await (const _ of setInterval(5)) if (running === 0) break;
    assert.deepEqual(server.defects, [], "a cancelled call is no defect");
    peer.close();
    bystander.close();
    await server.drain(0);
  });
});
