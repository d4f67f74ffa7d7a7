import { pino, type Logger } from "pino";
import { isSpanContextValid, trace } from "@opentelemetry/api";

export type Log = Logger;

/** JSON lines on stderr, each with the ids of the span that it was written in. Never holds a request or an answer. */
export function createLog(service: string, level: string): Log {
  const destination = pino.destination({ dest: 2, sync: true });
  // A full disk or a reader that has gone loses lines; it must not end the service, and there is nowhere to report it.
  destination.on("error", () => {});
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: toLoggedError },
      mixin: () => {
        const context = trace.getActiveSpan()?.spanContext();
        return context !== undefined && isSpanContextValid(context)
          ? { trace_id: context.traceId, span_id: context.spanId }
          : {};
      },
    },
    destination,
  );
}

interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly reason?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** Causes of causes that are logged; deeper ones repeat what is known. */
const MAX_CAUSE_COUNT = 5;

/**
 * An error as the log has it. Its other properties stay out: libraries hang requests, answers and headers on their
 * errors, and those hold what callers wrote, or secrets.
 */
export function toLoggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: "a value that is no Error was thrown" };
  const { name, message, stack, cause } = error;
  const code = "code" in error ? error.code : undefined;
  const reason = "reason" in error ? error.reason : undefined;
  return {
    type: name,
    message,
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(typeof reason === "string" && { reason }),
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && depth < MAX_CAUSE_COUNT && { cause: toLoggedError(cause, depth + 1) }),
  };
}
