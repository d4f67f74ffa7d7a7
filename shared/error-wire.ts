import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.ts";
import { ErrorReason } from "./gen/wayfarer/type/v1/error_reason_pb.ts";
import { REASON_CODE, ServiceError, type Reason } from "./errors.ts";

/** Domain of every `google.rpc.ErrorInfo` of ours. */
export const ERROR_DOMAIN = "wayfarer";

/** Told of errors that nobody expected: their cause is in the log under the trace id, never in the answer. */
export type ReportDefect = (error: unknown) => void;

/**
 * Translates what a handler threw into what goes over the wire: the reason's code, ErrorInfo, and BadRequest and
 * RetryInfo where they apply. A plain `Error` becomes INTERNAL without a word of its own text. Connect's own errors
 * (unreadable message, unknown method, a limit) keep their code and gain a reason where one fits.
 */
export function toWire(error: unknown, traceId: string, reportDefect: ReportDefect): ConnectError {
  if (error instanceof ConnectError) return connectError(error, traceId, reportDefect);
  if (!(error instanceof ServiceError) || REASON_CODE[error.reason] === undefined) {
    reportDefect(error);
    return build(new ServiceError("INTERNAL", "internal error"), Code.Internal, traceId);
  }
  if (error.reason === "INTERNAL") reportDefect(error);
  return build(error, REASON_CODE[error.reason] ?? Code.Internal, traceId);
}

function connectError(error: ConnectError, traceId: string, reportDefect: ReportDefect): ConnectError {
  if (error.findDetails(ErrorInfoSchema).length > 0) return error;
  const reason = CONNECT_REASON[error.code];
  if (reason === undefined) return error;
  if (reason === "INTERNAL") {
    reportDefect(error);
    return build(new ServiceError("INTERNAL", "internal error"), Code.Internal, traceId);
  }
  return build(new ServiceError(reason, error.rawMessage), error.code, traceId);
}

/** Reasons of errors that Connect itself raises; the others carry their code alone. */
const CONNECT_REASON: Readonly<Partial<Record<Code, Reason>>> = {
  [Code.InvalidArgument]: "REQUEST_INVALID",
  [Code.DeadlineExceeded]: "DEADLINE_EXPIRED",
  [Code.Canceled]: "CALLER_GONE",
  [Code.Internal]: "INTERNAL",
  [Code.Unknown]: "INTERNAL",
};

function build(error: ServiceError, code: Code, traceId: string): ConnectError {
  const details: ConnectError["details"] = [
    {
      desc: ErrorInfoSchema,
      value: create(ErrorInfoSchema, {
        reason: error.reason,
        domain: ERROR_DOMAIN,
        metadata: { ...error.metadata, trace_id: traceId },
      }),
    },
  ];
  if (error.violations.length > 0) {
    const value: MessageInitShape<typeof BadRequestSchema> = {
      fieldViolations: error.violations.map((violation) => ({ ...violation })),
    };
    details.push({ desc: BadRequestSchema, value: create(BadRequestSchema, value) });
  }
  if (error.retryDelayMs !== undefined) {
    details.push({
      desc: RetryInfoSchema,
      value: create(RetryInfoSchema, { retryDelay: durationFromMs(Math.ceil(error.retryDelayMs)) }),
    });
  }
  for (const { desc, value } of error.details) details.push({ desc, value });
  const wire = new ConnectError(error.message, code, undefined, undefined, error);
  wire.details = details;
  return wire;
}

/** Reads the other service's error back: by its ErrorInfo, and by code when nobody of ours made it. */
export function fromWire(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const wire = ConnectError.from(error);
  const [info] = wire.findDetails(ErrorInfoSchema);
  const [retry] = wire.findDetails(RetryInfoSchema);
  const retryDelayMs = retry?.retryDelay && durationMs(retry.retryDelay);
  if (info?.domain === ERROR_DOMAIN && isReason(info.reason)) {
    const reason: Reason = info.reason === "SHUTTING_DOWN" ? "CONTENT_SERVICE_UNAVAILABLE" : info.reason;
    return new ServiceError(reason, wire.rawMessage, {
      cause: error,
      metadata: info.metadata,
      ...(retryDelayMs !== undefined && { retryDelayMs }),
    });
  }
  const [reason, message] = FOREIGN_REASON[wire.code] ?? ["INTERNAL", "The content service failed"];
  return new ServiceError(reason, message, {
    cause: error,
    ...(reason === "CONTENT_SERVICE_UNAVAILABLE" && { retryDelayMs: retryDelayMs ?? 1_000 }),
    ...(reason === "DEADLINE_EXPIRED" && { metadata: { step: "fetch" } }),
  });
}

/** What a status without an ErrorInfo of ours means to its caller; any other one is a defect. */
const FOREIGN_REASON: Readonly<Partial<Record<Code, readonly [Reason, string]>>> = {
  [Code.Unavailable]: ["CONTENT_SERVICE_UNAVAILABLE", "The content service cannot be reached"],
  [Code.DeadlineExceeded]: ["DEADLINE_EXPIRED", "The deadline passed while the content service was asked"],
  [Code.Canceled]: ["CALLER_GONE", "The call was cancelled"],
};

const isReason = (name: string): name is Reason => name in REASON_CODE && name in ErrorReason;

/** Server side: the one place where what handlers throw becomes a status, for unary methods and streams. */
export function createErrorInterceptor(traceId: () => string, reportDefect: ReportDefect): Interceptor {
  return (next) => async (request) => {
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: translated(response.message, traceId, reportDefect) };
    } catch (error) {
      throw toWire(error, traceId(), reportDefect);
    }
  };
}

async function* translated<T>(
  messages: AsyncIterable<T>,
  traceId: () => string,
  reportDefect: ReportDefect,
): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw toWire(error, traceId(), reportDefect);
  }
}
