import type { Span } from "@opentelemetry/api";
import type {
  CallReport,
  GuidePlan,
  GuideSpec,
  Omission,
  Personalization,
  Section,
  Trip,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { ProviderOutcome, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { AssembledSection } from "./assemble/section.ts";
import type { Lookup, LookupMode } from "./cache/lookup.ts";
import type { Catalog } from "./catalog.ts";
import type { Purpose, SpendGuard } from "./cost/spend-guard.ts";
import type { ContentClient } from "./fetch/content-client.ts";
import type { HeldGuide } from "./held-guide.ts";
import type { ContentLoaded } from "./load-contents.ts";
import type { ModelReviewer, ReviewTime } from "./model-review/model-reviewer.ts";
import type { Memo } from "./memo.ts";
import type { SettledContent } from "./plan.ts";
import type { DestinationResolver } from "./resolve-destination.ts";
import type { LookupMeter } from "./stats/lookup-meter.ts";

/** A `ComposeGuideRequest` that has passed every check. */
export interface CheckedRequest {
  readonly spec: GuideSpec;
  /** Path of `spec` in the message that carried it, for violations. */
  readonly specPath: string;
  readonly mode: LookupMode;
  /** Paths of `Guide` to return; all when empty. */
  readonly paths: readonly string[];
  readonly requiredKinds: readonly SectionKind[];
  /** 0 for never. */
  readonly maxStaleMs: number;
  /** Infinity for as old as promises allow. */
  readonly maxAgeMs: number;
  readonly trip: Trip | undefined;
  readonly explain: boolean;
  readonly purpose: Purpose;
  /** When a language model reviews the guide. */
  readonly review: ReviewTime;
  /** Part of its life up to which an entry is used, in (0, 1]; 1 but for warming. */
  readonly maxLifeShare: number;
}

/** What an RPC hands over about itself. */
export interface Call {
  /** Ends the call: the caller's deadline less a reserve for reporting, or the caller's departure. */
  readonly signal: AbortSignal;
  readonly remainingMs: () => number;
  readonly traceId: string;
  readonly startMs: number;
}

/** What calls that settle together make once. */
export interface Memos {
  readonly contents: Memo<SettledContent>;
  readonly sections: Memo<AssembledSection>;
  readonly guides: Memo<HeldGuide>;
}

export interface ComposeDependencies {
  readonly resolver: DestinationResolver;
  readonly catalog: Catalog;
  readonly lookup: Lookup;
  readonly client: ContentClient;
  readonly guard: SpendGuard;
  readonly memos: Memos;
  readonly now: () => number;
  /** Runs a step of the pipeline in a span of its own. */
  readonly inSpan: <T>(
    name: string,
    attributes: Readonly<Record<string, string>>,
    step: (span: Span) => Promise<T>,
  ) => Promise<T>;
  readonly reviewer: Pick<ModelReviewer, "review">;
  readonly meter: LookupMeter;
  /** Told of every caller's destination, by its resource name. */
  readonly countDestination: (name: string) => void;
  readonly contentLoaded: ContentLoaded;
}

/**
 * What happens while a guide is composed, in this order: one plan, settled calls and sections, one completion; or, for
 * a guide that was at hand whole, that guide and the completion.
 */
export type ComposeEvent =
  | { readonly type: "plan"; readonly plan: GuidePlan }
  | { readonly type: "cached"; readonly guide: HeldGuide }
  | {
      readonly type: "call";
      readonly kind: SectionKind;
      readonly outcome: ProviderOutcome;
      readonly counts: Counts;
    }
  | { readonly type: "section"; readonly section: Section }
  | { readonly type: "omission"; readonly omission: Omission; readonly counts: Counts }
  | {
      readonly type: "completion";
      readonly guide: HeldGuide;
      readonly report: CallReport;
      readonly personalization: Personalization | undefined;
    };

export interface Counts {
  readonly planned: number;
  readonly settled: number;
}
