import {
  context,
  INVALID_TRACEID,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
} from "@opentelemetry/api";
import { ServiceError } from "../errors.ts";
import { ATTRIBUTE } from "./attributes.ts";

const tracer = () => trace.getTracer("wayfarer");

/** Trace id of the active span, 32 hexadecimal digits; all zeros outside any trace. */
export const activeTraceId = (): string =>
  trace.getSpan(context.active())?.spanContext().traceId ?? INVALID_TRACEID;

/** Runs `step` in a span of its own, which ends on every path and carries the reason of a failure. */
export function inSpan<T>(
  name: string,
  attributes: Attributes,
  step: (span: Span) => Promise<T>,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> {
  return tracer().startActiveSpan(name, { attributes, kind }, async (span) => {
    try {
      return await step(span);
    } catch (error) {
      recordFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Marks a span as failed by reason; the message of an unexpected error stays in the log. */
export function recordFailure(span: Span, error: unknown): void {
  const reason = error instanceof ServiceError ? error.reason : "INTERNAL";
  span.setAttributes({ [ATTRIBUTE.errorType]: reason, [ATTRIBUTE.reason]: reason });
  span.setStatus({ code: SpanStatusCode.ERROR });
}
