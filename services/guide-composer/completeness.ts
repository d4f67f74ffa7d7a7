import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  OmittedSectionsSchema,
  type Omission,
  type Section,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ErrorReason } from "../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { ProviderOutcome_Kind, type SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { budgetExhausted, dailyBudgetExhausted } from "./cost/budget-exhausted.ts";
import { ServiceError, toReason, type Reason } from "../../shared/errors.ts";
import { kindNameOf } from "./sections.ts";

/** Reasons of our own that fail the whole call when they are all that stands behind an empty guide. */
const OWN_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  "CONTENT_SERVICE_UNAVAILABLE",
  "BUDGET_EXHAUSTED",
  "DEADLINE_EXPIRED",
  "CALLER_GONE",
]);

/**
 * Decides whether what could be had is a guide.
 *
 * @throws ServiceError REQUIRED_SECTION_MISSING; NO_CONTENT when every section is omitted, or the one reason of ours
 * that all of them share
 */
export function checkComplete(
  destination: string,
  sections: readonly Section[],
  omissions: readonly Omission[],
  requiredKinds: readonly SectionKind[],
): void {
  const missing = omissions.filter(({ kind }) => requiredKinds.includes(kind));
  const nothing = sections.length === 0 && omissions.length > 0;
  if (missing.length === 0 && !nothing) return;
  const first = missing.length > 0 ? missing : omissions;
  const delays = first.flatMap(({ providerOutcomes }) =>
    providerOutcomes.flatMap(({ retryDelay }) => (retryDelay ? [durationMs(retryDelay)] : [])),
  );
  const options = {
    details: [
      {
        desc: OmittedSectionsSchema,
        value: create(OmittedSectionsSchema, {
          omissions: [...missing, ...omissions.filter((omission) => !missing.includes(omission))],
        }),
      },
    ],
    ...(delays.length > 0 && { retryDelayMs: Math.min(...delays) }),
  };
  const shared = nothing ? sharedReason(omissions) : undefined;
  if (shared === "CONTENT_SERVICE_UNAVAILABLE") {
    throw new ServiceError(shared, "The content service cannot be reached", {
      ...options,
      retryDelayMs: options.retryDelayMs ?? 1_000,
    });
  }
  if (shared === "BUDGET_EXHAUSTED") {
    // What the spend guard holds back was to be fetched; what has no room in a daily budget was skipped by the fetcher.
    const skipped = omissions.some(({ providerOutcomes }) =>
      providerOutcomes.some(
        ({ kind, reason }) =>
          kind === ProviderOutcome_Kind.SKIPPED && reason === ErrorReason.BUDGET_EXHAUSTED,
      ),
    );
    throw skipped
      ? dailyBudgetExhausted(options.retryDelayMs, options.details)
      : budgetExhausted(options.retryDelayMs, options.details);
  }
  if (shared === "DEADLINE_EXPIRED") {
    throw new ServiceError(shared, "The deadline passed before any section could be had", {
      ...options,
      metadata: { step: "fetch" },
    });
  }
  if (shared === "CALLER_GONE") throw new ServiceError(shared, "The caller has gone", options);
  if (missing.length > 0) {
    const kinds = missing.map(({ kind }) => kindNameOf(kind)).join(",");
    throw new ServiceError("REQUIRED_SECTION_MISSING", `A required section could not be had: ${kinds}`, {
      ...options,
      metadata: { destination, section_kinds: kinds },
    });
  }
  throw new ServiceError("NO_CONTENT", "No section could be had", { ...options, metadata: { destination } });
}

/** What no provider here serves is omitted on the best of days, and says nothing about what happened to the others. */
function sharedReason(omissions: readonly Omission[]): Reason | undefined {
  const reasons = new Set(omissions.map(({ reason }) => reason));
  reasons.delete(ErrorReason.PROVIDER_NOT_CONFIGURED);
  const [only = ErrorReason.UNSPECIFIED] = reasons;
  const reason = reasons.size === 1 ? toReason(only) : undefined;
  return reason !== undefined && OWN_REASONS.has(reason) ? reason : undefined;
}
