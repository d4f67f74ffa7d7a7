import { createContextKey, type ContextKey, type Interceptor } from "@connectrpc/connect";
import { endOfCall } from "./deadline.ts";
import { toUnreadable, toWire, type ReportDefect } from "./error-wire.ts";

/** Runs a step where the span of a call is the active one. */
export type WithinSpan = <T>(step: () => T) => T;

/** Set once a call has reached the interceptors: from there on they translate its errors, before that nobody does. */
export const ENTERED: ContextKey<WithinSpan | undefined> = createContextKey<WithinSpan | undefined>(
  undefined,
  { description: "the call has reached the interceptors" },
);

/**
 * The one place where what handlers throw becomes a status, for unary methods and streams.
 *
 * @param withinActive gives what runs a step later where the span is active that is so now
 */
export function createErrorInterceptor(
  readMaxBytes: number,
  traceId: () => string,
  withinActive: () => WithinSpan,
  reportDefect: ReportDefect,
): Interceptor {
  return (next) => async (request) => {
    request.contextValues.set(ENTERED, withinActive());
    const translate = (error: unknown): unknown =>
      toWire(isEndOf(request.signal, error) ? endOfCall(error) : error, traceId(), reportDefect);
    try {
      const response = await next(
        request.stream ? { ...request, message: readable(request.message, readMaxBytes) } : request,
      );
      if (!response.stream) return response;
      return { ...response, message: translated(response.message, translate) };
    } catch (error) {
      throw translate(error);
    }
  };
}

/** A handler may throw what its signal was aborted with; that is how the call ended, and no defect. */
const isEndOf = (signal: AbortSignal, error: unknown): boolean => signal.aborted && error === signal.reason;

/** Of a stream the messages are read while the handler runs. What goes wrong with them is the caller's. */
async function* readable<T>(messages: AsyncIterable<T>, readMaxBytes: number): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw toUnreadable(error, readMaxBytes);
  }
}

async function* translated<T>(
  messages: AsyncIterable<T>,
  translate: (error: unknown) => unknown,
): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw translate(error);
  }
}
