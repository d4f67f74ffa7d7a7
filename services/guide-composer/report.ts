import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  CacheDecision,
  CallReportSchema,
  type CallReport,
  type SectionReport,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  ProviderOutcome_Kind,
  type ProviderOutcome,
  type SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { verdictsRestOn } from "./assemble/verify/rests-on.ts";
import type { Decision } from "./cache/probe.ts";
import type { GuideOutline, ProviderCallOfGuide } from "./guide-outline.ts";
import type { CatalogOffering, SettledContent } from "./plan.ts";

/** The API's name of each choice of a lookup. A new choice does not compile until it has a row. */
export const TO_CACHE_DECISION = {
  HIT_MEMORY: CacheDecision.HIT_MEMORY,
  HIT_REDIS: CacheDecision.HIT_REDIS,
  HIT_STALE: CacheDecision.HIT_STALE,
  NEGATIVE: CacheDecision.NEGATIVE,
  COALESCED_LOCAL: CacheDecision.COALESCED_LOCAL,
  COALESCED_CLUSTER: CacheDecision.COALESCED_CLUSTER,
  REFRESH_AHEAD: CacheDecision.REFRESH_AHEAD,
  MISS_COLD: CacheDecision.MISS_COLD,
  MISS_EXPIRED: CacheDecision.MISS_EXPIRED,
  MISS_TOO_OLD: CacheDecision.MISS_TOO_OLD,
  MISS_UNREADABLE: CacheDecision.MISS_UNREADABLE,
  BYPASS_REDIS: CacheDecision.BYPASS_REDIS,
  BYPASS_REQUESTED: CacheDecision.BYPASS_REQUESTED,
  NO_STORE: CacheDecision.NO_STORE,
  NOT_STORABLE: CacheDecision.NOT_STORABLE,
  NOT_FETCHED: CacheDecision.NOT_FETCHED,
} as const satisfies Record<Decision, CacheDecision>;

/** What the cache spared a call. */
export interface Saved {
  /** Calls to providers. */
  readonly savedCallCount: number;
  readonly savedCostUsdMicros: bigint;
}

/** What a call did to have its guide reviewed by a language model. */
export interface ReviewFacts {
  /** How the review ended that it waited for; undefined when it waited for none. */
  readonly outcome: ProviderOutcome | undefined;
  /** Whether this very call asked the provider. */
  readonly askedNow: boolean;
  /** Part of the call that went into waiting for it, milliseconds. */
  readonly waitedMs: number;
}

export const NO_REVIEW: ReviewFacts = { outcome: undefined, askedNow: false, waitedMs: 0 };

/** How one planned content was had. */
export interface LookedUp {
  readonly settled: SettledContent;
  readonly decisions: readonly Decision[];
  /** Whether this very call asked the provider. */
  readonly loadedNow: boolean;
  /** From the lookup's start to having content or a failure, milliseconds. */
  readonly latencyMs: number;
}

export interface CallFacts {
  readonly traceId: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Part of the call during which it waited for at least one provider of content, milliseconds. */
  readonly providerMs: number;
  readonly guideDecisions: readonly CacheDecision[];
  readonly lookedUp: readonly LookedUp[];
  readonly offerings: readonly CatalogOffering[];
  /** Listings that the guide leaves out for what checking them found. */
  readonly leftOutListingCount: number;
  /** Absent: it waited for no review. */
  readonly review?: ReviewFacts;
  readonly explain: boolean;
}

/** What one call did, took and cost. */
export function createReport(facts: CallFacts): CallReport {
  const totalMs = Math.max(0, facts.endMs - facts.startMs);
  const { review = NO_REVIEW } = facts;
  const providerMs = Math.min(totalMs, facts.providerMs + review.waitedMs);
  const own = facts.lookedUp.filter(({ loadedNow }) => loadedNow);
  const called = own.filter(({ settled }) => settled.outcome.attemptCount > 0);
  return create(CallReportSchema, {
    traceId: facts.traceId,
    totalDuration: durationFromMs(totalMs),
    providerDuration: durationFromMs(providerMs),
    overheadDuration: durationFromMs(totalMs - providerMs),
    guideDecisions: [...facts.guideDecisions],
    providerCallCount: called.length + reviewCallCount(review),
    costUsdMicros: own.reduce((sum, { settled }) => sum + settled.outcome.costUsdMicros, reviewCost(review)),
    costAvoidedUsdMicros: facts.lookedUp.reduce(
      (sum, lookedUp) => sum + savedBy(lookedUp, facts.offerings).savedCostUsdMicros,
      0n,
    ),
    staleSectionKinds: kindsOf(facts.lookedUp).filter((kind) => reliedOn(kind, facts.lookedUp).some(isStale)),
    leftOutListingCount: facts.leftOutListingCount,
    sectionReports: facts.explain ? sectionReports(facts.lookedUp, facts.endMs) : [],
    ...(review.outcome && { reviewOutcome: review.outcome }),
  });
}

const reviewCallCount = ({ outcome, askedNow }: ReviewFacts): number =>
  askedNow && outcome !== undefined && outcome.attemptCount > 0 ? 1 : 0;

const reviewCost = ({ outcome, askedNow }: ReviewFacts): bigint =>
  askedNow && outcome !== undefined ? outcome.costUsdMicros : 0n;

/** The report of a call that a cached guide answered whole: no section was looked up. */
export function wholeGuideReport(
  traceId: string,
  startMs: number,
  endMs: number,
  outline: GuideOutline,
  decisions: readonly CacheDecision[],
  offerings: readonly CatalogOffering[],
  review: ReviewFacts = NO_REVIEW,
): CallReport {
  const totalMs = Math.max(0, endMs - startMs);
  const providerMs = Math.min(totalMs, review.waitedMs);
  return create(CallReportSchema, {
    traceId,
    totalDuration: durationFromMs(totalMs),
    providerDuration: durationFromMs(providerMs),
    overheadDuration: durationFromMs(totalMs - providerMs),
    guideDecisions: [...decisions],
    providerCallCount: reviewCallCount(review),
    costUsdMicros: reviewCost(review),
    costAvoidedUsdMicros: savedByGuide(outline, offerings).savedCostUsdMicros,
    leftOutListingCount: outline.leftOutListingCount,
    ...(review.outcome && { reviewOutcome: review.outcome }),
  });
}

/** What a looked-up content spared: its provider's call, unless this very call made it or the data is embedded. */
export const savedBy = ({ settled, loadedNow }: LookedUp, offerings: readonly CatalogOffering[]): Saved =>
  loadedNow || settled.content === undefined
    ? { savedCallCount: 0, savedCostUsdMicros: 0n }
    : {
        savedCallCount: settled.outcome.attemptCount > 0 ? 1 : 0,
        savedCostUsdMicros: costOfRepeating({ ...settled.planned, ...settled.outcome }, offerings),
      };

/** What a guide that was cached whole spared: the calls that its sections once took. */
export function savedByGuide({ calls }: GuideOutline, offerings: readonly CatalogOffering[]): Saved {
  return {
    savedCallCount: calls.length,
    savedCostUsdMicros: calls.reduce((sum, call) => sum + costOfRepeating(call, offerings), 0n),
  };
}

const isStale = ({ decisions }: LookedUp): boolean => decisions.includes("HIT_STALE");

/** What it would cost to make a call again: what the provider charged for it, when it said so, else its list price. */
const costOfRepeating = (call: ProviderCallOfGuide, offerings: readonly CatalogOffering[]): bigint =>
  call.costEstimated
    ? (offerings.find(({ kind, provider }) => kind === call.kind && provider === call.provider)
        ?.expectedCostUsdMicros ?? call.costUsdMicros)
    : call.costUsdMicros;

const kindsOf = (lookedUp: readonly LookedUp[]): SectionKind[] => [
  ...new Set(lookedUp.map(({ settled }) => settled.planned.kind)),
];

const ofKind = (kind: SectionKind, lookedUp: readonly LookedUp[]): LookedUp[] =>
  lookedUp.filter(({ settled }) => settled.planned.kind === kind);

/** Contents that a section is made of, and those of others that its verdicts rest on. */
function reliedOn(kind: SectionKind, lookedUp: readonly LookedUp[]): LookedUp[] {
  const own = ofKind(kind, lookedUp).map(({ settled }) => settled);
  const grounds = verdictsRestOn(
    own,
    lookedUp.map(({ settled }) => settled),
  );
  const all = new Set([...own, ...grounds]);
  return lookedUp.filter(({ settled }) => all.has(settled));
}

function sectionReports(lookedUp: readonly LookedUp[], endMs: number): SectionReport[] {
  return kindsOf(lookedUp).map((kind) => {
    const own = ofKind(kind, lookedUp);
    const stalenessMs = Math.max(
      0,
      ...reliedOn(kind, lookedUp)
        .filter(isStale)
        .map(({ settled }) => endMs - settled.expireMs),
    );
    return {
      $typeName: "wayfarer.guide.v1.SectionReport",
      kind,
      latency: durationFromMs(Math.max(0, ...own.map(({ latencyMs }) => latencyMs))),
      ...(stalenessMs > 0 && { staleness: durationFromMs(stalenessMs) }),
      lookups: own.map(({ settled, decisions, latencyMs }) => ({
        $typeName: "wayfarer.guide.v1.LookupReport",
        provider: settled.planned.provider,
        decisions: decisions.map((decision) => TO_CACHE_DECISION[decision]),
        latency: durationFromMs(latencyMs),
        ...(settled.content?.fetchTime && {
          age: durationFromMs(Math.max(0, endMs - timestampMs(settled.content.fetchTime))),
        }),
      })),
    };
  });
}

/** Whether the provider answered, with content or with "nothing there". */
export const answered = ({ outcome }: SettledContent): boolean =>
  outcome.kind === ProviderOutcome_Kind.CONTENT ||
  outcome.kind === ProviderOutcome_Kind.PARTIAL_CONTENT ||
  outcome.kind === ProviderOutcome_Kind.NOTHING_FOUND;
