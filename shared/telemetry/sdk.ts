import { context, metrics, propagation, trace, type TextMapPropagator } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator } from "@opentelemetry/core";
import type { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import type { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { MeterProvider, type MetricReader } from "@opentelemetry/sdk-metrics";
import { NoopSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

export type Environment = Record<string, string | undefined>;

export interface SdkOptions {
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly instrumentations: readonly (UndiciInstrumentation | RuntimeNodeInstrumentation)[];
  readonly propagators: readonly TextMapPropagator[];
  readonly metricReader: MetricReader;
}

/** OpenTelemetry's API is registered; ending it flushes. */
export interface Sdk {
  readonly shutdown: () => Promise<void>;
}

/** What the SDK reads from the environment and has no other way to be told. */
const SDK_DEFAULTS: Readonly<Record<string, string>> = {
  // The SDK's own default puts the command line and the owner of the process into every export.
  OTEL_NODE_RESOURCE_DETECTORS: "service",
  // Counts the spans that were started, exported and dropped, by the reason of the drop.
  OTEL_NODE_EXPERIMENTAL_SDK_METRICS: "true",
};

/** Settings that mean the same without the whole SDK, for a process that exports nothing. */
const PLAIN_SETTINGS: ReadonlySet<string> = new Set([
  "OTEL_LOG_LEVEL",
  "OTEL_LOGS_EXPORTER",
  "OTEL_METRICS_EXPORTER",
  "OTEL_PROPAGATORS",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_SERVICE_NAME",
]);

const TRACE_EXPORT_SETTINGS = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/** An empty value counts as unset, as the specification of OpenTelemetry has it. */
export const isSet = (environment: Environment, name: string): boolean => (environment[name] ?? "") !== "";

/** Whether the standard settings ask for spans to be exported; by default none are. */
function exportsTraces(environment: Environment): boolean {
  if (isSet(environment, "OTEL_TRACES_EXPORTER")) return environment["OTEL_TRACES_EXPORTER"] !== "none";
  return TRACE_EXPORT_SETTINGS.some((name) => isSet(environment, name));
}

/** Whether a setting is there that only the whole SDK understands, such as one of a sampler, a limit or an exporter. */
const needsWholeSdk = (environment: Environment): boolean =>
  exportsTraces(environment) ||
  Object.keys(environment).some(
    (name) =>
      name.startsWith("OTEL_") &&
      isSet(environment, name) &&
      name !== "OTEL_TRACES_EXPORTER" &&
      !PLAIN_SETTINGS.has(name) &&
      environment[name] !== SDK_DEFAULTS[name],
  );

/**
 * Starts the SDK. The whole of it, with exporters, samplers and its configuration file, is loaded when a setting asks
 * for any of that: without, a process serves a tenth of a second sooner.
 *
 * @param environment `process.env`: the SDK reads the standard `OTEL_*` settings from there itself, and defaults of
 * ours are written into it where they are unset
 */
export async function startSdk(options: SdkOptions, environment: Environment): Promise<Sdk> {
  for (const [name, value] of Object.entries(SDK_DEFAULTS)) {
    if (!isSet(environment, name)) environment[name] = value;
  }
  if (!needsWholeSdk(environment)) return startPlainSdk(options);
  const { startNodeSdk } = await import("@opentelemetry/sdk-node");
  return startNodeSdk({
    // Until our logger takes over. Never a level that the SDK writes to stdout.
    logLevel: "warn",
    resourceAttributes: options.resourceAttributes,
    instrumentations: [...options.instrumentations],
    propagators: [...options.propagators],
    metricReaders: [options.metricReader],
    logRecordProcessors: [],
    ...(!exportsTraces(environment) && { spanProcessors: [new NoopSpanProcessor()] }),
  });
}

/** What the whole SDK comes to with the defaults: spans that nobody gets, so that their ids are real, and metrics. */
function startPlainSdk({ resourceAttributes, instrumentations, propagators, metricReader }: SdkOptions): Sdk {
  // Each wins over those before it.
  const detectors = [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector];
  const resource = defaultResource()
    .merge(detectResources({ detectors }))
    .merge(resourceFromAttributes(resourceAttributes));
  const meterProvider = new MeterProvider({ resource, readers: [metricReader], sdkMetricsEnabled: true });
  const tracerProvider = new TracerProvider({
    resource,
    spanProcessors: [new NoopSpanProcessor()],
    meterProvider,
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  if (propagators.length > 0)
    propagation.setGlobalPropagator(new CompositePropagator({ propagators: [...propagators] }));
  metrics.setGlobalMeterProvider(meterProvider);
  trace.setGlobalTracerProvider(tracerProvider);
  for (const instrumentation of instrumentations) {
    instrumentation.setTracerProvider(tracerProvider);
    instrumentation.setMeterProvider(meterProvider);
  }
  return {
    shutdown: async () => {
      await Promise.all([meterProvider.shutdown(), tracerProvider.shutdown()]);
    },
  };
}
