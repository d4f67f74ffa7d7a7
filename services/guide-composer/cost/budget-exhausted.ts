import { create } from "@bufbuild/protobuf";
import { QuotaFailureSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { ServiceError, type ErrorDetail } from "../../../shared/errors.ts";

/** A limit, as errors name it, and what they say of it. */
interface Limit {
  readonly budget: string;
  readonly message: string;
  readonly description: string;
}

const SPEND_GUARD: Limit = {
  budget: "spend-guard",
  message: "Too many calls to providers while the shared cache is lost",
  description: "calls to providers in a minute, of this process",
};

const DAILY: Limit = {
  budget: "daily",
  message: "What providers may cost today is spent",
  description: "cost of calls to providers in a UTC day, of a content-fetcher",
};

/**
 * BUDGET_EXHAUSTED of the spend guard.
 *
 * @param retryDelayMs until there is room again; undefined when that is not known
 * @param details besides the QuotaFailure
 */
export const budgetExhausted = (
  retryDelayMs: number | undefined,
  details: readonly ErrorDetail[] = [],
): ServiceError => exhausted(SPEND_GUARD, retryDelayMs, details);

/** The same of the daily budgets of content-fetcher. */
export const dailyBudgetExhausted = (
  retryDelayMs: number | undefined,
  details: readonly ErrorDetail[],
): ServiceError => exhausted(DAILY, retryDelayMs, details);

const exhausted = (
  { budget, message, description }: Limit,
  retryDelayMs: number | undefined,
  details: readonly ErrorDetail[],
): ServiceError =>
  new ServiceError("BUDGET_EXHAUSTED", message, {
    metadata: { budget },
    ...(retryDelayMs !== undefined && { retryDelayMs }),
    details: [
      {
        desc: QuotaFailureSchema,
        value: create(QuotaFailureSchema, { violations: [{ subject: budget, description }] }),
      },
      ...details,
    ],
  });
