import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const attributes = z
  .array(
    z.object({
      key: z.string(),
      value: z.object({
        stringValue: z.string().optional(),
        intValue: z.union([z.number(), z.string()]).optional(),
        boolValue: z.boolean().optional(),
        doubleValue: z.number().optional(),
      }),
    }),
  )
  .transform((pairs) => new Map(pairs.map(({ key, value }) => [key, String(Object.values(value)[0])])));

const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes,
  events: z.array(z.object({ name: z.string(), attributes })),
  status: z.object({ code: z.number() }),
});

const requestSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ scope: z.object({ name: z.string() }), spans: z.array(spanSchema) })),
    }),
  ),
});

/** A span as the collector got it. */
export interface CollectedSpan extends z.infer<typeof spanSchema> {
  readonly service: string;
  /** Name of the instrumentation. */
  readonly scope: string;
  readonly resource: ReadonlyMap<string, string>;
}

export interface OtlpCollector {
  /** Value of `OTEL_EXPORTER_OTLP_ENDPOINT`; speaks `http/json`. */
  readonly endpoint: string;
  /** Spans of a trace, once `complete` says so of those that have come. */
  readonly trace: (
    traceId: string,
    complete: (spans: readonly CollectedSpan[]) => boolean,
  ) => Promise<readonly CollectedSpan[]>;
  /** All spans that have come. */
  readonly spans: readonly CollectedSpan[];
  readonly close: () => Promise<void>;
}

/** A collector on a free port. With `hang` it accepts exports and never answers. */
export async function startOtlpCollector(behaviour: "collect" | "hang" = "collect"): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      if (behaviour === "hang") return;
      for (const { resource, scopeSpans } of requestSchema.parse(JSON.parse(Buffer.concat(chunks).toString()))
        .resourceSpans) {
        for (const { scope, spans: exported } of scopeSpans) {
          for (const span of exported) {
            spans.push({
              ...span,
              service: resource.attributes.get("service.name") ?? "",
              scope: scope.name,
              resource: resource.attributes,
            });
          }
        }
      }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
      server.emit("exported");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    trace: async (traceId, complete) => {
      for (;;) {
        const found = spans.filter((span) => span.traceId === traceId);
        if (complete(found)) return found;
        await once(server, "exported");
      }
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
