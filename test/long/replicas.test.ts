import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Interceptor } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import {
  createContentClient,
  type ContentClient,
} from "../../services/guide-composer/fetch/content-client.ts";
import { ContentQuerySchema, Priority } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { ServiceError, type Reason } from "../../shared/errors.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import { freePort, startWireServer, type WireServer } from "../support/wire-server.ts";

/** A content-fetcher's server whose answers the test decides. */
interface Replica {
  readonly address: string;
  /** Attempts that it has seen. */
  attemptCount: number;
  /** Lets the calls go that it holds. */
  readonly release: () => void;
}

const TIMEOUT_MS = 9_000;
const signal = (): AbortSignal => new AbortController().signal;

const shuttingDown = (): never => {
  throw new ServiceError("SHUTTING_DOWN", "The server is shutting down");
};
const overloaded = (): never => {
  throw new ServiceError("OVERLOADED", "The server has more to do than it can", { retryDelayMs: 500 });
};
const broken = (): never => {
  throw new Error("broken");
};

describe("the channel to several replicas of content-fetcher", () => {
  const endings: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });

  async function startReplica(
    behaviour: { readonly gate?: () => void; readonly answer?: () => void; readonly holds?: boolean } = {},
  ): Promise<Replica> {
    const released = Promise.withResolvers<void>();
    const answer = async (): Promise<void> => {
      replica.attemptCount += 1;
      if (behaviour.holds === true) await released.promise;
      behaviour.answer?.();
    };
    const server: WireServer = await startWireServer(
      {
        listProviders: async () => {
          await answer();
          return {};
        },
        streamContent: async function* () {
          await answer();
          yield {};
        },
      },
      {
        requestGate: () => {
          if (behaviour.gate === undefined) return;
          replica.attemptCount += 1;
          behaviour.gate();
        },
      },
    );
    const replica: Replica = { address: server.address, attemptCount: 0, release: released.resolve };
    endings.push(() => {
      released.resolve();
      return server.drain(0);
    });
    return replica;
  }

  /** Connected to all of them that can be connected to. */
  function connect(addresses: readonly string[], interceptors: Interceptor[] = []): ContentClient {
    const client = createContentClient(`ipv4:${addresses.join(",")}`, interceptors, Date.now);
    endings.push(client.close);
    return client;
  }

  /** Reasons of the calls that failed. */
  async function callInTurn(client: ContentClient, callCount: number): Promise<readonly Reason[]> {
    const reasons: Reason[] = [];
    for (let call = 0; call < callCount; call += 1) {
      const reason = await reasonOf(client.listProviders(TIMEOUT_MS, signal()));
      if (reason !== undefined) reasons.push(reason);
    }
    return reasons;
  }

  async function reasonOf(call: Promise<unknown>): Promise<Reason | undefined> {
    try {
      await call;
      return undefined;
    } catch (error) {
      assert.ok(error instanceof ServiceError, String(error));
      return error.reason;
    }
  }

  async function callUntilAllAnswer(client: ContentClient, replicas: readonly Replica[]): Promise<void> {
    while (replicas.some(({ attemptCount }) => attemptCount === 0)) await callInTurn(client, 1);
    for (const replica of replicas) replica.attemptCount = 0;
  }

  async function readStream(client: ContentClient): Promise<number> {
    const query = create(ContentQuerySchema);
    let count = 0;
    for await (const _ of client.stream([], query, Priority.INTERACTIVE, TIMEOUT_MS, signal())) count += 1;
    return count;
  }

  it("loses no call to one that refuses connections", async () => {
    const good = await startReplica();
    const client = connect([`127.0.0.1:${await freePort()}`, good.address]);
    assert.deepEqual(await callInTurn(client, 30), []);
  });

  it("loses no call to one that accepts connections and says nothing", async () => {
    const good = await startReplica();
    const client = connect([await startSilentServer(), good.address]);
    assert.deepEqual(await callInTurn(client, 30), []);
  });

  it("gives a call back in time when all of them accept connections and say nothing", async () => {
    const client = connect([await startSilentServer(), await startSilentServer()]);
    const reasons = await Promise.all([
      reasonOf(client.geocode("Lisbon", "en", TIMEOUT_MS, signal())),
      reasonOf(readStream(client)),
    ]);
    assert.deepEqual(reasons, ["CONTENT_SERVICE_UNAVAILABLE", "CONTENT_SERVICE_UNAVAILABLE"]);
  });

  it("loses no call when the connection breaks that a hundred of them are waiting on", async () => {
    const [doomed, good] = await Promise.all([startReplica({ holds: true }), startReplica({ holds: true })]);
    const proxy = await startTcpProxy(Number(doomed.address.split(":").at(-1)));
    endings.push(() => proxy.close());
    const client = connect([`127.0.0.1:${proxy.port}`, good.address]);
    const messageCounts: number[] = [];
    const failures: unknown[] = [];
    const call = (): void =>
      void readStream(client).then(
        (count) => messageCounts.push(count),
        (error: unknown) => failures.push(error),
      );
    const attempts = (): number => doomed.attemptCount + good.attemptCount;
    let callCount = 0;
    // One after the other, so that both ways are open before most of them are made.
    for (; doomed.attemptCount < 100 || good.attemptCount === 0; callCount += 1) {
      call();
      await until(() => attempts() > callCount || failures.length > 0);
    }
    proxy.cut();
    await until(() => good.attemptCount >= callCount || failures.length > 0);
    good.release();
    await until(() => messageCounts.length + failures.length === callCount);
    assert.deepEqual(failures, []);
    assert.deepEqual(new Set(messageCounts), new Set([1]));
  });

  it("loses no call to one that says that it is shutting down", async () => {
    const [leaving, good] = await Promise.all([startReplica({ gate: shuttingDown }), startReplica()]);
    const client = connect([leaving.address, good.address]);
    await callUntilAllAnswer(client, [leaving, good]);
    assert.deepEqual(await callInTurn(client, 30), []);
    assert.ok(leaving.attemptCount > 0);
  });

  it("loses no call of a hundred at once to one that has more to do than it can", async () => {
    let isBusy = false;
    const [busy, good] = await Promise.all([
      startReplica({ gate: () => (isBusy ? overloaded() : undefined) }),
      startReplica(),
    ]);
    const client = connect([busy.address, good.address]);
    await callUntilAllAnswer(client, [busy, good]);
    isBusy = true;
    const calls = Array.from({ length: 100 }, (_, index) =>
      reasonOf(index % 2 === 0 ? client.listProviders(TIMEOUT_MS, signal()) : readStream(client)),
    );
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([undefined]));
    assert.ok(busy.attemptCount >= 50, `${busy.attemptCount} attempts`);
  });

  it("lets one be that has more to do than it can, and comes back to it", async () => {
    let isBusy = true;
    const [busy, good] = await Promise.all([
      startReplica({ gate: () => (isBusy ? overloaded() : undefined) }),
      startReplica(),
    ]);
    const client = connect([busy.address, good.address]);
    await callUntilAllAnswer(client, [busy, good]);
    // Of so many calls one after the other half would ask it first.
    assert.deepEqual(await callInTurn(client, 20), []);
    assert.ok(busy.attemptCount < 10, `${busy.attemptCount} attempts`);
    isBusy = false;
    busy.attemptCount = 0;
    while (busy.attemptCount === 0) assert.deepEqual(await callInTurn(client, 1), []);
  });

  it("says that they are overloaded when all of them are, and adds little to what they have to do", async () => {
    const replicas = await Promise.all([
      startReplica({ gate: overloaded }),
      startReplica({ gate: overloaded }),
    ]);
    const client = connect(replicas.map(({ address }) => address));
    const calls = Array.from({ length: 1_500 }, () => reasonOf(client.listProviders(TIMEOUT_MS, signal())));
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(["OVERLOADED"]));
    const attemptCount = replicas.reduce((sum, replica) => sum + replica.attemptCount, 0);
    assert.ok(attemptCount < 1_500 + 500 + 2, `${attemptCount} attempts`);
  });

  it("tries a call no more than twice, and stops trying twice when most calls fail", async () => {
    const replicas = await Promise.all([
      startReplica({ gate: shuttingDown }),
      startReplica({ gate: shuttingDown }),
    ]);
    const client = connect(replicas.map(({ address }) => address));
    const attempts = (): number => replicas.reduce((sum, { attemptCount }) => sum + attemptCount, 0);
    assert.deepEqual(await callInTurn(client, 1), ["CONTENT_SERVICE_UNAVAILABLE"]);
    assert.equal(attempts(), 2);
    const calls = Array.from({ length: 1_000 }, () => reasonOf(client.listProviders(TIMEOUT_MS, signal())));
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(["CONTENT_SERVICE_UNAVAILABLE"]));
    // The budget is a thousand failures, of which the first half may be retried.
    assert.ok(attempts() < 1_000 + 500 + 2, `${attempts()} attempts`);
  });

  it("takes out one that fails every call", async () => {
    const [bad, good] = await Promise.all([startReplica({ answer: broken }), startReplica()]);
    const client = connect([bad.address, good.address]);
    await callUntilAllAnswer(client, [bad, good]);
    // It is noticed at the end of an interval with enough calls; from then on it costs none.
    for (let lost = Infinity; lost > 0;) lost = (await callInTurn(client, 20)).length;
    const attemptCount = bad.attemptCount;
    assert.deepEqual(await callInTurn(client, 20), []);
    assert.equal(bad.attemptCount, attemptCount);
  });

  it("does not compress: the network inside a cluster is cheaper than the CPU", async () => {
    const replica = await startReplica();
    const encodings: (string | null)[] = [];
    const client = connect(
      [replica.address],
      [
        (next) => async (request) => {
          const response = await next(request);
          encodings.push(request.header.get("grpc-encoding"), response.header.get("grpc-encoding"));
          return response;
        },
      ],
    );
    assert.deepEqual(await callInTurn(client, 1), []);
    assert.deepEqual(encodings, [null, null]);
  });

  it("says that content-fetcher is unavailable when it takes longer than the composer gives it", async () => {
    const slow = await startReplica({ holds: true });
    const client = connect([slow.address]);
    assert.equal(await reasonOf(client.listProviders(150, signal())), "CONTENT_SERVICE_UNAVAILABLE");
    slow.release();
  });

  /** As a process that hangs: the system accepts in its place. */
  async function startSilentServer(): Promise<string> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endings.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
});
