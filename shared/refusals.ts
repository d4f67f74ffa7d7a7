import {
  Code,
  ConnectError,
  createContextKey,
  type ContextKey,
  type createHandlerContext,
  type HandlerContext,
} from "@connectrpc/connect";
import { ENTERED } from "./error-interceptor.ts";
import { hasErrorInfo, toUnreadable, toWire, type ReportDefect } from "./error-wire.ts";
import { ServiceError, type Reason } from "./errors.ts";
import type { AnyRequest } from "./open-calls.ts";

/**
 * Looks at a call after its head has arrived and before its body is read. Throws a `ServiceError` to refuse it; lets
 * it in by returning. This is where authentication and load shedding belong. Health and reflection do not pass it.
 * `call.signal` fires when the call has ended, however it did.
 */
export type RequestGate = (call: HandlerContext) => void | Promise<void>;

/** The head of a request, to read from. */
export interface ReadableHeader {
  readonly get: (name: string) => string | null;
  readonly keys: () => Iterable<string>;
}

/** The head of a request that Connect has not seen, as it is: `Headers` would be made for every call that is refused. */
export const headerOf = ({ headers }: Pick<AnyRequest, "headers">): ReadableHeader => ({
  get: (name) => {
    const value = headers[name];
    return typeof value === "string" ? value : null;
  },
  keys: () => Object.keys(headers),
});

/** A call that no interceptor has seen. */
export interface Refusal {
  /** `package.Service/Method`. */
  readonly method: string;
  readonly header: ReadableHeader;
  readonly code: Code;
  readonly reason: Reason;
  /** On the clock of the server. */
  readonly startMs: number;
}

/** Makes span and metric of a refused call, and returns its trace id. */
export type RecordRefusal = (refusal: Refusal) => string;

export interface RefusalOptions {
  /** Whether the gates apply to a service, by its full name. */
  readonly isGated: (service: string) => boolean;
  /** In this order. */
  readonly gates: readonly RequestGate[];
  readonly readMaxBytes: number;
  readonly record: RecordRefusal;
  readonly traceId: () => string;
  readonly reportDefect: ReportDefect;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

/** What stands between a server and its handlers, whoever reads the call. */
export interface CallGate {
  /** Asks the gates; throws the error that refuses the call. */
  readonly pass: (call: HandlerContext) => Promise<void>;
  /** The error for an answer that cannot be written. */
  readonly toDefect: (error: unknown, call: HandlerContext) => ConnectError;
  /**
   * The gate that Connect runs. It asks ours, and sees to it that what goes wrong outside of the interceptors, which is
   * reading a unary request and writing any response, has the form of our errors too.
   */
  readonly ofConnect: RequestGate;
}

/** Set for calls that have passed the gates before Connect gets them. */
export const PASSED: ContextKey<boolean> = createContextKey(false, { description: "the gates let it in" });

export function createCallGate(options: RefusalOptions): CallGate {
  const { reportDefect, traceId } = options;
  const toRefusal = (call: HandlerContext, error: unknown, startMs: number): ConnectError => {
    // Only the translated error knows the code, and only the record of it the trace id.
    const { code, cause } = toWire(error, "", reportDefect);
    const reason = cause instanceof ServiceError ? cause.reason : "INTERNAL";
    const method = `${call.service.typeName}/${call.method.name}`;
    const header = call.requestHeader;
    return toWire(cause, options.record({ method, header, code, reason, startMs }), () => {});
  };
  const toDefect = (error: unknown, call: HandlerContext): ConnectError => {
    const translate = (): ConnectError => toWire(asDefect(error), traceId(), reportDefect);
    return call.values.get(ENTERED)?.(translate) ?? translate();
  };

  async function pass(call: HandlerContext): Promise<void> {
    const startMs = options.now();
    if (!options.isGated(call.service.typeName) || call.values.get(PASSED)) return;
    try {
      for (const gate of options.gates) await gate(call);
    } catch (error) {
      throw toRefusal(call, error, startMs);
    }
  }

  return {
    pass,
    toDefect,
    ofConnect: async (call) => {
      const startMs = options.now();
      const onError = (error: unknown): void => {
        if (!(error instanceof ConnectError) || hasErrorInfo(error) || isEnd(error)) return;
        const told =
          call.values.get(ENTERED) === undefined
            ? toRefusal(call, toUnreadable(error, options.readMaxBytes), startMs)
            : toDefect(error, call);
        const { code, rawMessage, message, details } = told;
        Object.assign(error, { code, rawMessage, message, details });
      };
      // Connect aborts the context of a call with an error before it writes that error down, whatever the protocol.
      const context = call as ReturnType<typeof createHandlerContext>;
      const abort = context.abort.bind(context);
      const tellAndAbort = (reason: unknown): void => {
        onError(reason);
        abort(reason);
      };
      context.abort = tellAndAbort;
      await pass(call);
    },
  };
}

/** The caller's deadline or its departure: nobody reads what is written then. */
const isEnd = ({ code }: ConnectError): boolean =>
  code === Code.DeadlineExceeded || code === Code.Canceled || code === Code.Aborted;

/** After the handler only writing its answer can fail: an answer that is too large, or that cannot be encoded. */
const asDefect = (error: unknown): ServiceError =>
  new ServiceError("INTERNAL", "internal error", { cause: error });
