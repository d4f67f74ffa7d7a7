import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, closeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { status, type Client } from "@grpc/grpc-js";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  ComposeGuideRequestSchema,
  StreamGuideRequestSchema,
  StreamGuideResponseSchema,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  ContentTargetSchema,
  FetchContentRequestSchema,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { HealthCheckResponse_ServingStatus as Status } from "../../shared/gen/grpc/health/v1/health_pb.ts";
import { parseServingMessage } from "../../shared/process.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { callBytes, createGrpcClient, type Ending } from "../support/grpc-caller.ts";
import { runStart } from "../support/npm-start.ts";
import {
  COMPILE_CACHE,
  startService,
  startServicePair,
  type ServiceProcess,
} from "../support/service-process.ts";
import { freePort, startBystander } from "../support/wire-server.ts";
import { until } from "../support/until.ts";

const GUIDE = "/wayfarer.guide.v1.GuideService";
const CONTENT = "/wayfarer.content.v1.ContentService";
/** Time for what must not wait for anything, on a machine that does other things too. */
const SOON_MS = 4_000;

const composeBytes = (city: string): Buffer =>
  Buffer.from(
    toBinary(
      ComposeGuideRequestSchema,
      create(ComposeGuideRequestSchema, {
        spec: { destination: { case: "destinationQuery", value: city }, sectionKinds: [2] },
      }),
    ),
  );
const streamBytes = (city: string): Buffer =>
  Buffer.from(
    toBinary(
      StreamGuideRequestSchema,
      create(StreamGuideRequestSchema, {
        request: { spec: { destination: { case: "destinationQuery", value: city }, sectionKinds: [2] } },
      }),
    ),
  );
const fetchBytes = Buffer.from(
  toBinary(
    FetchContentRequestSchema,
    create(FetchContentRequestSchema, {
      target: create(ContentTargetSchema, { sectionKind: 2, provider: "providers/open-meteo" }),
      query: {
        destination: {
          name: "destinations/2267057",
          displayName: "Lisbon",
          location: { latitude: 38.7, longitude: -9.1 },
          timeZone: "Europe/Lisbon",
          countryCode: "PT",
        },
      },
    }),
  ),
);

describe("R12: the end of a service", function () {
  this.timeout(30_000);
  let providers: TestProviders;
  let environment: Record<string, string>;
  before(async () => {
    providers = await startTestProviders({ seed: 1, now: Date.now });
    environment = { ...providers.settings, WARMING_CALLS_PER_MINUTE: "0", ADMIN_LISTEN: "127.0.0.1:0" };
  });
  afterEach(() => providers.reset());
  after(() => providers.close());

  const connect = async (service: ServiceProcess): Promise<{ client: Client; idle: Client }> => {
    const client = createGrpcClient(service.address);
    const idle = createGrpcClient(service.address, {
      "grpc.keepalive_time_ms": 1_000,
      "grpc.keepalive_permit_without_calls": 1,
    });
    await Promise.all(
      [client, idle].map(
        (each) =>
          new Promise<void>((resolve, reject) =>
            each.waitForReady(Date.now() + SOON_MS, (error) => (error ? reject(error) : resolve())),
          ),
      ),
    );
    return { client, idle };
  };
  const isRefused = async (address: string): Promise<void> => {
    const late = createGrpcClient(address);
    const { code } = await callBytes(late, "/grpc.health.v1.Health/Check", {
      bytes: Buffer.alloc(0),
      timeoutMs: 1_000,
    });
    assert.equal(code, status.UNAVAILABLE);
    late.close();
  };

  it("of the composer tells health first, finishes calls and streams, and is no failure", async () => {
    const pair = await startServicePair(environment);
    const { client, idle } = await connect(pair.composer);
    const watcher = await startBystander(pair.composer.address, "wayfarer.guide.v1.GuideService");
    // Lets the composer learn what the providers offer, so that all calls below wait for a provider.
    await callBytes(client, `${GUIDE}/ComposeGuide`, { bytes: composeBytes("Porto") });
    providers.reset();
    providers.setLatencyMs(600);
    const unary = ["Lisbon", "Madrid", "Rome"].map((city) =>
      callBytes(client, `${GUIDE}/ComposeGuide`, { bytes: composeBytes(city) }),
    );
    const streams = ["Vienna", "Prague"].map((city) =>
      callBytes(client, `${GUIDE}/StreamGuide`, { bytes: streamBytes(city) }),
    );
    await until(() => providers.requests().length >= 5);
    pair.composer.kill("SIGTERM");
    await until(() => watcher.seen.includes(Status.NOT_SERVING));
    await isRefused(pair.composer.address);
    for (const { code, message } of await Promise.all([...unary, ...streams]))
      assert.equal(code, status.OK, message);
    for (const { messages } of await Promise.all(streams)) {
      const last = fromBinary(StreamGuideResponseSchema, messages.at(-1) ?? Buffer.alloc(0));
      assert.equal(last.event.case, "completion");
    }
    const doneMs = performance.now();
    assert.equal(await pair.composer.ended, 0);
    assert.ok(performance.now() - doneMs < SOON_MS, "idle clients do not delay it");
    client.close();
    idle.close();
    watcher.close();
    assert.equal(await pair.fetcher.stop(), 0);
  });

  it("of the fetcher finishes calls too, and what outlasts the grace time learns that it shuts down", async () => {
    const fetcher = await startService("content-fetcher", { ...environment, SHUTDOWN_GRACE_MS: "300" });
    const { client, idle } = await connect(fetcher);
    providers.setLatencyMs(50);
    const quick = callBytes(client, `${CONTENT}/FetchContent`, { bytes: fetchBytes });
    await quick;
    providers.reset();
    providers.setFault("open-meteo", { kind: "hang" });
    const hanging = callBytes(client, `${CONTENT}/FetchContent`, { bytes: fetchBytes });
    await until(() => providers.requests().length === 1);
    fetcher.kill("SIGINT");
    const ending: Ending = await hanging;
    assert.deepEqual([ending.code, ending.reason], [status.UNAVAILABLE, "SHUTTING_DOWN"]);
    assert.equal(await fetcher.ended, 0);
    client.close();
    idle.close();
  });

  it("comes at once, with 1, when a second signal asks for it", async () => {
    const fetcher = await startService("content-fetcher", environment);
    const { client, idle } = await connect(fetcher);
    providers.setFault("open-meteo", { kind: "hang" });
    const hanging = callBytes(client, `${CONTENT}/FetchContent`, { bytes: fetchBytes });
    await until(() => providers.requests().length === 1);
    fetcher.kill("SIGTERM");
    await until(() => fetcher.lines.some((line) => line.includes("shutting down")));
    fetcher.kill("SIGTERM");
    assert.equal(await fetcher.ended, 1);
    assert.notEqual((await hanging).code, status.INTERNAL);
    client.close();
    idle.close();
  });
});

const entryOf = (service: string): string =>
  fileURLToPath(new URL(`../../services/${service}/main.ts`, import.meta.url));

interface Run {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function runMain(
  service: string,
  args: readonly string[],
  environment: Record<string, string>,
): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", entryOf(service), ...args],
      { env: { PATH: process.env["PATH"] ?? "", NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

describe("the process of a service", function () {
  this.timeout(20_000);

  it("checks its configuration with --check-config, and does nothing else", async () => {
    const runs = ["content-fetcher", "guide-composer"].map((service) =>
      runMain(service, ["--check-config"], {}),
    );
    assert.deepEqual(await Promise.all(runs), [
      { code: 0, stdout: "ok\n", stderr: "" },
      { code: 0, stdout: "ok\n", stderr: "" },
    ]);
  });

  it("names every problem of its configuration at once, and exits with 2", async () => {
    for (const args of [["--check-config"], []]) {
      const { code, stdout, stderr } = await runMain("guide-composer", args, {
        FETCHER_TARGET: "http://fetcher:50052",
        COMPOSER_LISTEN: "50051",
        SHUTDOWN_GRACE_MS: "10s",
      });
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /FETCHER_TARGET must be a gRPC target/);
      assert.match(stderr, /COMPOSER_LISTEN must be/);
      assert.match(stderr, /SHUTDOWN_GRACE_MS must be/);
      assert.ok(!stderr.includes("    at "), "a message, not a stack");
    }
  });

  it("says in one line that its port is in use, and exits with 1", async () => {
    const fetcher = await startService("content-fetcher", {});
    const { code, stderr } = await runMain("content-fetcher", [], { FETCHER_LISTEN: fetcher.address });
    assert.equal(code, 1);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
    assert.ok(stderr.includes(`content-fetcher cannot start`) && stderr.includes("is in use"), stderr);
    assert.ok(stderr.includes(fetcher.address), stderr);
    await fetcher.stop();
  });

  it("R20: serves while nothing can be written, its log included", async () => {
    const full = openSync("/dev/full", "w");
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", entryOf("content-fetcher")],
      {
        env: { PATH: process.env["PATH"] ?? "", FETCHER_LISTEN: "127.0.0.1:0", LOG_LEVEL: "debug" },
        stdio: ["ignore", full, full, "ipc"],
      },
    );
    closeSync(full);
    const [message] = await once(child, "message");
    const address = parseServingMessage(message)?.address;
    assert.ok(address);
    const bystander = await startBystander(address);
    await bystander.assertUnharmed();
    bystander.close();
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    assert.equal((await ended)[0], 0);
  });
});

describe("npm start", function () {
  this.timeout(30_000);
  const COMPOSER_LINE = /^guide-composer {2}(\S+)$/;
  const addressOf = (match: RegExpExecArray | undefined): string => {
    assert.ok(match?.[1]);
    return match[1];
  };
  const isGone = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true; // ESRCH: no such process
    }
  };

  it("serves, and ends both services in order, the composer first", async () => {
    const started = runStart({});
    const bystander = await startBystander(addressOf(await started.line(COMPOSER_LINE)));
    await bystander.assertUnharmed();
    assert.ok(started.lines.some((line) => line.startsWith("grpcurl -plaintext ")));
    started.kill("SIGINT");
    assert.equal(await started.ended, 0);
    bystander.close();
    const order = started.lines.flatMap(
      (line) => /"service":"([a-z-]+)".*"shutting down"/.exec(line)?.[1] ?? [],
    );
    assert.deepEqual(order, ["guide-composer", "content-fetcher"]);
  });

  it("ends with an error when one of the two ends by itself", async function () {
    if (process.platform !== "linux") this.skip();
    const started = runStart({});
    await started.line(COMPOSER_LINE);
    const [fetcher = 0, composer = 0] = started.children();
    process.kill(fetcher, "SIGKILL");
    assert.equal(await started.ended, 1);
    assert.ok(isGone(composer));
    assert.ok(started.lines.includes("content-fetcher has ended by a signal; so does the other service"));
  });

  it("takes its services with it when it is killed", async function () {
    if (process.platform !== "linux") this.skip();
    const started = runStart({});
    await started.line(COMPOSER_LINE);
    const services = started.children();
    assert.equal(services.length, 2);
    started.kill("SIGKILL");
    await started.ended;
    await until(() => services.every(isGone));
  });

  it("kills both at a second signal", async function () {
    if (process.platform !== "linux") this.skip();
    const started = runStart({ SHUTDOWN_DELAY_MS: "20000" });
    await started.line(COMPOSER_LINE);
    const services = started.children();
    started.kill("SIGTERM");
    await started.line(/"shutting down"/);
    started.kill("SIGTERM");
    assert.equal(await started.ended, 1);
    await until(() => services.every(isGone));
  });

  it("says which port is in use, and exits with 1", async () => {
    const port = await freePort();
    const taken = await startService("content-fetcher", { FETCHER_LISTEN: `127.0.0.1:${port}` });
    const started = runStart({ FETCHER_LISTEN: taken.address });
    assert.equal(await started.ended, 1);
    assert.equal(started.lines.length, 1, started.lines.join("\n"));
    assert.ok(started.lines[0]?.includes(String(port)));
    await taken.stop();
  });
});
