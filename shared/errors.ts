import { Code } from "@connectrpc/connect";
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason, ErrorReasonSchema } from "./gen/wayfarer/type/v1/error_reason_pb.ts";

/** Name of a reason as it stands in `google.rpc.ErrorInfo`, in spans, metrics and logs. */
export type Reason = Exclude<keyof typeof ErrorReason, "UNSPECIFIED">;

/**
 * The code that a reason fails a call with. `undefined` marks reasons that are data only: they stand in
 * outcomes and omissions and never fail a call. The codes are those that `error_reason.proto` states.
 */
export const REASON_CODE = {
  REQUEST_INVALID: Code.InvalidArgument,
  DESTINATION_AMBIGUOUS: Code.InvalidArgument,
  DESTINATION_NOT_FOUND: Code.NotFound,
  DESTINATION_UNRESOLVED: Code.Unavailable,
  RESOURCE_NOT_FOUND: Code.NotFound,
  NO_CONTENT: Code.Unavailable,
  REQUIRED_SECTION_MISSING: Code.Unavailable,
  CONTENT_SERVICE_UNAVAILABLE: Code.Unavailable,
  BUDGET_EXHAUSTED: Code.ResourceExhausted,
  OVERLOADED: Code.ResourceExhausted,
  SHUTTING_DOWN: Code.Unavailable,
  DEADLINE_TOO_SHORT: Code.DeadlineExceeded,
  DEADLINE_EXPIRED: Code.DeadlineExceeded,
  CALLER_GONE: Code.Canceled,
  INTERNAL: Code.Internal,
  REQUEST_UNSUPPORTED: Code.Unimplemented,
  REQUEST_TOO_LARGE: Code.ResourceExhausted,
  PROVIDER_UNAVAILABLE: undefined,
  PROVIDER_TIMEOUT: undefined,
  PROVIDER_CIRCUIT_OPEN: undefined,
  PROVIDER_RATE_LIMITED: undefined,
  PROVIDER_NOT_CONFIGURED: undefined,
  PROVIDER_ACCESS_DENIED: undefined,
  PROVIDER_OUT_OF_COVERAGE: undefined,
  PROVIDER_RESPONSE_INVALID: undefined,
  NOT_CACHED: undefined,
} as const satisfies Record<Reason, Code | undefined>;

/** One bad field of a request: its path in proto spelling, for example `spec.day_count`, and what it must be. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** A message for the error's details besides ErrorInfo, BadRequest and RetryInfo, for example candidates. */
export interface ErrorDetail {
  readonly desc: DescMessage;
  readonly value: MessageInitShape<DescMessage>;
}

export interface ServiceErrorOptions {
  /** For machines; the keys are part of the API. Never a secret, never text of a caller or a provider. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** All violations at once. */
  readonly violations?: readonly FieldViolation[];
  /** Earliest useful time to try again. Absent when trying again cannot help. */
  readonly retryDelayMs?: number;
  readonly details?: readonly ErrorDetail[];
  readonly cause?: unknown;
}

/** The one error type: a stable reason for machines, a sentence for people, the cause for the log. */
export class ServiceError extends Error {
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly retryDelayMs: number | undefined;
  readonly details: readonly ErrorDetail[];

  constructor(reason: Reason, message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ServiceError";
    this.reason = reason;
    this.metadata = options.metadata ?? {};
    this.violations = options.violations ?? [];
    this.retryDelayMs = options.retryDelayMs;
    this.details = options.details ?? [];
  }
}

/** The enum value of a reason. */
export const toErrorReason = (reason: Reason): ErrorReason => ErrorReason[reason];

/** The name of an enum value, or undefined for UNSPECIFIED and values that this build does not know. */
export function toReason(value: ErrorReason): Reason | undefined {
  const name = ErrorReasonSchema.value[value]?.localName;
  return name !== undefined && name in REASON_CODE ? (name as Reason) : undefined;
}
