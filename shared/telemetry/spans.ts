import {
  context,
  INVALID_TRACEID,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
} from "@opentelemetry/api";
import { ServiceError, type Reason } from "../errors.ts";
import { ATTRIBUTE } from "./attributes.ts";
import { getTracer } from "./scope.ts";

/** Trace id of the active span, 32 hexadecimal digits; all zeros outside any trace. */
export const activeTraceId = (): string =>
  trace.getSpan(context.active())?.spanContext().traceId ?? INVALID_TRACEID;

/** Runs a step later where the span is active that is so now. */
export function withinActiveSpan(): <T>(step: () => T) => T {
  const active = context.active();
  return (step) => context.with(active, step);
}

/** Runs `step` in a span of its own, which ends on every path and carries the reason of a failure. */
export function inSpan<T>(
  name: string,
  attributes: Attributes,
  step: (span: Span) => Promise<T>,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> {
  return getTracer().startActiveSpan(name, { attributes, kind }, async (span) => {
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

/** Reasons that say something about the request or the caller: their spans are no errors. */
const NO_FAILURE: ReadonlySet<Reason> = new Set<Reason>([
  "REQUEST_INVALID",
  "DESTINATION_AMBIGUOUS",
  "DESTINATION_NOT_FOUND",
  "RESOURCE_NOT_FOUND",
  "CALLER_GONE",
  "PROVIDER_NOT_CONFIGURED",
  "PROVIDER_OUT_OF_COVERAGE",
  "NOT_CACHED",
]);

/**
 * Marks a span by the reason of a failure, and with the HTTP status when one was the reason. The message of an
 * unexpected error stays in the log.
 */
export function recordFailure(span: Span, error: unknown): void {
  const known = error instanceof ServiceError ? error : undefined;
  const reason = known?.reason ?? "INTERNAL";
  span.setAttribute(ATTRIBUTE.reason, reason);
  const status = Number(known?.metadata["status"]);
  if (!Number.isNaN(status)) span.setAttribute(ATTRIBUTE.httpStatus, status);
  if (NO_FAILURE.has(reason)) return;
  span.setAttribute(ATTRIBUTE.errorType, reason);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
