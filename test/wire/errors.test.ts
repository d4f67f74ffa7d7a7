import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Code, ConnectError } from "@connectrpc/connect";
import { status, type Client } from "@grpc/grpc-js";
import { createErrorInterceptor } from "../../shared/error-interceptor.ts";
import { fromWire, toUnreadable, toWire } from "../../shared/error-wire.ts";
import { REASON_CODE, ServiceError, toErrorReason, toReason, type Reason } from "../../shared/errors.ts";
import { ErrorReasonSchema } from "../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { toLoggedError } from "../../shared/log.ts";
import type { RequestGate } from "../../shared/refusals.ts";
import { callBytes, createGrpcClient, type Ending } from "../support/grpc-caller.ts";
import { startBystander, startWireServer, type WireServer } from "../support/wire-server.ts";

const SERVICE = "/wayfarer.content.v1.ContentService";
const SECRET_TEXT = "password=hunter2";

/** What `error_reason.proto` says of each reason: the code that it fails a call with, or that it is data only. */
function documentedCodes(): ReadonlyMap<string, string> {
  const source = readFileSync(
    new URL("../../proto/wayfarer/type/v1/error_reason.proto", import.meta.url),
    "utf8",
  );
  const found = new Map<string, string>();
  let comment = "";
  for (const line of source.split("\n").map((text) => text.trim())) {
    if (line.startsWith("//")) {
      comment += line;
      continue;
    }
    const reason = /^ERROR_REASON_([A-Z_]+) = /.exec(line)?.[1];
    const [, code, data] = /^\/\/ (?:`([A-Z_]+)`|(Data only))\./.exec(comment) ?? [];
    if (reason !== undefined && reason !== "UNSPECIFIED") found.set(reason, code ?? data ?? "");
    comment = "";
  }
  return found;
}

describe("reasons", () => {
  it("have the codes that the API documents, all of them", () => {
    const documented = documentedCodes();
    const reasons = ErrorReasonSchema.values
      .map(({ localName }) => localName)
      .filter((name) => name !== "UNSPECIFIED");
    assert.deepEqual([...documented.keys()].sort(), [...reasons].sort());
    assert.deepEqual(Object.keys(REASON_CODE).sort(), [...reasons].sort());
    for (const [reason, code] of Object.entries(REASON_CODE)) {
      const name = code === undefined ? "Data only" : (status[code] ?? "");
      assert.equal(name, documented.get(reason), reason);
    }
  });

  it("are the same as a value, a name and over the wire", () => {
    for (const reason of Object.keys(REASON_CODE) as Reason[]) {
      assert.equal(toReason(toErrorReason(reason)), reason);
      if (REASON_CODE[reason] === undefined) continue;
      const wire = toWire(new ServiceError(reason, "a sentence", { retryDelayMs: 1_500 }), "t", () => {});
      assert.equal(wire.code, REASON_CODE[reason]);
      const back = fromWire(wire);
      assert.deepEqual([back.reason, back.message, back.retryDelayMs], [reason, "a sentence", 1_500]);
      assert.equal(back.metadata["trace_id"], "t");
    }
  });

  it("of data never fail a call: that is a defect", () => {
    const defects: unknown[] = [];
    const wire = toWire(new ServiceError("PROVIDER_TIMEOUT", "x"), "t", (error) => defects.push(error));
    assert.equal(wire.code, Code.Internal);
    assert.equal(defects.length, 1);
  });

  it("of what cannot be read are the caller's, whatever code Connect gives it", () => {
    const reasonOf = (error: unknown): string => toUnreadable(error, 10).reason;
    assert.equal(reasonOf(new ConnectError("parse binary: x", Code.Internal)), "REQUEST_INVALID");
    assert.equal(reasonOf(new ConnectError("x", Code.InvalidArgument)), "REQUEST_INVALID");
    assert.equal(reasonOf(new ConnectError("x", Code.ResourceExhausted)), "REQUEST_TOO_LARGE");
    assert.equal(reasonOf(new ConnectError("x", Code.Unimplemented)), "REQUEST_UNSUPPORTED");
    assert.equal(reasonOf(new ConnectError("x", Code.Canceled)), "CALLER_GONE");
    assert.equal(reasonOf(new Error("aborted")), "CALLER_GONE");
    const long = toUnreadable(new ConnectError(`${"x".repeat(199)}😀`, Code.InvalidArgument), 10);
    const [violation] = long.violations;
    assert.ok(violation && violation.description.length <= 200 && violation.description.isWellFormed());
  });

  it("survive a server of somebody else", () => {
    assert.equal(fromWire(new ConnectError("x", Code.Unavailable)).reason, "CONTENT_SERVICE_UNAVAILABLE");
    assert.equal(fromWire(new ConnectError("x", Code.DeadlineExceeded)).reason, "DEADLINE_EXPIRED");
    assert.equal(fromWire(new ConnectError("x", Code.Canceled)).reason, "CALLER_GONE");
    assert.equal(fromWire(new ConnectError("x", Code.DataLoss)).reason, "INTERNAL");
    assert.equal(fromWire(new Error("x")).reason, "INTERNAL");
  });
});

describe("an error that nobody expected", () => {
  let server: WireServer;
  let client: Client;
  before(async () => {
    const fail = (): never => {
      throw new TypeError(`cannot read ${SECRET_TEXT}`, { cause: new Error("the cause") });
    };
    server = await startWireServer(
      {
        fetchContent: fail,
        streamContent: async function* () {
          yield {};
          fail();
        },
        geocodeDestination: () => ({ destinations: [{ displayName: "x".repeat(2_000) }] }),
      },
      { limits: { writeMaxBytes: 1_000 } },
    );
    client = createGrpcClient(server.address);
  });
  after(async () => {
    client.close();
    await server.drain(0);
  });
  const call = (method: string): Promise<Ending> =>
    callBytes(client, `${SERVICE}/${method}`, { bytes: Buffer.alloc(0), timeoutMs: 2_000 });
  const assertHidden = (ending: Ending): void => {
    assert.deepEqual([ending.code, ending.reason], [status.INTERNAL, "INTERNAL"]);
    assert.match(ending.metadata["trace_id"] ?? "", /^[0-9a-f]{32}$/);
    assert.ok(
      !JSON.stringify([ending.message, ending.metadata, ending.trailers.getMap()]).includes("hunter2"),
    );
  };

  it("is INTERNAL without its text, and reported with its cause, of a unary method and in a stream", async () => {
    const before = server.defects.length;
    assertHidden(await call("FetchContent"));
    const stream = await call("StreamContent");
    assertHidden(stream);
    assert.equal(stream.messages.length, 1);
    const reported = server.defects.slice(before);
    assert.equal(reported.length, 2);
    for (const error of reported) assert.ok(error instanceof TypeError && error.cause instanceof Error);
  });

  it("is what an answer is that is too large to send", async () => {
    const before = server.defects.length;
    assertHidden(await call("GeocodeDestination"));
    assert.equal(server.defects.length, before + 1);
    const json = await fetch(`http://${server.address}${SERVICE}/GeocodeDestination`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    assert.equal(json.status, 500);
    assert.match(await json.text(), /"reason":"INTERNAL"/);
  });

  it("has in the log what it is and why, and nothing that hangs on it", () => {
    const error = Object.assign(new Error("it failed", { cause: new ServiceError("INTERNAL", "inner") }), {
      code: "E_FAILED",
      request: { headers: { authorization: SECRET_TEXT } },
      body: SECRET_TEXT,
    });
    const logged = toLoggedError(error);
    assert.ok(!JSON.stringify(logged).includes("hunter2"));
    assert.deepEqual([logged.type, logged.message, logged.code], ["Error", "it failed", "E_FAILED"]);
    assert.deepEqual([logged.cause?.reason, logged.cause?.message], ["INTERNAL", "inner"]);
    assert.ok(logged.stack?.includes("errors.test.ts"));
    const loop = new Error("loop");
    loop.cause = loop;
    assert.ok(JSON.stringify(toLoggedError(loop)).length < 20_000);
    assert.ok(!JSON.stringify(toLoggedError({ token: SECRET_TEXT })).includes("hunter2"));
  });
});

describe("the end of a call", () => {
  it("is no defect when the handler throws what its signal was aborted with", async () => {
    for (const [reason, expected] of [
      [new DOMException("gone", "AbortError"), "CALLER_GONE"],
      [new ConnectError("the operation timed out", Code.DeadlineExceeded), "DEADLINE_EXPIRED"],
      [new ServiceError("SHUTTING_DOWN", "x"), "SHUTTING_DOWN"],
    ] as const) {
      const signal = AbortSignal.abort(reason);
      const interceptor = createErrorInterceptor(
        1,
        () => "t",
        () => (step) => step(),
        () => assert.fail(),
      );
      const request = { signal, stream: false, contextValues: new Map() };
      const call = interceptor(() => Promise.reject(reason));
      const error: unknown = await call(request as unknown as Parameters<typeof call>[0]).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.equal(fromWire(error).reason, expected);
    }
  });
});

describe("the request gate", () => {
  let server: WireServer;
  let client: Client;
  let gate: RequestGate = () => {};
  let handled = 0;
  beforeEach(async () => {
    handled = 0;
    server = await startWireServer(
      {
        fetchContent: () => {
          handled += 1;
          return {};
        },
        streamContent: async function* () {
          handled += 1;
          yield {};
        },
      },
      { requestGate: (call) => gate(call) },
    );
    client = createGrpcClient(server.address);
  });
  afterEach(async () => {
    client.close();
    await server.drain(0);
  });

  it("refuses before the body is read, with the reason that it gives, whatever the protocol", async () => {
    gate = () => {
      throw new ServiceError("OVERLOADED", "Too many calls", { retryDelayMs: 250 });
    };
    // Bytes that could not be read: whoever tried would say so.
    const garbage = Buffer.alloc(3 << 20, 0xff);
    for (const method of ["FetchContent", "StreamContent"]) {
      const ending = await callBytes(client, `${SERVICE}/${method}`, { bytes: garbage, timeoutMs: 2_000 });
      assert.deepEqual([ending.code, ending.reason], [status.RESOURCE_EXHAUSTED, "OVERLOADED"]);
      assert.equal(ending.retryDelaySeconds, 0.25);
      assert.match(ending.metadata["trace_id"] ?? "", /^[0-9a-f]{32}$/);
    }
    for (const type of ["application/json", "application/proto", "application/grpc-web+proto"]) {
      const response = await fetch(`http://${server.address}${SERVICE}/FetchContent`, {
        method: "POST",
        headers: { "content-type": type },
        body: new Uint8Array(garbage),
      });
      const text = await response.text();
      assert.equal(response.status, type.includes("grpc") ? 200 : 429, text);
      assert.match(text, /OVERLOADED|grpc-status: ?8/);
    }
    assert.equal(handled, 0);
    assert.deepEqual(server.defects, []);
  });

  it("is told which method is called, by whom, and when the call has ended", async () => {
    const seen: string[] = [];
    gate = ({ method, requestHeader, signal, timeoutMs }) => {
      seen.push(
        `${method.name} ${requestHeader.get("user-agent")?.split("/")[0]} ${timeoutMs() !== undefined}`,
      );
      signal.addEventListener("abort", () => seen.push("ended"), { once: true });
    };
    await callBytes(client, `${SERVICE}/FetchContent`, { bytes: Buffer.alloc(0), timeoutMs: 2_000 });
    assert.deepEqual(seen, ["FetchContent grpc-node-js true", "ended"]);
    assert.equal(handled, 1);
  });

  it("that fails by a defect refuses as INTERNAL, without a word of it", async () => {
    gate = () => {
      throw new Error(SECRET_TEXT);
    };
    const ending = await callBytes(client, `${SERVICE}/FetchContent`, { bytes: Buffer.alloc(0) });
    assert.deepEqual([ending.code, ending.reason], [status.INTERNAL, "INTERNAL"]);
    assert.ok(!JSON.stringify([ending.message, ending.trailers.getMap()]).includes("hunter2"));
    assert.equal(server.defects.length, 1);
  });

  it("leaves health and reflection alone", async () => {
    gate = () => {
      throw new ServiceError("OVERLOADED", "Too many calls");
    };
    const bystander = await startBystander(server.address);
    await bystander.assertUnharmed();
    bystander.close();
  });
});
