import type { IncomingMessage, ServerResponse } from "node:http";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { startNodeSdk } from "@opentelemetry/sdk-node";
import { NoopSpanProcessor } from "@opentelemetry/sdk-trace";

export interface Telemetry {
  /** Answers `GET /metrics` with the Prometheus text format; false when the path is another one. */
  readonly serveMetrics: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Flushes and ends. A collector that does not answer is reported and nothing more. */
  readonly shutdown: () => Promise<void>;
}

const TRACE_EXPORT_SETTINGS = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/** Whether the standard settings ask for spans to be exported; by default none are. */
function exportsTraces(environment: Readonly<Record<string, string | undefined>>): boolean {
  const exporter = environment["OTEL_TRACES_EXPORTER"];
  if (exporter !== undefined && exporter !== "") return exporter !== "none";
  return TRACE_EXPORT_SETTINGS.some((name) => (environment[name] ?? "") !== "");
}

/**
 * Starts OpenTelemetry for this process. Spans are made, and trace ids are real, whether or not they are exported.
 * The SDK reads the standard `OTEL_*` settings from the environment itself.
 *
 * @param onShutdownFailed told why spans could not be flushed at the end
 */
export function startTelemetry(
  serviceName: string,
  environment: Readonly<Record<string, string | undefined>>,
  onShutdownFailed: (error: unknown) => void,
): Telemetry {
  const prometheus = new PrometheusExporter({ preventServerStart: true });
  const sdk = startNodeSdk({
    logLevel: environment["OTEL_LOG_LEVEL"] ?? "error",
    resourceAttributes: { "service.name": environment["OTEL_SERVICE_NAME"] ?? serviceName },
    instrumentations: [
      new UndiciInstrumentation({ requireParentforSpans: true }),
      new RuntimeNodeInstrumentation(),
    ],
    metricReaders: [prometheus],
    logRecordProcessors: [],
    ...(!exportsTraces(environment) && { spanProcessors: [new NoopSpanProcessor()] }),
  });
  return {
    serveMetrics: (request, response) => {
      if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") return false;
      prometheus.getMetricsRequestHandler(request, response);
      return true;
    },
    shutdown: async () => {
      try {
        await sdk.shutdown();
      } catch (error) {
        onShutdownFailed(error);
      }
    },
  };
}
