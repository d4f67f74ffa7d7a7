import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { createClient, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { create, toBinary } from "@bufbuild/protobuf";
import { Metadata, status } from "@grpc/grpc-js";
import {
  ContentQuerySchema,
  Priority,
  type ContentService,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { ServerReflection } from "../../shared/gen/grpc/reflection/v1/reflection_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ComposeGuideRequestSchema } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ServiceError, type Reason } from "../../shared/errors.ts";
import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { COMPOSER_SETTINGS } from "../../services/guide-composer/config.ts";
import { createContentClient } from "../../services/guide-composer/fetch/content-client.ts";
import { createGrpcTransport } from "../../services/guide-composer/fetch/grpc-transport.ts";
import { copyMetadata, toMetadata, toUrlAuthority } from "../../services/guide-composer/fetch/grpc-wire.ts";
import { startComposer, type RunningComposer } from "../../services/guide-composer/service.ts";
import { callBytes, createGrpcClient, type Ending } from "../support/grpc-caller.ts";
import { until } from "../support/until.ts";
import { freePort, monotonicNow, startWireServer, type WireServer } from "../support/wire-server.ts";

const COMPOSE = "/wayfarer.guide.v1.GuideService/ComposeGuide";
const WEATHER = {
  kind: SectionKind.WEATHER,
  provider: "providers/recorder",
  key: "k",
  lifeMs: 1_000,
} as const;
const QUERY = create(ContentQuerySchema);
const never = new AbortController().signal;

/** A provider list that makes the composer ask for the weather. */
const LIST: ServiceImpl<typeof ContentService>["listProviders"] = () => ({
  providers: [
    {
      name: WEATHER.provider,
      state: 1,
      offerings: [{ sectionKind: WEATHER.kind, dependsOn: [] }],
    },
  ],
});

/** Resolves with the error that reading the messages ends with; undefined when it ends well. */
async function endOf(messages: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const _ of messages);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("the hop from the composer to the fetcher", () => {
  let fetcher: WireServer;
  let composer: RunningComposer;
  let calls: { readonly timeoutMs: number | undefined; readonly signal: AbortSignal }[] = [];
  let answer: ServiceImpl<typeof ContentService>["streamContent"] = async function* () {};
  let geocode: ServiceImpl<typeof ContentService>["geocodeDestination"] = () => ({});

  before(async () => {
    fetcher = await startWireServer({
      listProviders: LIST,
      geocodeDestination: (request, call) => geocode(request, call),
      streamContent: (request, call) => {
        calls.push({ timeoutMs: call.timeoutMs(), signal: call.signal });
        return answer(request, call);
      },
    });
    composer = await startComposer({
      settings: readSettings(COMPOSER_SETTINGS, {
        COMPOSER_LISTEN: "127.0.0.1:0",
        ADMIN_LISTEN: "127.0.0.1:0",
        FETCHER_TARGET: fetcher.address,
        WARMING_CALLS_PER_MINUTE: "0",
      }),
      log: createLog("test", "silent"),
      telemetry: { serveMetrics: () => false },
      now: Date.now,
      monotonicNow,
      random: Math.random,
    });
  });
  beforeEach(() => {
    calls = [];
  });
  after(async () => {
    await composer.close(0);
    await fetcher.drain(0);
  });

  const compose = async (query: string, timeoutMs: number, signal?: AbortSignal): Promise<Ending> => {
    const client = createGrpcClient(composer.address);
    const message = create(ComposeGuideRequestSchema, {
      spec: { destination: { case: "destinationQuery", value: query }, sectionKinds: [WEATHER.kind] },
    });
    const bytes = Buffer.from(toBinary(ComposeGuideRequestSchema, message));
    const ending = await callBytes(client, COMPOSE, { bytes, timeoutMs, ...(signal && { signal }) });
    client.close();
    return ending;
  };
  const untilAborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

  it("passes the caller's deadline on, less what reporting takes", async () => {
    answer = async function* () {};
    await compose("Lisbon", 2_000);
    const [call] = calls;
    assert.ok(call?.timeoutMs !== undefined);
    assert.ok(call.timeoutMs > 500 && call.timeoutMs <= 2_000 - 20, String(call.timeoutMs));
  });

  it("gives a call without a deadline 15 s in all", async () => {
    answer = async function* () {};
    const client = createGrpcClient(composer.address);
    const message = create(ComposeGuideRequestSchema, {
      spec: { destination: { case: "destinationQuery", value: "Porto" }, sectionKinds: [WEATHER.kind] },
    });
    await callBytes(client, COMPOSE, { bytes: Buffer.from(toBinary(ComposeGuideRequestSchema, message)) });
    client.close();
    assert.ok((calls[0]?.timeoutMs ?? 0) > 10_000 && (calls[0]?.timeoutMs ?? 0) <= 15_000);
  });

  it("cancels at the fetcher when the caller hangs up", async () => {
    answer = async function* (_request, { signal }) {
      await untilAborted(signal);
    };
    const caller = new AbortController();
    const ending = compose("Madrid", 10_000, caller.signal);
    await until(() => calls.length === 1);
    assert.equal(calls[0]?.signal.aborted, false);
    caller.abort();
    assert.equal((await ending).code, status.CANCELLED);
    await until(() => calls[0]?.signal.aborted === true);
  });

  it("ends at the fetcher before the caller's deadline, and tells the caller in time", async () => {
    answer = async function* (_request, { signal }) {
      await untilAborted(signal);
    };
    const startMs = performance.now();
    const response = await fetch(`http://${composer.address}${COMPOSE}`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": "400" },
      body: JSON.stringify({
        spec: { destinationQuery: "Rome", sectionKinds: ["SECTION_KIND_WEATHER"] },
        requiredSectionKinds: ["SECTION_KIND_WEATHER"],
      }),
    });
    assert.match(await response.text(), /DEADLINE_EXPIRED/);
    assert.ok(performance.now() - startMs < 3_000);
    await until(() => calls[0]?.signal.aborted === true);
  });

  it("takes what the fetcher finds wrong with a request for a defect, and nothing of the caller's", async () => {
    geocode = () => {
      throw new ServiceError("REQUEST_INVALID", "no", { violations: [{ field: "query", description: "x" }] });
    };
    const ending = await compose("Qzxqzxqzxq", 5_000);
    assert.deepEqual([ending.code, ending.reason], [status.INTERNAL, "INTERNAL"]);
    assert.deepEqual(ending.fields, []);
  });

  it("tells a caller when to try again while the fetcher shuts down", async () => {
    geocode = () => {
      throw new ServiceError("SHUTTING_DOWN", "bye");
    };
    const ending = await compose("Qzxqzxqzxqz", 5_000);
    assert.deepEqual([ending.code, ending.reason], [status.UNAVAILABLE, "CONTENT_SERVICE_UNAVAILABLE"]);
    assert.equal(ending.retryDelaySeconds, 1);
  });
});

describe("the client of the fetcher", () => {
  const implementation: Partial<ServiceImpl<typeof ContentService>> = {};
  let fetcher: WireServer;
  before(async () => {
    fetcher = await startWireServer({
      streamContent: (request, call) => {
        assert.ok(implementation.streamContent);
        return implementation.streamContent(request, call);
      },
      listProviders: (request, call) => {
        assert.ok(implementation.listProviders);
        return implementation.listProviders(request, call);
      },
    });
  });
  after(() => fetcher.drain(0));

  const connect = (target = fetcher.address) => createContentClient(target, [], Date.now);
  const reasonOf = (error: unknown): Reason | undefined =>
    error instanceof ServiceError ? error.reason : undefined;

  it("ends its call when nobody reads it to the end", async () => {
    let call: HandlerContext | undefined;
    implementation.streamContent = async function* (_request, context) {
      call = context;
      yield {};
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
    };
    const client = connect();
    for await (const _ of client.stream([WEATHER], QUERY, Priority.INTERACTIVE, 3_000, never)) break;
    await until(() => call?.signal.aborted === true);
    client.close();
  });

  it("ends with what the call was ended with, not with how gRPC says it", async () => {
    implementation.streamContent = async function* (_request, { signal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    };
    const client = connect();
    for (const reason of ["DEADLINE_EXPIRED", "CALLER_GONE"] as const) {
      const caller = new AbortController();
      const ended = endOf(client.stream([WEATHER], QUERY, Priority.INTERACTIVE, 10_000, caller.signal));
      caller.abort(new ServiceError(reason, "over"));
      assert.equal(reasonOf(await ended), reason);
    }
    const own = await endOf(client.stream([WEATHER], QUERY, Priority.INTERACTIVE, 50, never));
    assert.equal(reasonOf(own), "DEADLINE_EXPIRED");
    assert.equal(
      reasonOf(await endOf(client.stream([WEATHER], QUERY, Priority.INTERACTIVE, 0, never))),
      "DEADLINE_EXPIRED",
    );
    client.close();
  });

  it("tries once more what a server refused that shuts down or is overloaded, and not what failed otherwise", async () => {
    let count = 0;
    implementation.listProviders = () => {
      count += 1;
      if (count === 1) throw new ServiceError("SHUTTING_DOWN", "bye");
      return { providers: [{ name: "providers/x" }] };
    };
    const client = connect();
    assert.equal((await client.listProviders(5_000, never)).length, 1);
    assert.equal(count, 2);
    for (const [reason, attempts] of [
      ["OVERLOADED", 2],
      ["INTERNAL", 1],
    ] as const) {
      count = 0;
      implementation.listProviders = () => {
        count += 1;
        throw new ServiceError(reason, "no", { retryDelayMs: 10 });
      };
      const error: unknown = await client.listProviders(5_000, never).catch((thrown: unknown) => thrown);
      assert.equal(reasonOf(error), reason);
      assert.equal(count, attempts);
    }
    client.close();
  });

  it("reports a fetcher that is not there as unavailable, with the time to wait, and does not hang", async () => {
    const client = connect(`127.0.0.1:${await freePort()}`);
    const error: unknown = await client.listProviders(5_000, never).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ServiceError);
    assert.deepEqual([error.reason, error.retryDelayMs], ["CONTENT_SERVICE_UNAVAILABLE", 1_000]);
    client.close();
  });

  it("reports a fetcher that breaks off, or speaks no gRPC, as unavailable and never as a defect of the caller's", async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("data", () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const client = connect(`127.0.0.1:${address.port}`);
    const ended = await endOf(client.stream([WEATHER], QUERY, Priority.INTERACTIVE, 2_000, never));
    assert.ok(
      ["CONTENT_SERVICE_UNAVAILABLE", "DEADLINE_EXPIRED"].includes(reasonOf(ended) ?? ""),
      String(ended),
    );
    client.close();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });

  it("spreads its calls over the replicas that its target names", async () => {
    const counts = [0, 0];
    const replicas = await Promise.all(
      counts.map((_, index) =>
        startWireServer({
          listProviders: () => {
            counts[index] = (counts[index] ?? 0) + 1;
            return {};
          },
        }),
      ),
    );
    const client = connect(`ipv4:${replicas.map(({ address }) => address).join(",")}`);
    await client.listProviders(5_000, never);
    for (let count = 0; count < 40; count += 1) await client.listProviders(5_000, never);
    assert.ok(
      counts.every((count) => count >= 10),
      counts.join(),
    );
    // One of them goes in order: nobody notices.
    const drained = replicas[0]?.drain(1_000);
    for (let count = 0; count < 40; count += 1) await client.listProviders(5_000, never);
    await drained;
    client.close();
    await replicas[1]?.drain(0);
  });
});

describe("the gRPC transport", () => {
  it("stops sending when its call is cancelled while the server takes nothing", async () => {
    // Takes the connection and never grants a byte of window.
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.resume();
      socket.write(Buffer.from("000006040000000000000400000000", "hex"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const { transport, close } = createGrpcTransport(`127.0.0.1:${address.port}`, [], Date.now);
    const client = createClient(ServerReflection, transport);
    const caller = new AbortController();
    let sent = 0;
    let finished = false;
    async function* questions() {
      try {
        for (; ; sent += 1) yield { host: "x".repeat(1 << 16) };
      } finally {
        finished = true;
      }
    }
    const ended = endOf(client.serverReflectionInfo(questions(), { signal: caller.signal }));
    await until(() => sent > 0);
    const before = sent;
    caller.abort();
    assert.ok((await ended) !== undefined);
    await until(() => finished);
    assert.ok(before < 100, "it waited instead of filling the memory");
    close();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });

  it("keeps binary metadata as bytes, several values each", () => {
    const headers = new Headers({ "x-text": "a b" });
    headers.append("x-bytes-bin", Buffer.from([0, 255]).toString("base64"));
    headers.append("x-bytes-bin", Buffer.from([1]).toString("base64"));
    const metadata = toMetadata(headers);
    assert.deepEqual(metadata.get("x-bytes-bin"), [Buffer.from([0, 255]), Buffer.from([1])]);
    const back = new Headers();
    copyMetadata(metadata, back);
    assert.equal(back.get("x-text"), "a b");
    assert.equal(back.get("x-bytes-bin"), "AP8=, AQ==");
    assert.deepEqual(toMetadata(back), metadata);
    assert.deepEqual(toMetadata(new Headers()), new Metadata());
  });

  for (const [target, authority] of [
    ["127.0.0.1:50052", "127.0.0.1:50052"],
    ["fetcher:50052", "fetcher:50052"],
    ["[::1]:50052", "[::1]:50052"],
    ["dns:///fetcher.travel.svc:50052", "fetcher.travel.svc:50052"],
    ["dns://10.0.0.10/fetcher:50052", "fetcher:50052"],
    ["ipv4:10.0.0.1:1,10.0.0.2:2", "10.0.0.1:1"],
    ["ipv6:[::1]:1,[::2]:2", "[::1]:1"],
    ["dns:50052", "dns:50052"],
  ] as const) {
    it(`has ${authority} in the URLs of calls to ${target}`, () =>
      assert.equal(toUrlAuthority(target), authority));
  }
});
