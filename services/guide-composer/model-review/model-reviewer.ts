import { create, fromBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  ReviewGuideResponseSchema,
  type ReviewGuideResponse,
} from "../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { QualityReviewSchema, type Guide } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  ProviderOutcome_Kind as OutcomeKind,
  ProviderOutcome_KindSchema,
  ProviderOutcomeSchema,
  type ModelReview,
  type ProviderOutcome,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { MIN_USEFUL_MS, type Deadline } from "../../../shared/deadline.ts";
import { ServiceError, toErrorReason, toReason, type Reason } from "../../../shared/errors.ts";
import { ATTRIBUTE } from "../../../shared/telemetry/attributes.ts";
import type { inSpan } from "../../../shared/telemetry/spans.ts";
import { reviewKey } from "../cache/keys.ts";
import { NO_LIMITS, type Found, type Lookup, type LookupMode } from "../cache/lookup.ts";
import type { Entry } from "../cache/store.ts";
import type { Purpose } from "../cost/spend-guard.ts";
import { holdBytes, holdMessage, type HeldGuide } from "../held-guide.ts";
import type { ReviewFacts } from "../report.ts";
import { createReviewLoad, type ReviewLoadOptions } from "./load-review.ts";
import { reviewedSections } from "./reviewed-sections.ts";
import { createBackground } from "./background.ts";

/** When a language model reviews a guide: behind the call, within it, or not for this call. */
export type ReviewTime = "asynchronous" | "blocking" | "none";

/** What a request says of it. */
export interface ReviewRequest {
  readonly review: ReviewTime;
  readonly mode: LookupMode;
}

/** A guide, with its verdict when there is one, and what this call had to do for that. */
export interface Reviewed extends ReviewFacts {
  readonly guide: HeldGuide;
}

/** A guide that may be reviewed. */
export interface ReviewableGuide {
  readonly guide: HeldGuide;
  /** Of the guide. */
  readonly key: string;
  /** As the cache has it; undefined when it may not be kept. */
  readonly entry: Entry | undefined;
  /** Whether it has a verdict. */
  readonly modelReviewed: boolean;
}

/** Has guides reviewed by the language model that the operator has chosen. */
export interface ModelReviewer {
  /**
   * As the request asks: within the call, behind it, or not at all. The verdict goes into the cached guide, if that is
   * still the one that was reviewed. A failure leaves the guide as it is.
   *
   * @throws ServiceError CALLER_GONE, SHUTTING_DOWN
   */
  readonly review: (
    guide: ReviewableGuide,
    request: ReviewRequest,
    call: Pick<Deadline, "signal" | "remainingMs">,
  ) => Promise<Reviewed>;
  /** Ends what is reviewed behind calls. */
  readonly close: () => Promise<void>;
}

export interface ModelReviewerOptions extends ReviewLoadOptions {
  /** Resource name of the provider; undefined: no model reviews. */
  readonly provider: string | undefined;
  readonly lookup: Pick<Lookup, "lookUp" | "replace">;
  readonly inSpan: typeof inSpan;
  readonly monotonicNow: () => number;
  /** Told of what went wrong on our side; a provider's failures are outcomes. */
  readonly onError: (error: unknown) => void;
}

interface Asking extends Pick<Deadline, "signal" | "remainingMs"> {
  readonly mode: LookupMode;
  readonly purpose: Purpose;
}

/** How asking for a review ended. */
interface Asked {
  readonly review: ModelReview | undefined;
  readonly outcome: ProviderOutcome;
  /** Whether the provider was asked for this very call. */
  readonly askedNow: boolean;
}

/**
 * A review is looked up like content, under a key made of what was reviewed: one load per guide in the whole cluster, and
 * a guide that was composed again and is the same is not paid for again.
 */
export function createModelReviewer(options: ModelReviewerOptions): ModelReviewer {
  const { provider, lookup, inSpan, monotonicNow, onError } = options;
  const background = createBackground(monotonicNow);
  /** Guides that were reviewed behind calls, or were to be: once is enough, whatever came of it. */
  const offered = new WeakSet<Uint8Array>();

  async function ask(
    reviewer: string,
    { guide, key, entry }: ReviewableGuide,
    asking: Asking,
  ): Promise<Asked> {
    const message = guide.message();
    const attributes = { [ATTRIBUTE.provider]: reviewer, [ATTRIBUTE.guide]: message.name };
    return await inSpan("review guide", attributes, async (span) => {
      const asked = await lookUp(reviewer, message, key, entry !== undefined, asking);
      const { kind, reason } = asked.outcome;
      span.setAttribute(ATTRIBUTE.outcome, ProviderOutcome_KindSchema.value[kind]?.localName ?? String(kind));
      const reasonName = toReason(reason);
      if (reasonName !== undefined) span.setAttribute(ATTRIBUTE.reason, reasonName);
      return asked;
    });
  }

  async function lookUp(
    reviewer: string,
    guide: Guide,
    guideKey: string,
    storable: boolean,
    { mode, purpose, signal, remainingMs }: Asking,
  ): Promise<Asked> {
    const sections = reviewedSections(guide);
    if (sections.length === 0)
      return notAsked(reviewer, OutcomeKind.NOTHING_FOUND, undefined, "the guide has no text to review");
    if (remainingMs() < MIN_USEFUL_MS)
      return notAsked(reviewer, OutcomeKind.SKIPPED, "DEADLINE_TOO_SHORT", "too little time was left");
    const key = reviewKey(guideKey, reviewer, guide.etag);
    try {
      const { results } = await lookup.lookUp({
        keys: [key],
        mode,
        maxStaleMs: 0,
        ...NO_LIMITS,
        load: createReviewLoad(options, {
          provider: reviewer,
          guide,
          sections,
          storable,
          purpose,
          remainingMs,
        }),
        refreshLoad: undefined,
        signal,
      });
      return toAsked(reviewer, await results.get(key));
    } catch (error) {
      return failed(reviewer, error, signal);
    }
  }

  function toAsked(reviewer: string, found: Found | undefined): Asked {
    if (found === undefined) throw new Error("the lookup has no answer for a key that it was asked for");
    if (found.state === "failed") throw found.error;
    if (found.state === "not-fetched")
      return notAsked(reviewer, OutcomeKind.SKIPPED, "NOT_CACHED", "only the cache was asked");
    const response: ReviewGuideResponse = fromBinary(ReviewGuideResponseSchema, found.entry.bytes);
    const { review, outcome } = response;
    if (outcome === undefined) throw new ServiceError("INTERNAL", "a review has no outcome");
    return { review, outcome, askedNow: found.loadedNow };
  }

  function failed(reviewer: string, error: unknown, signal: AbortSignal): Asked {
    const known =
      error instanceof ServiceError
        ? error
        : new ServiceError("INTERNAL", "the review failed", { cause: error });
    // The end of the call itself; its deadline ends the waiting only.
    if (signal.aborted && !isDeadline(signal.reason)) throw signal.reason;
    if (known.reason === "INTERNAL") onError(known);
    const kind = SKIPPING.has(known.reason) ? OutcomeKind.SKIPPED : OutcomeKind.FAILED;
    return notAsked(reviewer, kind, known.reason, known.message, known.retryDelayMs);
  }

  /** Puts the verdict into the guide, and that into the cache in the place of the one that was reviewed. */
  function keep(
    { guide, key, entry }: ReviewableGuide,
    review: ModelReview,
    outcome: ProviderOutcome,
  ): HeldGuide {
    const reviewed = holdMessage(withVerdict(guide.message(), review, outcome));
    if (entry !== undefined)
      background.track(lookup.replace(key, entry, { ...entry, bytes: reviewed.bytes() }), onError);
    return reviewed;
  }

  function reviewBehind(reviewer: string, key: string, entry: Entry): void {
    if (offered.has(entry.bytes)) return;
    const started = background.start(async (deadline) => {
      // Encoded until it is its turn: a decoded guide is many times as large.
      const reviewable = { guide: holdBytes(entry.bytes), key, entry, modelReviewed: false };
      const { review, outcome } = await ask(reviewer, reviewable, {
        ...deadline,
        mode: "prefer-cache",
        purpose: "refresh",
      });
      if (review !== undefined) keep(reviewable, review, outcome);
    }, onError);
    if (started) offered.add(entry.bytes);
  }

  return {
    review: async (reviewable, { review: when, mode }, call) => {
      const { guide, entry, modelReviewed } = reviewable;
      const asItIs = { guide, outcome: undefined, askedNow: false, waitedMs: 0 };
      if (when === "none" || modelReviewed) return asItIs;
      if (when === "asynchronous") {
        if (provider !== undefined && entry !== undefined && mode !== "cache-only")
          reviewBehind(provider, reviewable.key, entry);
        return asItIs;
      }
      if (provider === undefined) {
        const { outcome } = notAsked(
          "",
          OutcomeKind.SKIPPED,
          "PROVIDER_NOT_CONFIGURED",
          "REVIEWER is not set",
        );
        return { ...asItIs, outcome };
      }
      const startMs = monotonicNow();
      const { signal, remainingMs } = call;
      const asked = await ask(provider, reviewable, { mode, purpose: "caller", signal, remainingMs });
      const { review, outcome, askedNow } = asked;
      return {
        guide: review === undefined ? guide : keep(reviewable, review, outcome),
        outcome,
        askedNow,
        waitedMs: Math.round(monotonicNow() - startMs),
      };
    },
    close: background.close,
  };
}

const isDeadline = (reason: unknown): boolean =>
  reason instanceof ServiceError && reason.reason === "DEADLINE_EXPIRED";

/** Refusals before anything was asked. */
const SKIPPING: ReadonlySet<Reason> = new Set<Reason>([
  "BUDGET_EXHAUSTED",
  "DEADLINE_TOO_SHORT",
  "OVERLOADED",
]);

const notAsked = (
  provider: string,
  kind: OutcomeKind,
  reason: Reason | undefined,
  detail: string,
  retryDelayMs?: number,
): Asked => ({
  review: undefined,
  outcome: create(ProviderOutcomeSchema, {
    provider,
    kind,
    ...(reason !== undefined && { reason: toErrorReason(reason) }),
    detail,
    latency: durationFromMs(0),
    ...(retryDelayMs !== undefined && { retryDelay: durationFromMs(Math.ceil(retryDelayMs)) }),
  }),
  askedNow: false,
});

/** A copy: guides are shared. */
const withVerdict = (guide: Guide, modelReview: ModelReview, modelOutcome: ProviderOutcome): Guide => ({
  ...guide,
  qualityReview: { ...(guide.qualityReview ?? create(QualityReviewSchema)), modelReview, modelOutcome },
});
