import { create } from "@bufbuild/protobuf";
import { QuotaFailureSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { ServiceError, type ErrorDetail } from "../../../shared/errors.ts";

/** The spend guard's limit, as errors name it. */
const SPEND_GUARD = "spend-guard";

/**
 * BUDGET_EXHAUSTED of the spend guard.
 *
 * @param retryDelayMs until there is room again; undefined when that is not known
 * @param details besides the QuotaFailure
 */
export const budgetExhausted = (
  retryDelayMs: number | undefined,
  details: readonly ErrorDetail[] = [],
): ServiceError =>
  new ServiceError("BUDGET_EXHAUSTED", "Too many calls to providers while the shared cache is lost", {
    metadata: { budget: SPEND_GUARD },
    ...(retryDelayMs !== undefined && { retryDelayMs }),
    details: [
      {
        desc: QuotaFailureSchema,
        value: create(QuotaFailureSchema, {
          violations: [
            { subject: SPEND_GUARD, description: "calls to providers in a minute, of this process" },
          ],
        }),
      },
      ...details,
    ],
  });
