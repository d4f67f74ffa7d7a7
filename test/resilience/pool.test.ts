import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createPool, type Pool } from "../../services/content-fetcher/http/pool.ts";
import type { Resolve } from "../../services/content-fetcher/http/dns-cache.ts";
import { createClock, type Clock } from "../../services/content-fetcher/resilience/clock.ts";
import { callScope } from "../support/call-scope.ts";
import { createManualClock } from "../support/manual-clock.ts";

const clock = createClock(() => performance.now());
const LOOPBACK = [1, 2, 3, 4].map((last) => ({ address: `127.0.0.${last}`, family: 4 as const }));
const resolveLoopback: Resolve = () => Promise.resolve(LOOPBACK.slice(0, 1));

interface WatchedServer {
  readonly port: number;
  /** Most sockets in use for a host name at the same time. */
  readonly peaks: Map<string, number>;
  readonly localAddresses: Set<string>;
  readonly openCount: () => number;
  readonly requestCount: () => number;
  readonly close: () => Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function startWatchedServer(answer: Handler): Promise<WatchedServer> {
  const sockets = new Map<Socket, string | undefined>();
  const peaks = new Map<string, number>();
  const localAddresses = new Set<string>();
  let requestCount = 0;
  const server: Server = createServer((request, response) => {
    requestCount += 1;
    const host = request.headers.host?.split(":")[0] ?? "";
    sockets.set(request.socket, host);
    const count = [...sockets.values()].filter((other) => other === host).length;
    peaks.set(host, Math.max(count, peaks.get(host) ?? 0));
    answer(request, response);
  });
  server.on("connection", (socket) => {
    sockets.set(socket, undefined);
    localAddresses.add(socket.localAddress ?? "");
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    peaks,
    localAddresses,
    openCount: () => sockets.size,
    requestCount: () => requestCount,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

const get = (pool: Pool, origin: string, signal = new AbortController().signal): Promise<number> =>
  pool.withSocket(origin, callScope({ signal }), async (dispatcher) => {
    const { statusCode, body } = await dispatcher.request({ origin, path: "/", method: "GET", signal });
    await body.dump();
    return statusCode;
  });

/** Most client sockets of this process at the same time, from asking for the connection to the closed descriptor. */
function watchClientSockets(): { readonly peak: () => number; readonly close: () => void } {
  const open = new Set<Socket>();
  let peak = 0;
  const onSocket = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    open.add(socket);
    peak = Math.max(peak, open.size);
    socket.once("close", () => open.delete(socket));
  };
  subscribe("net.client.socket", onSocket);
  return { peak: () => peak, close: () => void unsubscribe("net.client.socket", onSocket) };
}

describe("pool", () => {
  let watch: ReturnType<typeof watchClientSockets>;
  beforeEach(() => {
    watch = watchClientSockets();
  });
  let pool: Pool | undefined;
  let server: WatchedServer | undefined;
  afterEach(async () => {
    watch.close();
    await pool?.close();
    await server?.close();
    pool = undefined;
    server = undefined;
  });

  const start = async (
    names: readonly string[],
    resolve: Resolve,
    answer: Handler,
    time: Clock = clock,
  ): Promise<{ origins: string[]; pool: Pool; server: WatchedServer }> => {
    server = await startWatchedServer(answer);
    const { port } = server;
    const origins = names.map((name) => `http://${name}:${port}`);
    pool = createPool({ clock: time, trustedOrigins: new Set(origins), resolve });
    return { origins, pool, server };
  };
  const answerLater: Handler = (_request, response) => void setTimeout(() => response.end("{}"), 10);

  it("answers 40 calls to each of 8 hosts over at most 100 sockets, at most 30 per host", async () => {
    const names = Array.from({ length: 8 }, (_, index) => `h${index}.test`);
    const { origins, pool, server } = await start(names, resolveLoopback, answerLater);
    const statuses = await Promise.all(
      origins.flatMap((origin) => Array.from({ length: 40 }, () => get(pool, origin))),
    );
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.equal(server.requestCount(), 320);
    assert.equal(watch.peak(), 100);
    for (const [host, count] of server.peaks) assert.ok(count <= 30, `${count} to ${host}`);
    assert.deepEqual([...server.peaks.keys()].sort(), names);
    assert.deepEqual({ ...pool.counts().sockets, open: 0 }, { open: 0, busy: 0, queued: 0 });
  });

  it("opens at most 30 sockets to a name with 4 addresses, uses all of them, and looks it up once", async () => {
    let lookupCount = 0;
    const { origins, pool, server } = await start(
      ["many.test"],
      () => {
        lookupCount += 1;
        return Promise.resolve(LOOPBACK);
      },
      answerLater,
    );
    await Promise.all(Array.from({ length: 120 }, () => get(pool, origins[0] ?? "")));
    assert.equal(watch.peak(), 30);
    assert.deepEqual([...server.localAddresses].sort(), LOOPBACK.map(({ address }) => address).sort());
    assert.equal(lookupCount, 1);
    assert.equal(pool.counts().lookups.miss, 30);
  });

  it("counts the ports of one host together", async () => {
    const { origins } = await start(["one.test"], resolveLoopback, answerLater);
    const other = await startWatchedServer(answerLater);
    const second = `http://one.test:${other.port}`;
    const trusting = createPool({
      clock,
      trustedOrigins: new Set([...origins, second]),
      resolve: resolveLoopback,
    });
    await Promise.all(
      [...origins, second].flatMap((o) => Array.from({ length: 40 }, () => get(trusting, o))),
    );
    await trusting.close();
    await other.close();
    assert.equal(watch.peak(), 30);
  });

  it("loses no call to a server that closes each socket after its answer", async () => {
    const { origins, pool, server } = await start(["short.test"], resolveLoopback, (request, response) => {
      // No `Connection: close`: the client believes that it may use the socket again.
      response.end("{}", () => request.socket.end());
    });
    for (let call = 0; call < 50; call += 1) assert.equal(await get(pool, origins[0] ?? ""), 200);
    assert.equal(server.requestCount(), 50);
  });

  it("frees its place and closes the socket when the caller leaves", async () => {
    const { origins, pool, server } = await start(["hang.test"], resolveLoopback, () => {});
    const abort = new AbortController();
    const calls = Array.from({ length: 31 }, () => get(pool, origins[0] ?? "", abort.signal));
    while (server.requestCount() < 30) await delay(1);
    assert.deepEqual(pool.counts().sockets, { open: 30, busy: 30, queued: 1 });
    abort.abort(new Error("gone"));
    for (const call of calls) await assert.rejects(call, /gone/);
    while (server.openCount() > 0) await delay(1);
    assert.deepEqual(pool.counts().sockets, { open: 0, busy: 0, queued: 0 });
  });

  it("refuses with OVERLOADED an attempt that waits too long for a socket", async () => {
    const time = createManualClock();
    const { origins, pool } = await start(["hang.test"], resolveLoopback, () => {}, time);
    const abort = new AbortController();
    const calls = Array.from({ length: 30 }, () => get(pool, origins[0] ?? "", abort.signal));
    const late = assert.rejects(get(pool, origins[0] ?? ""), { reason: "OVERLOADED", retryDelayMs: 2000 });
    await time.advance(1999);
    assert.equal(pool.counts().sockets.queued, 1);
    await time.advance(1);
    await late;
    abort.abort(new Error("gone"));
    await Promise.allSettled(calls);
  });

  describe("private addresses", () => {
    const PRIVATE = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"];
    for (const address of PRIVATE) {
      it(`refuses a name that resolves to ${address}`, async () => {
        const { pool, server } = await start(
          [],
          () => {
            return Promise.resolve([{ address, family: address.includes(":") ? 6 : 4 }]);
          },
          answerLater,
        );
        await assert.rejects(get(pool, `http://public.test:${server.port}`), {
          reason: "PROVIDER_UNAVAILABLE",
          message: /private address/,
        });
        assert.equal(server.openCount(), 0);
      });
    }

    for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]) {
      it(`refuses the literal ${host}`, async () => {
        const { pool, server } = await start([], resolveLoopback, answerLater);
        const origin = new URL(`http://${host}:${server.port}`).origin;
        await assert.rejects(get(pool, origin), {
          reason: "PROVIDER_UNAVAILABLE",
          message: /private address/,
        });
        assert.equal(server.openCount(), 0);
      });
    }

    it("allows them at an origin that was configured, and only there", async () => {
      const { origins, pool, server } = await start(["127.0.0.1"], resolveLoopback, answerLater);
      assert.equal(await get(pool, origins[0] ?? ""), 200);
      await assert.rejects(get(pool, `http://127.0.0.2:${server.port}`), { reason: "PROVIDER_UNAVAILABLE" });
    });
  });
});
