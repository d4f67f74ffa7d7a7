import { pino, type Logger } from "pino";
import { isSpanContextValid, trace } from "@opentelemetry/api";

export type Log = Logger;

/** JSON lines on stderr, each with the ids of the span that it was written in. Never holds a request or an answer. */
export function createLog(service: string, level: string): Log {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const context = trace.getActiveSpan()?.spanContext();
        return context !== undefined && isSpanContextValid(context)
          ? { trace_id: context.traceId, span_id: context.spanId }
          : {};
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
