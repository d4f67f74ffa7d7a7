import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { ServiceImpl } from "@connectrpc/connect";
import { Client, credentials, type ClientReadableStream } from "@grpc/grpc-js";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ContentService } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
  type HealthCheckResponse,
} from "../../shared/gen/grpc/health/v1/health_pb.ts";
import { startServer, type RunningServer, type ServerOptions } from "../../shared/server.ts";
import { createTelemetryInterceptor } from "../../shared/telemetry/interceptors.ts";

export const monotonicNow = (): number => performance.now();

export interface WireServer extends RunningServer {
  /** What was reported as a defect so far. */
  readonly defects: readonly unknown[];
}

/** The bootstrap of both services around a ContentService whose methods the test gives. */
export async function startWireServer(
  implementation: Partial<ServiceImpl<typeof ContentService>> = {},
  options: Partial<ServerOptions> = {},
): Promise<WireServer> {
  const defects: unknown[] = [];
  const server = await startServer({
    listen: { host: "127.0.0.1", port: 0 },
    services: [ContentService],
    addServices: (add) => add(ContentService, { listProviders: () => ({}), ...implementation }),
    interceptors: [createTelemetryInterceptor("server", monotonicNow)],
    reportDefect: (error) => void defects.push(error),
    now: monotonicNow,
    random: () => 0.5,
    ...options,
  });
  return { ...server, defects };
}

const CHECK = "/grpc.health.v1.Health/Check";
const WATCH = "/grpc.health.v1.Health/Watch";
const write = (service: string): Buffer =>
  Buffer.from(
    toBinary(HealthCheckRequestSchema, { $typeName: "grpc.health.v1.HealthCheckRequest", service }),
  );
const read = (bytes: Buffer): HealthCheckResponse => fromBinary(HealthCheckResponseSchema, bytes);

/** Another caller, over one gRPC connection with an open stream, that must not notice what happens to the others. */
export interface Bystander {
  /** Fails unless the server answers over the same connection as ever. */
  readonly assertUnharmed: () => Promise<void>;
  /** States that its open Watch has been told. */
  readonly seen: readonly number[];
  readonly close: () => void;
}

export async function startBystander(address: string, service = ""): Promise<Bystander> {
  const client = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
  const seen: number[] = [];
  let lost: unknown;
  const watch: ClientReadableStream<HealthCheckResponse> = client.makeServerStreamRequest(
    WATCH,
    write,
    read,
    service,
  );
  const first = new Promise<void>((resolve) => {
    watch.on("data", ({ status }: HealthCheckResponse) => {
      seen.push(status);
      resolve();
    });
  });
  watch.on("error", (error) => (lost = error));
  watch.on("end", () => (lost ??= new Error("the stream has ended")));
  await first;
  return {
    seen,
    assertUnharmed: async () => {
      const answer = await new Promise<HealthCheckResponse | undefined>((resolve, reject) => {
        client.makeUnaryRequest(CHECK, write, read, "", { deadline: Date.now() + 2_000 }, (error, value) =>
          error ? reject(error) : resolve(value),
        );
      });
      assert.equal(answer?.status, Status.SERVING);
      assert.equal(lost, undefined);
    },
    close: () => {
      watch.cancel();
      client.close();
    },
  };
}

/** A port of loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
