import { toReason, type Reason } from "../../shared/errors.ts";
import type { ErrorReason } from "../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import {
  ProviderOutcome_Kind as Kind,
  SectionKindSchema,
  type ProviderOutcome,
  type SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";

/** Each reason as a sentence for a traveller. A new reason does not compile until it has one. */
export const REASON_WORDS = {
  REQUEST_INVALID: "the request was invalid",
  DESTINATION_AMBIGUOUS: "the destination is ambiguous",
  DESTINATION_NOT_FOUND: "the destination is unknown",
  DESTINATION_UNRESOLVED: "the destination could not be looked up",
  RESOURCE_NOT_FOUND: "it does not exist",
  NO_CONTENT: "nothing could be had",
  REQUIRED_SECTION_MISSING: "a required section could not be had",
  CONTENT_SERVICE_UNAVAILABLE: "the content service could not be reached",
  BUDGET_EXHAUSTED: "the budget for providers is used up",
  OVERLOADED: "the server is overloaded",
  SHUTTING_DOWN: "the server is shutting down",
  DEADLINE_TOO_SHORT: "too little time was given",
  DEADLINE_EXPIRED: "the time was up",
  CALLER_GONE: "the call was cancelled",
  INTERNAL: "a defect of ours",
  REQUEST_UNSUPPORTED: "the server does not serve that",
  REQUEST_TOO_LARGE: "the request was too large",
  PROVIDER_UNAVAILABLE: "the provider could not be reached or failed",
  PROVIDER_TIMEOUT: "the provider did not answer in time",
  PROVIDER_CIRCUIT_OPEN: "the provider has failed too often lately",
  PROVIDER_RATE_LIMITED: "the provider's rate limit is reached",
  PROVIDER_NOT_CONFIGURED: "no provider is configured for it",
  PROVIDER_ACCESS_DENIED: "the provider refused us",
  PROVIDER_OUT_OF_COVERAGE: "no provider covers the place or the dates",
  PROVIDER_RESPONSE_INVALID: "the provider's answer could not be used",
  NOT_CACHED: "it is not in the cache, and only the cache was asked",
} as const satisfies Record<Reason, string>;

/** What a provider did, as the rest of a sentence that begins with its name. Other reasons are told by `REASON_WORDS`. */
const OUTCOME_WORDS: Readonly<Partial<Record<Reason, string>>> = {
  PROVIDER_UNAVAILABLE: "could not be reached or failed",
  PROVIDER_TIMEOUT: "did not answer in time",
  PROVIDER_CIRCUIT_OPEN: "failed too often lately and was not asked",
  PROVIDER_RATE_LIMITED: "takes no more calls at the moment",
  PROVIDER_NOT_CONFIGURED: "is not configured",
  PROVIDER_ACCESS_DENIED: "refused us",
  PROVIDER_OUT_OF_COVERAGE: "does not cover the place or the dates",
  PROVIDER_RESPONSE_INVALID: "gave an answer that could not be used",
  DEADLINE_EXPIRED: "had not answered when the time was up",
  NOT_CACHED: "was not asked, and its answer is not in the cache",
};

/** A sentence without its beginning; UNSPECIFIED and what this version does not know included. */
export function reasonInWords(value: ErrorReason): string {
  const reason = toReason(value);
  return reason === undefined ? `a reason that this version does not know (${value})` : REASON_WORDS[reason];
}

/** `did not answer in time (no answer within 10000 ms)`, to follow the names of providers. */
export function failureInWords({ reason, detail }: ProviderOutcome): string {
  const known = toReason(reason);
  const words = (known && OUTCOME_WORDS[known]) ?? `failed: ${reasonInWords(reason)}`;
  return detail === "" ? words : `${words} (${detail})`;
}

/** Whether a call ended without an answer. A provider that does not cover the place or the dates is no failure. */
export const isFailure = ({ kind, reason }: ProviderOutcome): boolean =>
  (kind === Kind.FAILED || kind === Kind.SKIPPED) && toReason(reason) !== "PROVIDER_OUT_OF_COVERAGE";

/** `Restaurants`; the number of a kind that this version does not know. */
export function sectionName(kind: SectionKind): string {
  const name = SectionKindSchema.value[kind]?.localName ?? String(kind);
  return name.charAt(0) + name.slice(1).toLowerCase();
}
