import assert from "node:assert/strict";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ContentService,
  FetchContentRequestSchema,
  StreamContentRequestSchema,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { z } from "zod";
import { ServiceError } from "../../shared/errors.ts";
import { startWireServer, type WireServer } from "../support/wire-server.ts";

interface Answer {
  readonly head: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
}

const PREFIX_BYTES = 5;

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** What differs from call to call: the moment, and the id of the trace. */
function comparable(fields: IncomingHttpHeaders): IncomingHttpHeaders {
  const { date: _date, "grpc-status-details-bin": details, ...others } = fields;
  const text = typeof details === "string" ? Buffer.from(details, "base64").toString("latin1") : undefined;
  return { ...others, ...(text !== undefined && { details: text.replaceAll(/[0-9a-f]{32}/g, "trace id") }) };
}

/**
 * A call whose body comes in these pieces. A body that begins with less than the prefix of a message is none that is
 * served past Connect: so the same call gets both answers.
 */
function call(
  session: ClientHttp2Session,
  method: string,
  pieces: readonly Buffer[],
  more = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/${ContentService.typeName}/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...more,
    });
    const chunks: Buffer[] = [];
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on("response", (fields) => (head = fields));
    stream.on("trailers", (fields) => (trailers = fields));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () =>
      resolve({
        head: comparable(head),
        body: Buffer.concat(chunks).toString("base64"),
        trailers: comparable(trailers),
      }),
    );
    const write = (at: number): void => {
      const piece = pieces[at];
      if (piece === undefined) return void stream.end();
      stream.write(piece, () => setImmediate(write, at + 1));
    };
    write(0);
  });
}

const UNARY = framed(toBinary(FetchContentRequestSchema, create(FetchContentRequestSchema)));
const STREAM = framed(toBinary(StreamContentRequestSchema, create(StreamContentRequestSchema)));

describe("plain gRPC, which Connect does not see", () => {
  let server: WireServer;
  let session: ClientHttp2Session;
  let implementation: Partial<ServiceImpl<typeof ContentService>> = {};

  before(async () => {
    server = await startWireServer({
      fetchContent: (request, context) => {
        assert.ok(implementation.fetchContent);
        return implementation.fetchContent(request, context);
      },
      streamContent: (request, context) => {
        assert.ok(implementation.streamContent);
        return implementation.streamContent(request, context);
      },
    });
    session = connect(`http://${server.address}`);
  });
  after(async () => {
    session.close();
    await server.drain(1_000);
  });

  /** The answer to a call, which has to be the same from both. */
  async function bothAnswer(method: string, body: Buffer, more = {}): Promise<Answer> {
    const plain = await call(session, method, [body], more);
    const byConnect = await call(session, method, [body.subarray(0, 2), body.subarray(2)], more);
    assert.deepEqual(plain, byConnect);
    return plain;
  }

  const CASES: readonly {
    readonly what: string;
    readonly method: "FetchContent" | "StreamContent";
    readonly implementation: Partial<ServiceImpl<typeof ContentService>>;
    readonly status: string;
  }[] = [
    {
      what: "a message",
      method: "FetchContent",
      status: "0",
      implementation: {
        fetchContent: (_request, { responseHeader, responseTrailer }) => {
          responseHeader.set("x-head", "of the handler");
          responseTrailer.set("x-trailer", "of the handler");
          return { outcome: { provider: "providers/test" } };
        },
      },
    },
    {
      what: "a message larger than what is written at once",
      method: "FetchContent",
      status: "0",
      implementation: { fetchContent: () => ({ outcome: { detail: "x".repeat(600_000) } }) },
    },
    {
      what: "an error of ours",
      method: "FetchContent",
      status: "5",
      implementation: {
        fetchContent: () => {
          throw new ServiceError("RESOURCE_NOT_FOUND", "there is none", { metadata: { name: "x" } });
        },
      },
    },
    {
      what: "a defect",
      method: "FetchContent",
      status: "13",
      implementation: { fetchContent: () => Promise.reject(new Error("secret")) },
    },
    {
      what: "an answer that cannot be encoded",
      method: "FetchContent",
      status: "13",
      implementation: { fetchContent: () => ({ outcome: { attemptCount: 1.5 } }) },
    },
    {
      what: "a stream",
      method: "StreamContent",
      status: "0",
      implementation: {
        streamContent: async function* (_request, { responseHeader, responseTrailer }) {
          responseHeader.set("x-head", "before the first message");
          yield { outcome: { provider: "providers/a" } };
          responseTrailer.set("x-trailer", "after it");
          yield { outcome: { provider: "providers/b" } };
        },
      },
    },
    {
      what: "a stream without messages",
      method: "StreamContent",
      status: "0",
      implementation: { streamContent: async function* () {} },
    },
    {
      what: "a stream that fails at once",
      method: "StreamContent",
      status: "5",
      implementation: {
        // oxlint-disable-next-line require-yield
        streamContent: async function* () {
          throw new ServiceError("RESOURCE_NOT_FOUND", "there is none");
        },
      },
    },
    {
      what: "a stream that fails after a message",
      method: "StreamContent",
      status: "8",
      implementation: {
        streamContent: async function* () {
          yield { outcome: { provider: "providers/a" } };
          throw new ServiceError("BUDGET_EXHAUSTED", "nothing is left", { retryDelayMs: 1_000 });
        },
      },
    },
    {
      what: "a stream with a message that cannot be encoded",
      method: "StreamContent",
      status: "13",
      implementation: {
        streamContent: async function* () {
          yield { outcome: { provider: "providers/a" } };
          yield { outcome: { attemptCount: 1.5 } };
        },
      },
    },
    {
      what: "a method that the server does not implement",
      method: "FetchContent",
      status: "12",
      implementation: {},
    },
  ];

  for (const { what, method, status, implementation: served } of CASES) {
    it(`answers as Connect does: ${what}`, async () => {
      implementation = served;
      if (Object.keys(served).length === 0) {
        const empty = await startWireServer();
        const toEmpty = connect(`http://${empty.address}`);
        const plain = await call(toEmpty, "FetchContent", [UNARY]);
        assert.equal(plain.head["grpc-status"], status);
        toEmpty.close();
        return await empty.drain(1_000);
      }
      const { head, trailers } = await bothAnswer(method, method === "FetchContent" ? UNARY : STREAM);
      assert.equal(trailers["grpc-status"] ?? head["grpc-status"], status);
    });
  }

  it("gives handlers the same context", async () => {
    const seen: unknown[] = [];
    implementation = {
      fetchContent: (_request, context) => {
        const { method, service, requestMethod, protocolName, url, requestHeader, signal } = context;
        const timeoutMs = context.timeoutMs() ?? 0;
        assert.ok(timeoutMs > 9_000 && timeoutMs <= 10_000);
        assert.equal(signal.aborted, false);
        seen.push([method.name, service.typeName, requestMethod, protocolName, url, [...requestHeader]]);
        return {};
      },
    };
    await bothAnswer("FetchContent", UNARY, { "grpc-timeout": "10S", "x-own": ["a", "b"], "x-bin": "AQI" });
    assert.deepEqual(seen[0], seen[1]);
  });

  it("tells a handler by its signal when its deadline passes, its caller leaves, or it has answered", async () => {
    const reasons: unknown[] = [];
    let listening = Promise.withResolvers<void>();
    implementation = {
      fetchContent: (_request, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            reject(new ServiceError("CALLER_GONE", "nobody waits"));
          });
          listening.resolve();
        }),
    };
    await call(session, "FetchContent", [UNARY], { "grpc-timeout": "30m" });
    listening = Promise.withResolvers<void>();
    const leaving = session.request({
      ":method": "POST",
      ":path": `/${ContentService.typeName}/FetchContent`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    leaving.on("error", () => {});
    leaving.end(UNARY);
    await listening.promise;
    await new Promise<void>((resolve) => {
      leaving.once("close", resolve);
      leaving.close(8);
    });
    let answered: AbortSignal | undefined;
    implementation = {
      fetchContent: (_request, { signal }) => {
        answered = signal;
        return {};
      },
    };
    await call(session, "FetchContent", [UNARY]);
    await call(session, "FetchContent", [UNARY]);
    assert.match(String(reasons[0]), /deadline/);
    assert.match(String(reasons[1]), /caller has gone/);
    assert.equal(answered?.aborted, true);
    assert.deepEqual(server.defects.length, 2 * 3, "of the defects above, one for each answer");
  });

  it("leaves nothing of a call behind that only a full collection takes", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      "--expose-gc",
      "--no-allocation-site-pretenuring",
      fileURLToPath(new URL("../support/kept-bytes-process.ts", import.meta.url)),
    ]);
    const kept = z.record(z.string(), z.number()).parse(JSON.parse(stdout));
    assert.deepEqual(Object.keys(kept), ["FetchContent", "StreamContent"]);
    // Node itself keeps its two streams, some kilobytes; what the handlers refer to has 40.
    for (const [method, bytes] of Object.entries(kept))
      assert.ok(bytes < 20_000, `${method} keeps ${Math.round(bytes)} bytes of a call`);
  });
});
