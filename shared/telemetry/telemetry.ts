import type { IncomingMessage, ServerResponse } from "node:http";
import { context, diag, metrics, propagation, trace, type DiagLogger } from "@opentelemetry/api";
import { diagLogLevelFromString } from "@opentelemetry/core";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { ATTR_URL_FULL, ATTR_URL_QUERY } from "@opentelemetry/semantic-conventions";
import type { Log } from "../log.ts";
import { createPropagators } from "./propagation.ts";
import { isSet, startSdk, type Environment } from "./sdk.ts";

export interface Telemetry {
  /** Answers `GET /metrics` with the Prometheus text format; false when the path is another one. */
  readonly serveMetrics: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Flushes and ends, within 2 s. A collector that does not answer is logged and nothing more. */
  readonly shutdown: () => Promise<void>;
}

/** A collector that is down or slow must not hold up a process that has drained. */
const FLUSH_TIMEOUT_MS = 2_000;

/** Whether the operator named the service: their name wins over ours. */
const namesService = (environment: Environment): boolean =>
  isSet(environment, "OTEL_SERVICE_NAME") ||
  /(?:^|,)\s*service\.name=/.test(environment["OTEL_RESOURCE_ATTRIBUTES"] ?? "");

/** The SDK's own complaints, for example about a collector that is down, as lines of our log. None is an error of ours. */
const toDiagLogger = (log: Log): DiagLogger => ({
  error: (message, ...details) => log.warn({ details }, `OpenTelemetry: ${message}`),
  warn: (message, ...details) => log.warn({ details }, `OpenTelemetry: ${message}`),
  info: (message, ...details) => log.info({ details }, `OpenTelemetry: ${message}`),
  debug: (message, ...details) => log.debug({ details }, `OpenTelemetry: ${message}`),
  verbose: (message, ...details) => log.trace({ details }, `OpenTelemetry: ${message}`),
});

/**
 * Starts OpenTelemetry for this process. Spans are made, and trace ids are real, whether or not they are exported.
 *
 * @param environment `process.env`: the SDK reads the standard `OTEL_*` settings from there itself, and defaults of
 * ours are written into it where they are unset
 */
export async function startTelemetry(
  serviceName: string,
  environment: Environment,
  log: Log,
): Promise<Telemetry> {
  for (const name of ["OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"]) {
    if (isSet(environment, name) && environment[name] !== "none") {
      log.warn({ setting: name }, "the setting has no effect: metrics are at /metrics, logs on stderr");
    }
  }
  const diagLevel = diagLogLevelFromString(environment["OTEL_LOG_LEVEL"]);
  const prometheus = new PrometheusExporter({ preventServerStart: true });
  const instrumentations = [
    new UndiciInstrumentation({
      requireParentforSpans: true,
      // Queries hold what callers typed, and may hold the keys of providers.
      startSpanHook: ({ origin, path }) => ({
        [ATTR_URL_FULL]: `${origin}${path.split("?")[0] ?? ""}`,
        [ATTR_URL_QUERY]: "",
      }),
    }),
    new RuntimeNodeInstrumentation(),
  ];
  const sdk = await startSdk(
    {
      resourceAttributes: namesService(environment) ? {} : { "service.name": serviceName },
      instrumentations,
      propagators: createPropagators(environment["OTEL_PROPAGATORS"], (name) =>
        log.warn({ name }, "OTEL_PROPAGATORS names a propagator that is not supported"),
      ),
      metricReader: prometheus,
    },
    environment,
  );
  diag.setLogger(toDiagLogger(log), {
    suppressOverrideMessage: true,
    ...(diagLevel !== undefined && { logLevel: diagLevel }),
  });

  return {
    serveMetrics: (request, response) => {
      if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") return false;
      prometheus.getMetricsRequestHandler(request, response);
      return true;
    },
    shutdown: async () => {
      for (const instrumentation of instrumentations) instrumentation.disable();
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => reject(new Error(`the collector did not take them within ${FLUSH_TIMEOUT_MS} ms`)),
        FLUSH_TIMEOUT_MS,
      );
      try {
        await Promise.race([sdk.shutdown(), late]);
      } catch (error) {
        log.warn({ err: error }, "the last spans could not be exported");
      } finally {
        clearTimeout(timer);
        for (const api of [trace, metrics, context, propagation, diag]) api.disable();
      }
    },
  };
}
