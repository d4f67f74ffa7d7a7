import { metrics, propagation, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { RecordRefusal } from "../refusals.ts";
import { ATTRIBUTE } from "./attributes.ts";
import { DURATION_BUCKETS_S, HEADER_GETTER, isServerFault, systemOf, toStatusName } from "./interceptors.ts";
import { activeContext } from "./plain-context.ts";
import { getTracer } from "./scope.ts";

/**
 * Span and duration of calls that are refused before any interceptor runs, like those that the telemetry interceptor
 * makes of the others.
 *
 * @param now monotonic clock, milliseconds
 */
export function createRefusalRecorder(now: () => number): RecordRefusal {
  const tracer = getTracer();
  const duration = metrics.getMeter("wayfarer").createHistogram("rpc.server.call.duration", {
    unit: "s",
    description: "Duration of RPCs",
    advice: { explicitBucketBoundaries: DURATION_BUCKETS_S },
  });
  return ({ method, header, code, reason, startMs }) => {
    const status = toStatusName(code);
    const attributes = {
      [ATTRIBUTE.rpcSystem]: systemOf(header),
      [ATTRIBUTE.rpcMethod]: method,
      [ATTRIBUTE.rpcStatus]: status,
      [ATTRIBUTE.reason]: reason,
    };
    const span = tracer.startSpan(
      method,
      { kind: SpanKind.SERVER, attributes },
      propagation.extract(activeContext(), header, HEADER_GETTER),
    );
    if (isServerFault(code)) {
      span.setAttribute(ATTRIBUTE.errorType, status);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
    duration.record((now() - startMs) / 1000, attributes);
    return span.spanContext().traceId;
  };
}
