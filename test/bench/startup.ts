import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus } from "../../shared/gen/grpc/health/v1/health_pb.ts";
import { createRounds, type Group } from "./metric.ts";

const ROUND_COUNT = 5;
const POLL_MS = 5;

/** Both services as `npm start` runs them, until the health service of each says SERVING. */
export const startup: Group = {
  names: ["startup.serving_ms"],
  method:
    `${ROUND_COUNT} rounds after one that fills the compile cache: from the start of services/start.ts, which is what ` +
    "`npm start` runs, to SERVING from grpc.health.v1 of both services, each a process of its own",
  run: async () => {
    const rounds = createRounds({ "startup.serving_ms": "ms" });
    await servingMs();
    for (let round = 0; round < ROUND_COUNT; round += 1) rounds.add("startup.serving_ms", await servingMs());
    return rounds.metrics();
  },
};

async function servingMs(): Promise<number> {
  const { PATH = "", HOME = "" } = process.env;
  const startMs = performance.now();
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      fileURLToPath(new URL("../../services/start.ts", import.meta.url)),
    ],
    {
      env: {
        PATH,
        HOME,
        COMPOSER_LISTEN: "127.0.0.1:0",
        ADMIN_LISTEN: "127.0.0.1:0",
        FETCHER_LISTEN: "127.0.0.1:0",
      },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const addresses: string[] = [];
  const serving = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    const address = /"address":"([^"]+)","msg":"[a-z-]+ is serving"/.exec(line)?.[1];
    if (address === undefined) return;
    addresses.push(address);
    if (addresses.length === 2) serving.resolve();
  });
  void ended.then(() => serving.reject(new Error("npm start ended before both services were serving")));
  try {
    await serving.promise;
    await Promise.all(addresses.map(untilServing));
    return performance.now() - startMs;
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

async function untilServing(address: string): Promise<void> {
  const health = createClient(Health, createGrpcTransport({ baseUrl: `http://${address}` }));
  while ((await health.check({})).status !== HealthCheckResponse_ServingStatus.SERVING)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
