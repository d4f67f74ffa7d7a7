import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
  HealthListResponseSchema,
} from "../../shared/gen/grpc/health/v1/health_pb.ts";
import { callBytes, createGrpcClient } from "../support/grpc-caller.ts";
import { startBystander, startWireServer, type WireServer } from "../support/wire-server.ts";

const SERVICE = "wayfarer.content.v1.ContentService";
const requestOf = (service: string): Buffer =>
  Buffer.from(toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service })));

describe("health", () => {
  let server: WireServer;
  let client: ReturnType<typeof createGrpcClient>;
  beforeEach(async () => {
    server = await startWireServer();
    client = createGrpcClient(server.address);
  });
  afterEach(async () => {
    client.close();
    await server.drain(0);
  });

  const call = (method: string, bytes: Buffer, timeoutMs = 2_000) =>
    callBytes(client, `/grpc.health.v1.Health/${method}`, { bytes, timeoutMs });
  const statusesOf = (messages: readonly Buffer[]): number[] =>
    messages.map((message) => fromBinary(HealthCheckResponseSchema, message).status);

  it("is told for the server and each service by Check, and NOT_FOUND for any other name", async () => {
    for (const service of ["", SERVICE]) {
      const { code, messages } = await call("Check", requestOf(service));
      assert.equal(code, status.OK);
      assert.deepEqual(statusesOf(messages), [Status.SERVING]);
    }
    const unknown = await call("Check", requestOf("wayfarer.guide.v1.GuideService"));
    assert.equal(unknown.code, status.NOT_FOUND);
    assert.deepEqual(
      [unknown.reason, unknown.metadata["name"]],
      ["RESOURCE_NOT_FOUND", "wayfarer.guide.v1.GuideService"],
    );
    const text = await call("Check", requestOf("anything <that> a caller writes"));
    assert.deepEqual([text.code, text.metadata["name"]], [status.NOT_FOUND, ""]);
  });

  it("is told for all of them by List", async () => {
    const { messages } = await call("List", Buffer.alloc(0));
    const [first = Buffer.alloc(0)] = messages;
    const { statuses } = fromBinary(HealthListResponseSchema, first);
    assert.deepEqual(
      Object.entries(statuses).map(([name, { status }]) => [name, status]),
      [
        ["", Status.SERVING],
        [SERVICE, Status.SERVING],
      ],
    );
  });

  it("is told by Watch at once and at each change, and SERVICE_UNKNOWN for any other name", async () => {
    const known = call("Watch", requestOf(SERVICE), 10_000);
    const unknown = call("Watch", requestOf("nobody"), 10_000);
    const witness = await startBystander(server.address);
    server.health.setAll(false);
    server.health.setAll(true);
    server.health.setAll(true);
    witness.close();
    await server.drain(1_000);
    const told = statusesOf((await known).messages);
    // Two changes between two looks may show as one.
    assert.equal(told[0], Status.SERVING);
    assert.equal(told.at(-1), Status.NOT_SERVING);
    assert.ok(told.every((state, index) => state !== told[index - 1]));
    assert.deepEqual(statusesOf((await unknown).messages), [Status.SERVICE_UNKNOWN]);
    assert.equal((await known).code, status.OK, "a drain ends a Watch in order");
  });

  it("keeps nothing of a Watch whose caller has gone", async () => {
    const gone = new AbortController();
    const watch = callBytes(client, "/grpc.health.v1.Health/Watch", {
      bytes: requestOf(""),
      signal: gone.signal,
    });
    await call("Check", requestOf(""));
    gone.abort();
    assert.equal((await watch).code, status.CANCELLED);
    const startMs = performance.now();
    await server.drain(5_000);
    assert.ok(performance.now() - startMs < 4_000, "the drain did not wait for it");
  });
});
