import { toBinary } from "@bufbuild/protobuf";
import {
  ReviewGuideResponseSchema,
  type ReviewedSection,
} from "../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { Guide } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { MIN_USEFUL_MS } from "../../../shared/deadline.ts";
import { ServiceError } from "../../../shared/errors.ts";
import type { LoadBatch, Settled } from "../cache/loads.ts";
import { budgetExhausted } from "../cost/budget-exhausted.ts";
import type { Purpose, SpendGuard } from "../cost/spend-guard.ts";
import type { ContentClient } from "../fetch/content-client.ts";
import { PRIORITY } from "../load-contents.ts";

/** How long a verdict on a guide of that content is believed: as long as a guide lives. */
const REVIEW_LIFE_MS = 2 * 3_600_000;

export interface ReviewLoadOptions {
  readonly client: Pick<ContentClient, "reviewGuide">;
  readonly guard: SpendGuard;
  readonly now: () => number;
}

export interface WantedReview {
  /** Resource name of the provider. */
  readonly provider: string;
  readonly guide: Guide;
  readonly sections: readonly ReviewedSection[];
  /** Whether it may be kept: what is made of content that may not be kept may not be either. */
  readonly storable: boolean;
  readonly purpose: Purpose;
  /** What is left of the time of whoever begins it, milliseconds. */
  readonly remainingMs: () => number;
}

/**
 * Loads one review. A failed one is shared with the callers that wait, and never stored.
 *
 * @throws ServiceError from the batch: BUDGET_EXHAUSTED from the spend guard; what the client throws
 */
export const createReviewLoad =
  (options: ReviewLoadOptions, wanted: WantedReview): LoadBatch =>
  ([key = ""], signal) =>
    loadReview(options, wanted, key, signal);

/** A function of the module, as that of contents is: V8 keeps what a generator function refers to. */
async function* loadReview(
  { client, guard, now }: ReviewLoadOptions,
  { provider, guide, sections, storable, purpose, remainingMs }: WantedReview,
  key: string,
  signal: AbortSignal,
): AsyncGenerator<readonly [string, Settled]> {
  const waitMs = guard.take(1, purpose);
  if (waitMs !== undefined) throw budgetExhausted(waitMs);
  const { destination, spec } = guide;
  try {
    const response = await client.reviewGuide(
      {
        provider,
        query: {
          ...(destination && { destination }),
          languageCode: spec?.languageCode ?? "",
          ...(spec?.startDate && { startDate: spec.startDate }),
          dayCount: spec?.dayCount ?? 0,
          ...(spec?.preferences && { preferences: spec.preferences }),
        },
        sections: [...sections],
        priority: PRIORITY[purpose],
      },
      remainingMs(),
      signal,
    );
    const answered = response.review !== undefined;
    const nowMs = now();
    const loaded = {
      bytes: toBinary(ReviewGuideResponseSchema, response),
      storedMs: nowMs,
      expireMs: nowMs + REVIEW_LIFE_MS,
      negative: false,
      storable: answered && storable,
      forbidden: answered && !storable,
      origin: "here",
      inRedis: false,
    } as const;
    // What ends so was not given the time that another caller may have.
    const cutShort = !answered && remainingMs() < MIN_USEFUL_MS;
    yield [key, { state: "loaded", loaded, cutShort } satisfies Settled];
  } catch (error) {
    if (!(error instanceof ServiceError && error.reason === "DEADLINE_EXPIRED")) throw error;
    yield [key, { state: "failed", error, cutShort: true } satisfies Settled];
  }
}
