import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { isFieldError } from "@bufbuild/protobuf/reflect";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequest_FieldViolationSchema,
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "./gen/google/rpc/error_details_pb.ts";
import { ErrorReason } from "./gen/wayfarer/type/v1/error_reason_pb.ts";
import { REASON_CODE, ServiceError, type FieldViolation, type Reason } from "./errors.ts";

/** Domain of every `google.rpc.ErrorInfo` of ours. */
export const ERROR_DOMAIN = "wayfarer";

/**
 * Most that the violations of one error take, bytes. Details travel in a trailer, as base64, and gRPC's C and Java
 * implementations refuse metadata above 8 KiB unless they are told otherwise.
 */
const MAX_VIOLATION_BYTES = 4 << 10;
/** Most that is told of what a parser says about a message, characters: it may quote the message. */
const MAX_QUOTE_LENGTH = 200;

/** Told of errors that nobody expected: their cause is in the log under the trace id, never in the answer. */
export type ReportDefect = (error: unknown) => void;

/**
 * Translates what a handler threw into what goes over the wire: the reason's code, ErrorInfo, and BadRequest and
 * RetryInfo where they apply. A plain `Error` becomes INTERNAL without a word of its own text.
 */
export function toWire(error: unknown, traceId: string, reportDefect: ReportDefect): ConnectError {
  if (error instanceof ConnectError && hasErrorInfo(error)) return error;
  const known = error instanceof ConnectError ? ofConnect(error) : error;
  if (!(known instanceof ServiceError) || REASON_CODE[known.reason] === undefined) {
    reportDefect(error);
    return build(new ServiceError("INTERNAL", "internal error", { cause: error }), Code.Internal, traceId);
  }
  if (known.reason === "INTERNAL") reportDefect(error);
  return build(known, REASON_CODE[known.reason] ?? Code.Internal, traceId);
}

export const hasErrorInfo = (error: ConnectError): boolean => error.findDetails(ErrorInfoSchema).length > 0;

/** Reasons of what Connect itself raises while a handler runs; any other code is a defect. */
const CONNECT_REASON: Readonly<Partial<Record<Code, readonly [Reason, string]>>> = {
  [Code.DeadlineExceeded]: ["DEADLINE_EXPIRED", "The caller's deadline has passed"],
  [Code.Canceled]: ["CALLER_GONE", "The call was cancelled"],
  [Code.Aborted]: ["CALLER_GONE", "The connection was lost"],
  [Code.Unimplemented]: ["REQUEST_UNSUPPORTED", "The server does not serve this method"],
};

function ofConnect(error: ConnectError): ServiceError | undefined {
  const [reason, message] = CONNECT_REASON[error.code] ?? [];
  return reason && message ? new ServiceError(reason, message, { cause: error }) : undefined;
}

/**
 * What it means that a request could not be read: too large, compressed, cut off, or not what the method takes. Connect
 * gives some of these the code INTERNAL, which would make the caller's fault ours.
 */
export function toUnreadable(error: unknown, readMaxBytes: number): ServiceError {
  if (!(error instanceof ConnectError)) {
    return new ServiceError("CALLER_GONE", "The connection was lost", { cause: error });
  }
  const cause = error;
  if (error.code === Code.ResourceExhausted) {
    return new ServiceError("REQUEST_TOO_LARGE", `A request has at most ${readMaxBytes} bytes`, {
      metadata: { max_bytes: String(readMaxBytes) },
      cause,
    });
  }
  if (error.code === Code.Unimplemented)
    return new ServiceError("REQUEST_UNSUPPORTED", quote(error.rawMessage), { cause });
  return (
    ofConnect(error) ??
    new ServiceError("REQUEST_INVALID", "The request cannot be read", {
      violations: [{ field: fieldOf(error), description: quote(error.rawMessage) }],
      cause,
    })
  );
}

/** The innermost field that a JSON parser stopped at; empty, the path of the message itself, when it names none. */
function fieldOf({ cause }: ConnectError): string {
  const inner = cause instanceof Error ? cause.cause : undefined;
  if (!isFieldError(inner)) return "";
  const at = inner.field();
  return at.kind === "field" ? at.name : "";
}

/** Cut without leaving half a surrogate pair, which could not be sent. */
const quote = (text: string): string => text.slice(0, MAX_QUOTE_LENGTH).toWellFormed();

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
  const violations = whatFits(error.violations);
  if (violations.length > 0) {
    const value: MessageInitShape<typeof BadRequestSchema> = {
      fieldViolations: violations.map((violation) => ({ ...violation })),
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
  const leftOut = error.violations.length - violations.length;
  const message =
    leftOut === 0 ? error.message : `${error.message}; ${leftOut} more violations are not listed`;
  const wire = new ConnectError(message, code, undefined, undefined, error);
  wire.details = details;
  return wire;
}

function whatFits(violations: readonly FieldViolation[]): readonly FieldViolation[] {
  let bytes = 0;
  const end = violations.findIndex((violation) => {
    const message = create(BadRequest_FieldViolationSchema, { ...violation });
    bytes += toBinary(BadRequest_FieldViolationSchema, message).length;
    return bytes > MAX_VIOLATION_BYTES;
  });
  return end === -1 ? violations : violations.slice(0, end);
}

/** The reason that an error carries; undefined when nobody of ours made it. */
export function reasonOf(error: ConnectError): Reason | undefined {
  const reason = error.findDetails(ErrorInfoSchema).find(({ domain }) => domain === ERROR_DOMAIN)?.reason;
  return reason !== undefined && isReason(reason) ? reason : undefined;
}

/** Reads a server's error back: by its ErrorInfo, and by code when nobody of ours made it. */
export function fromWire(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const wire = ConnectError.from(error);
  const [info] = wire.findDetails(ErrorInfoSchema);
  const [retry] = wire.findDetails(RetryInfoSchema);
  const retryDelayMs = retry?.retryDelay && durationMs(retry.retryDelay);
  const wait = retryDelayMs === undefined ? {} : { retryDelayMs };
  if (info?.domain === ERROR_DOMAIN && isReason(info.reason)) {
    return new ServiceError(info.reason, wire.rawMessage, { cause: error, metadata: info.metadata, ...wait });
  }
  const [reason, message] = FOREIGN_REASON[wire.code] ?? ["INTERNAL", "The server failed"];
  return new ServiceError(reason, message, {
    cause: error,
    ...wait,
    ...(reason === "DEADLINE_EXPIRED" && { metadata: { step: "answer" } }),
  });
}

/** What a status without an ErrorInfo of ours means to its caller; any other one is a defect. */
const FOREIGN_REASON: Readonly<Partial<Record<Code, readonly [Reason, string]>>> = {
  [Code.Unavailable]: ["CONTENT_SERVICE_UNAVAILABLE", "The server cannot be reached"],
  [Code.DeadlineExceeded]: ["DEADLINE_EXPIRED", "The deadline passed before the server answered"],
  [Code.Canceled]: ["CALLER_GONE", "The call was cancelled"],
};

const isReason = (name: string): name is Reason => name in REASON_CODE && name in ErrorReason;
