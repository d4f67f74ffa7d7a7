import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Dispatcher } from "undici";
import { z } from "zod";
import { attempt } from "../../services/content-fetcher/http/attempt.ts";
import { giveWay } from "../../services/content-fetcher/http/give-way.ts";
import { createPool, type Pool } from "../../services/content-fetcher/http/pool.ts";
import { almanac } from "../../services/content-fetcher/providers/almanac/almanac.ts";
import { createClock } from "../../services/content-fetcher/resilience/clock.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { openAdapter } from "../adapters/harness.ts";
import { callScope } from "../support/call-scope.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";

const LARGE = "x".repeat(16 << 10);
const SMALL = "x";

describe("work that gives way to requests", () => {
  let server: ProviderServer;
  let pool: Pool;
  /** What happened, in its order; a request by its path, once its head is written. */
  let order: string[];
  const onSent = (message: unknown): void => {
    const { request } = z.object({ request: z.object({ path: z.string() }) }).parse(message);
    order.push(request.path);
  };

  before(async () => {
    server = await startProviderServer(({ url }) => ({
      status: 200,
      body: JSON.stringify({ text: url.pathname === "/large" ? LARGE : SMALL }),
    }));
  });
  beforeEach(async () => {
    order = [];
    pool = createPool({
      clock: createClock(() => performance.now()),
      trustedOrigins: new Set([server.baseUrl]),
    });
    // Two sockets that were used before.
    await Promise.all([ask("/first"), ask("/second")]);
    order = [];
    subscribe("undici:client:sendHeaders", onSent);
  });
  afterEach(async () => {
    unsubscribe("undici:client:sendHeaders", onSent);
    await pool.close();
  });
  after(() => server.close());

  const use = <T>(action: (dispatcher: Dispatcher) => Promise<T>): Promise<T> =>
    pool.withSocket(server.baseUrl, callScope(), action);
  const ask = (path: string): Promise<string> =>
    use(async (dispatcher) => {
      const { body } = await dispatcher.request({ origin: server.baseUrl, path, method: "GET" });
      return await body.text();
    });
  /** @param onAnswer when the body is there and has not been read as JSON */
  const read = (
    path: string,
    onAnswer: () => void,
    signal = new AbortController().signal,
    now: () => number = () => 0,
  ): ReturnType<typeof attempt<string>> =>
    use((dispatcher) =>
      attempt(
        dispatcher,
        { baseUrl: server.baseUrl, userAgent: "test", provider: "test", key: undefined, onAnswer },
        { origin: "TEST_BASE_URL", path },
        z.object({ text: z.string() }).transform(({ text }) => {
          order.push("work");
          return text;
        }),
        signal,
        now,
      ),
    );

  it("begins behind a request that is handed over later in the same turn", async () => {
    const work = giveWay().then(() => order.push("work"));
    const asked = ask("/next");
    await Promise.all([work, asked]);
    assert.deepEqual(order, ["/next", "work"]);
  });

  it("is what the almanac computes", async () => {
    const adapter = openAdapter(almanac, { pool, baseUrl: server.baseUrl });
    const work = adapter.fetch(SectionKind.PRACTICAL).then(() => order.push("work"));
    await Promise.all([work, ask("/next")]);
    adapter.close();
    assert.deepEqual(order, ["/next", "work"]);
  });

  it("reads a large body behind the requests that are handed over as it comes", async () => {
    let asked: Promise<string> | undefined;
    const { body } = await read("/large", () => void (asked = ask("/next")));
    await asked;
    assert.equal(body, LARGE);
    assert.deepEqual(order, ["/large", "/next", "work"]);
  });

  it("reads a small body at once", async () => {
    let asked: Promise<string> | undefined;
    await read("/small", () => void (asked = ask("/next")));
    await asked;
    assert.deepEqual(order, ["/small", "work", "/next"]);
  });

  it("reads an answer that came whole, although its time ends before it is read", async () => {
    const late = new AbortController();
    const { body } = await read("/large", () => late.abort(new Error("its time is over")), late.signal);
    assert.equal(body, LARGE);
  });

  it("dates an answer by when it was there", async () => {
    let nowMs = 1_000;
    const answer = await read(
      "/large",
      () => void (nowMs += 1_000),
      undefined,
      () => nowMs,
    );
    assert.equal(answer.fetchMs, 1_000);
  });
});
