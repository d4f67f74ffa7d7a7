import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { startNodeSdk } from "@opentelemetry/sdk-node";
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from "@opentelemetry/sdk-trace";

/** A measured value with its attributes; of a histogram, how often something was recorded. */
export interface RecordedMetric {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number;
}

/** Spans and metrics of this process, kept instead of exported. */
export interface RecordedTelemetry {
  /** Spans that have ended. */
  readonly spans: () => readonly ReadableSpan[];
  readonly metrics: () => Promise<readonly RecordedMetric[]>;
  /** Forgets the spans. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

/** Takes over telemetry for the process; whatever is started afterwards is recorded. */
export function recordTelemetry(): RecordedTelemetry {
  const exporter = new InMemorySpanExporter();
  const reader = new PrometheusExporter({ preventServerStart: true });
  const sdk = startNodeSdk({
    logLevel: "error",
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    metricReaders: [reader],
    logRecordProcessors: [],
    instrumentations: [],
  });
  return {
    spans: () => exporter.getFinishedSpans(),
    metrics: async () => {
      const { resourceMetrics } = await reader.collect();
      return resourceMetrics.scopeMetrics.flatMap(({ metrics: all }) =>
        all.flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => ({
            name: descriptor.name,
            attributes,
            value: typeof value === "number" ? value : value.count,
          })),
        ),
      );
    },
    reset: () => exporter.reset(),
    close: async () => {
      await sdk.shutdown();
      for (const api of [trace, metrics, context, propagation]) api.disable();
    },
  };
}
