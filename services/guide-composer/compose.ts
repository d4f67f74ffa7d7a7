import type { Span } from "@opentelemetry/api";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  CacheDecision,
  GuidePlanSchema,
  GuideSchema,
  type CallReport,
  type Guide,
  type GuidePlan,
  type GuideSpec,
  type Omission,
  type Personalization,
  type Section,
  type Trip,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { ProviderOutcome, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import { asTheyLand } from "./as-they-land.ts";
import { assembleGuide, guideIsStorable } from "./assemble/guide.ts";
import { assembleSection, type AssembledSection } from "./assemble/section.ts";
import type { Lookup, LookupAnswer, LookupMode, ReadAnswer } from "./cache/lookup.ts";
import type { Decision } from "./cache/probe.ts";
import type { Catalog } from "./catalog.ts";
import { checkComplete } from "./completeness.ts";
import type { SpendGuard } from "./cost/spend-guard.ts";
import type { ContentClient } from "./fetch/content-client.ts";
import type { CountDecisions } from "./decision-counter.ts";
import { createContentLoad, toSettled } from "./load-contents.ts";
import { personalize } from "./personalize/personalize.ts";
import {
  createPlan,
  nameGuide,
  type CatalogOffering,
  type Plan,
  type PlannedSection,
  type SettledContent,
} from "./plan.ts";
import type { Memo } from "./memo.ts";
import { kindsOfMask } from "./read-mask.ts";
import { createReport, TO_CACHE_DECISION, wholeGuideReport, type LookedUp } from "./report.ts";
import type { DestinationResolver } from "./resolve-destination.ts";
import { kindNameOf } from "./sections.ts";
import { resolveSpec } from "./spec.ts";

/** What a refresh ahead of expiry has, milliseconds: twice the slowest attempt, because nobody waits for it. */
const REFRESH_TIMEOUT_MS = 20_000;

/** A `ComposeGuideRequest` that has passed every check. */
export interface CheckedRequest {
  readonly spec: GuideSpec;
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
  readonly guides: Memo<Guide>;
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
  readonly countDecisions: CountDecisions;
}

/** What happens while a guide is composed, in this order: one plan, settled calls and sections, one completion. */
export type ComposeEvent =
  | { readonly type: "plan"; readonly plan: GuidePlan }
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
      readonly guide: Guide;
      readonly report: CallReport;
      readonly personalization: Personalization | undefined;
    };

export interface Counts {
  readonly planned: number;
  readonly settled: number;
}

/**
 * The one pipeline: resolve, plan, look up, assemble, review, store. The unary method reads its completion, the stream
 * passes its events on.
 *
 * @throws ServiceError DESTINATION_*, REQUEST_INVALID, NO_CONTENT, REQUIRED_SECTION_MISSING, CONTENT_SERVICE_UNAVAILABLE,
 * DEADLINE_EXPIRED, CALLER_GONE
 */
export async function* compose(
  request: CheckedRequest,
  call: Call,
  dependencies: ComposeDependencies,
): AsyncGenerator<ComposeEvent> {
  const { catalog, lookup, now, inSpan, countDecisions, memos } = dependencies;
  const destination = await inSpan("resolve destination", {}, () =>
    dependencies.resolver.resolve(request.spec, call.signal),
  );
  const resolved = resolveSpec(request.spec, destination, now());
  const guideDecisions: CacheDecision[] = [];
  const decideGuide = (decisions: readonly Decision[], span: Span): void => {
    guideDecisions.push(...decisions.map((decision) => TO_CACHE_DECISION[decision]));
    span.setAttribute(ATTRIBUTE.cacheDecision, decisions.join(","));
    countDecisions("guide", decisions);
  };
  // Before the plan: a guide that is at hand needs no content-fetcher, not even to say what it offers.
  const entry = await inSpan("look up guide", {}, async (span) => {
    const found: ReadAnswer =
      request.mode === "refresh"
        ? { entry: undefined, decisions: ["BYPASS_REQUESTED"] }
        : await lookup.find(nameGuide(resolved).key, request.maxAgeMs, call.signal);
    decideGuide(found.decisions, span);
    return found.entry;
  });
  if (entry !== undefined) {
    const guide = fromBinary(GuideSchema, entry.bytes);
    yield* replay(guide, request, call, guideDecisions, catalog.known(), now);
    return;
  }
  const offerings = await catalog.offerings(call.signal);
  const needed = new Set([...kindsOfMask(request.paths), ...request.requiredKinds]);
  const plan = await inSpan("plan", {}, (span) => {
    const made = createPlan(resolved, offerings, needed);
    span.setAttribute(ATTRIBUTE.guide, made.guideName);
    return Promise.resolve(made);
  });

  const lookupStartMs = now();
  const contents = plan.sections.flatMap((section) => section.contents);
  const answer = await lookup.lookUp({
    keys: contents.map(({ key }) => key),
    mode: request.mode,
    maxStaleMs: request.maxStaleMs,
    maxAgeMs: request.maxAgeMs,
    load: createContentLoad(dependencies, resolved, contents, "caller", call.remainingMs),
    refreshLoad: createContentLoad(dependencies, resolved, contents, "refresh", () => REFRESH_TIMEOUT_MS),
    signal: call.signal,
  });
  yield { type: "plan", plan: toGuidePlan(plan, answer.cachedKeys, offerings) };

  const counts = { planned: plan.sections.length, settled: 0 };
  const lookedUp: LookedUp[] = [];
  const assembled = new Map<SectionKind, AssembledSection>();
  let lastProviderMs = lookupStartMs;
  for await (const { section, found } of asTheyLand(
    settleSections(plan, answer, lookupStartMs, dependencies),
  )) {
    lookedUp.push(...found);
    if (found.some(({ settled }) => !answer.cachedKeys.has(settled.planned.key))) lastProviderMs = now();
    counts.settled += 1;
    for (const { settled, loadedNow } of found) {
      if (loadedNow) yield { type: "call", kind: section.kind, outcome: settled.outcome, counts };
    }
    const contentsOfSection = found.map(({ settled }) => settled);
    const result = memos.sections.of(`${plan.guideName} ${section.kind}`, contentsOfSection, () =>
      assembleSection(section, contentsOfSection, resolved),
    );
    assembled.set(section.kind, result);
    if (result.state === "section") yield { type: "section", section: result.section };
    else yield { type: "omission", omission: result.omission, counts };
  }

  const inOrder = plan.sections.flatMap(({ kind }) => assembled.get(kind) ?? []);
  const sections = inOrder.flatMap((result) => (result.state === "section" ? [result.section] : []));
  const omissions = inOrder.flatMap((result) => (result.state === "omitted" ? [result.omission] : []));
  checkComplete(destination.name, sections, omissions, request.requiredKinds);

  let madeNow = false;
  const guide = await inSpan("assemble", {}, () =>
    Promise.resolve(
      memos.guides.of(plan.guideName, [...sections, ...omissions], () => {
        madeNow = true;
        return assembleGuide(plan, sections, omissions, now());
      }),
    ),
  );
  const pruned = plan.sections.length < resolved.sectionKinds.length;
  const storable =
    !pruned &&
    guideIsStorable(
      guide,
      inOrder.map((result) => result.state === "section" && result.storable),
    );
  const expireMs = guide.freshness?.expireTime && timestampMs(guide.freshness.expireTime);
  await inSpan("store guide", {}, async (span) => {
    if (storable && expireMs !== undefined && expireMs > now()) {
      if (!madeNow) return; // whoever made it stores it
      const fetchTime = guide.freshness?.fetchTime;
      await lookup.write(
        plan.guideKey,
        {
          bytes: toBinary(GuideSchema, guide),
          storedMs: fetchTime === undefined ? now() : timestampMs(fetchTime),
          expireMs,
          negative: false,
        },
        contents.map(({ key }) => key),
      );
    } else if (!pruned) {
      decideGuide(["NOT_STORABLE"], span);
    }
  });
  yield {
    type: "completion",
    guide,
    report: createReport({
      traceId: call.traceId,
      startMs: call.startMs,
      endMs: now(),
      providerMs: lastProviderMs - lookupStartMs,
      guideDecisions,
      lookedUp,
      offerings,
      explain: request.explain,
    }),
    personalization: request.trip && personalize(guide, request.trip),
  };
}

interface SettledSection {
  readonly section: PlannedSection;
  readonly found: readonly LookedUp[];
}

/** One promise per section, each in a span of its own that ends when all contents of the section have settled. */
function settleSections(
  plan: Plan,
  answer: LookupAnswer,
  lookupStartMs: number,
  { now, inSpan, countDecisions, memos }: ComposeDependencies,
): Promise<SettledSection>[] {
  const ordered = [...plan.sections].sort(
    (a, b) => Number(isCached(b, answer.cachedKeys)) - Number(isCached(a, answer.cachedKeys)),
  );
  return ordered.map((section) =>
    inSpan("look up section", { [ATTRIBUTE.sectionKind]: kindNameOf(section.kind) }, async (span) => {
      const found = await Promise.all(
        section.contents.map(async (planned): Promise<LookedUp> => {
          const result = await answer.results.get(planned.key);
          if (result === undefined)
            throw new Error("the lookup has no answer for a key that it was asked for");
          span.addEvent("settled", {
            [ATTRIBUTE.provider]: planned.provider,
            [ATTRIBUTE.cacheDecision]: result.decisions.join(","),
          });
          countDecisions("content", result.decisions, kindNameOf(section.kind));
          return {
            settled: toSettled(planned, result, now(), memos.contents),
            decisions: result.decisions,
            loadedNow: result.state === "found" && result.loadedNow,
            latencyMs: now() - lookupStartMs,
          };
        }),
      );
      return { section, found };
    }),
  );
}

const isCached = (section: PlannedSection, cachedKeys: ReadonlySet<string>): boolean =>
  section.contents.every(({ key }) => cachedKeys.has(key));

/** Events of a guide that the cache has whole. */
function* replay(
  guide: Guide,
  request: CheckedRequest,
  call: Call,
  decisions: readonly CacheDecision[],
  offerings: readonly CatalogOffering[],
  now: () => number,
): Generator<ComposeEvent> {
  const plan = create(GuidePlanSchema, {
    guide: guide.name,
    ...(guide.destination && { destination: guide.destination }),
    sections: guide.sections.map(({ kind }) => ({ kind, cached: true })),
  });
  yield { type: "plan", plan };
  for (const section of guide.sections) yield { type: "section", section };
  yield {
    type: "completion",
    guide,
    report: wholeGuideReport(call.traceId, call.startMs, now(), guide, decisions, offerings),
    personalization: request.trip && personalize(guide, request.trip),
  };
}

function toGuidePlan(
  plan: Plan,
  cachedKeys: ReadonlySet<string>,
  offerings: readonly CatalogOffering[],
): GuidePlan {
  return create(GuidePlanSchema, {
    guide: plan.guideName,
    destination: plan.resolved.destination,
    sections: plan.sections.map((section) => {
      const called = section.contents.filter(({ key }) => !cachedKeys.has(key));
      const asked = offerings.filter(({ kind, provider }) =>
        called.some((content) => content.kind === kind && content.provider === provider),
      );
      const latencies = asked.flatMap(({ medianLatencyMs }) => medianLatencyMs ?? []);
      return {
        kind: section.kind,
        cached: called.length === 0,
        providers: called.map(({ provider }) => provider),
        ...(latencies.length > 0 && { expectedLatency: durationFromMs(Math.max(...latencies)) }),
        expectedCostUsdMicros: asked.reduce(
          (sum, { expectedCostUsdMicros }) => sum + expectedCostUsdMicros,
          0n,
        ),
      };
    }),
  });
}
