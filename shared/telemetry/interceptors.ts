import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import {
  context,
  metrics,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type TextMapGetter,
  type TextMapSetter,
} from "@opentelemetry/api";
import { reasonOf } from "../error-wire.ts";
import type { ReadableHeader } from "../refusals.ts";
import { ATTRIBUTE } from "./attributes.ts";
import { activeContext } from "./plain-context.ts";
import { getTracer } from "./scope.ts";

export const HEADER_GETTER: TextMapGetter<ReadableHeader> = {
  keys: (headers) => [...headers.keys()],
  get: (headers, key) => headers.get(key) ?? undefined,
};
const SETTER: TextMapSetter<Headers> = { set: (headers, key, value) => headers.set(key, value) };

/** Upper bounds of buckets of call durations, seconds, as the semantic conventions advise for RPC. */
export const DURATION_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Codes that mean a defect or an outage of the server; for the others its span stays unmarked, as semconv 1.45 says. */
const SERVER_FAULTS: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** Whether a code marks the span of a server. */
export const isServerFault = (code: Code): boolean => SERVER_FAULTS.has(code);

type Side = "client" | "server";

/** Probes come every few seconds for ever and are no calls of anybody. */
const UNTRACED_SERVICES: ReadonlySet<string> = new Set(["grpc.health.v1.Health"]);

/** Which of its protocols a server was called by; the hop is gRPC. */
export const systemOf = (header: Pick<ReadableHeader, "get">): string =>
  header.get("content-type")?.startsWith("application/grpc") === true ? "grpc" : "connectrpc";

/**
 * One span and one duration per RPC, on either side of the hop. Streams keep their span until they end, and the code
 * that produces a message runs within it.
 *
 * @param now monotonic clock, milliseconds
 */
export function createTelemetryInterceptor(side: Side, now: () => number): Interceptor {
  const tracer = getTracer();
  const duration = metrics.getMeter("wayfarer").createHistogram(`rpc.${side}.call.duration`, {
    unit: "s",
    description: "Duration of RPCs",
    advice: { explicitBucketBoundaries: DURATION_BUCKETS_S },
  });

  return (next) => async (request) => {
    if (UNTRACED_SERVICES.has(request.service.typeName)) return await next(request);
    const method = `${request.service.typeName}/${request.method.name}`;
    const attributes = {
      [ATTRIBUTE.rpcSystem]: side === "client" ? "grpc" : systemOf(request.header),
      [ATTRIBUTE.rpcMethod]: method,
      ...(side === "client" && addressOf(request.url)),
    };
    const parent =
      side === "server"
        ? propagation.extract(activeContext(), request.header, HEADER_GETTER)
        : activeContext();
    const span = tracer.startSpan(
      method,
      { kind: side === "server" ? SpanKind.SERVER : SpanKind.CLIENT, attributes },
      parent,
    );
    const within = trace.setSpan(parent, span);
    if (side === "client") propagation.inject(within, request.header, SETTER);
    const startMs = now();
    const end = (error?: unknown): void => {
      const failure = error === undefined ? undefined : ConnectError.from(error);
      const code = failure?.code;
      const reason = failure && reasonOf(failure);
      const status = code === undefined ? "OK" : toStatusName(code);
      const ending = { [ATTRIBUTE.rpcStatus]: status, ...(reason && { [ATTRIBUTE.reason]: reason }) };
      span.setAttributes(ending);
      if (code !== undefined && (side === "client" || isServerFault(code))) {
        span.setAttribute(ATTRIBUTE.errorType, status);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
      duration.record((now() - startMs) / 1000, { ...attributes, ...ending });
    };
    try {
      const response = await context.with(within, () => next(request));
      if (response.stream) return { ...response, message: streamWithin(response.message, within, span, end) };
      end();
      return response;
    } catch (error) {
      end(error);
      throw error;
    }
  };
}

/** Re-enters the span's context for each message, and ends the span with the stream, however that comes. */
async function* streamWithin<T>(
  messages: AsyncIterable<T>,
  within: Context,
  span: Span,
  end: (error?: unknown) => void,
): AsyncGenerator<T> {
  const iterator = context.with(within, () => messages[Symbol.asyncIterator]());
  let messageCount = 0;
  let ended = false;
  const endStream = (error?: unknown): void => {
    ended = true;
    span.setAttribute(ATTRIBUTE.messageCount, messageCount);
    end(error);
  };
  const next = async (): Promise<IteratorResult<T>> => {
    try {
      return await context.with(within, () => iterator.next());
    } catch (error) {
      endStream(error);
      throw error;
    }
  };
  try {
    for (let result = await next(); result.done !== true; result = await next()) {
      messageCount += 1;
      yield result.value;
    }
    endStream();
  } finally {
    // The reader has left before the end, by returning or by throwing: whoever makes the messages has to stop too.
    if (!ended) {
      try {
        await context.with(within, () => iterator.return?.());
      } finally {
        endStream(new ConnectError("the caller has gone", Code.Canceled));
      }
    }
  }
}

function addressOf(url: string): Attributes {
  const { hostname, port } = new URL(url);
  return {
    [ATTRIBUTE.serverAddress]: hostname,
    ...(port !== "" && { [ATTRIBUTE.serverPort]: Number(port) }),
  };
}

/** `DEADLINE_EXCEEDED` of `Code.DeadlineExceeded`: the spelling of gRPC, which has two L in CANCELLED. */
export const toStatusName = (code: Code): string =>
  code === Code.Canceled
    ? "CANCELLED"
    : (Code[code] ?? "Unknown").replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
