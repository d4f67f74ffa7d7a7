import { ServiceError, type Reason } from "../../../shared/errors.ts";

/**
 * What the end of an attempt says of the provider: it answered, whatever that was; it failed; or nothing, because the
 * attempt ended for a reason of ours.
 */
export type Verdict = "answered" | "failed" | "none";

const VERDICT = {
  PROVIDER_UNAVAILABLE: "failed",
  PROVIDER_TIMEOUT: "failed",
  PROVIDER_RESPONSE_INVALID: "failed",
  PROVIDER_RATE_LIMITED: "answered",
  PROVIDER_ACCESS_DENIED: "answered",
  PROVIDER_OUT_OF_COVERAGE: "answered",
  PROVIDER_CIRCUIT_OPEN: "none",
  PROVIDER_NOT_CONFIGURED: "none",
  REQUEST_INVALID: "none",
  DESTINATION_AMBIGUOUS: "none",
  DESTINATION_NOT_FOUND: "none",
  DESTINATION_UNRESOLVED: "none",
  RESOURCE_NOT_FOUND: "none",
  NO_CONTENT: "none",
  REQUIRED_SECTION_MISSING: "none",
  CONTENT_SERVICE_UNAVAILABLE: "none",
  BUDGET_EXHAUSTED: "none",
  OVERLOADED: "none",
  SHUTTING_DOWN: "none",
  DEADLINE_TOO_SHORT: "none",
  DEADLINE_EXPIRED: "none",
  CALLER_GONE: "none",
  INTERNAL: "none",
  REQUEST_UNSUPPORTED: "none",
  REQUEST_TOO_LARGE: "none",
  NOT_CACHED: "none",
} as const satisfies Record<Reason, Verdict>;

/** An answer with a status that we did not ask for, a 404 for example, is unusable and still an answer. */
export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof ServiceError)) return "none";
  if (error.reason === "PROVIDER_RESPONSE_INVALID" && Number(error.metadata["status"]) >= 300)
    return "answered";
  return VERDICT[error.reason];
}
