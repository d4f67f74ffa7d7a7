import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const POLL_MS = 20;

const traceSchema = z.object({
  data: z
    .array(
      z.object({
        spans: z.array(
          z.object({
            spanID: z.string(),
            operationName: z.string(),
            processID: z.string(),
            references: z.array(z.object({ refType: z.string(), traceID: z.string(), spanID: z.string() })),
            tags: z.array(z.object({ key: z.string(), value: z.unknown() })),
            warnings: z.array(z.string()).nullish(),
          }),
        ),
        processes: z.record(z.string(), z.object({ serviceName: z.string() })),
      }),
    )
    .nullable(),
});

/** A span as Jaeger's API tells it. */
export interface JaegerSpan {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly service: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

export interface Jaeger {
  /** OTLP endpoints, as `OTEL_EXPORTER_OTLP_ENDPOINT` takes them. */
  readonly http: string;
  readonly grpc: string;
  /** Asks the API for a trace until `complete` says that all of it has come. */
  readonly trace: (
    traceId: string,
    complete: (spans: readonly JaegerSpan[]) => boolean,
    signal: AbortSignal,
  ) => Promise<readonly JaegerSpan[]>;
  readonly close: () => Promise<void>;
}

/** Starts Jaeger with all parts in one process on free ports, which it logs. */
export async function startJaeger(binary: string): Promise<Jaeger> {
  const config = fileURLToPath(new URL("../telemetry/jaeger.yaml", import.meta.url));
  const child = spawn(binary, [`--config=file:${config}`], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const address = { query: "", http: "", grpc: "" };
  await new Promise<void>((resolve, reject) => {
    const lines: string[] = [];
    child.once("exit", (code) =>
      reject(new Error(`Jaeger ended with ${code}: ${lines.slice(-5).join("\n")}`)),
    );
    child.once("error", reject);
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      address.query ||= /"http_addr": "([^"]+)"/.exec(line)?.[1] ?? "";
      address.grpc ||= /Starting GRPC server.*"endpoint": "([^"]+)"/.exec(line)?.[1] ?? "";
      address.http ||= /Starting HTTP server.*"endpoint": "([^"]+)"/.exec(line)?.[1] ?? "";
      if (line.includes("Everything is ready")) resolve();
    });
  });
  return {
    http: `http://${address.http}`,
    grpc: `http://${address.grpc}`,
    trace: async (traceId, complete, signal) => {
      for (;;) {
        const response = await fetch(`http://${address.query}/api/traces/${traceId}`, { signal });
        const spans = response.ok ? toSpans(traceSchema.parse(await response.json())) : [];
        if (complete(spans)) return spans;
        await delay(POLL_MS, undefined, { signal });
      }
    },
    close: async () => {
      // Its orderly end takes 10 s, and what it holds is in memory only.
      child.kill("SIGKILL");
      await ended;
    },
  };
}

const toSpans = ({ data }: z.infer<typeof traceSchema>): JaegerSpan[] =>
  (data ?? []).flatMap(({ spans, processes }) =>
    spans.map((span) => ({
      id: span.spanID,
      parentId: span.references.find(({ refType }) => refType === "CHILD_OF")?.spanID,
      name: span.operationName,
      service: processes[span.processID]?.serviceName ?? "",
      tags: new Map(span.tags.map(({ key, value }) => [key, String(value)])),
      warnings: span.warnings ?? [],
    })),
  );
