import { context, SpanKind, SpanStatusCode, trace, type Attributes } from "@opentelemetry/api";
import { ATTRIBUTE } from "./attributes.ts";
import { getTracer } from "./scope.ts";

/**
 * Runs a command of Redis in a client span of its own, when it belongs to a trace: what is done in the background has
 * none. Keys and values stay out of it.
 *
 * @param operation name of the command, for example `MGET`
 * @param node which one is asked; undefined when only the client knows
 */
export async function inRedisSpan<T>(
  operation: string,
  node: { readonly host: string; readonly port: number } | undefined,
  command: () => Promise<T>,
): Promise<T> {
  if (trace.getSpan(context.active()) === undefined) return await command();
  const attributes: Attributes = {
    [ATTRIBUTE.dbSystem]: "redis",
    [ATTRIBUTE.dbOperation]: operation,
    ...(node && { [ATTRIBUTE.serverAddress]: node.host, [ATTRIBUTE.serverPort]: node.port }),
  };
  return await getTracer().startActiveSpan(operation, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      return await command();
    } catch (error) {
      span.setAttribute(ATTRIBUTE.errorType, errorTypeOf(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** What Redis calls an error that it answers with, for example `READONLY`; else the kind of failure. */
export function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const [word = ""] = error.message.split(" ", 1);
  return error.name === "ReplyError" && /^[A-Z]+$/.test(word) ? word : error.name;
}
