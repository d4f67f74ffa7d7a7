import type { Span } from "@opentelemetry/api";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { CacheDecision } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import { asTheyLand } from "./as-they-land.ts";
import { assembleSections } from "./assemble-sections.ts";
import { assembleGuide, guideIsStorable } from "./assemble/guide.ts";
import type { AssembledSection } from "./assemble/section.ts";
import type { ReadAnswer } from "./cache/lookup.ts";
import type { Entry } from "./cache/store.ts";
import type { Decision } from "./cache/probe.ts";
import { checkComplete } from "./completeness.ts";
import type { Call, CheckedRequest, ComposeDependencies, ComposeEvent } from "./composition.ts";
import { outlineOf, type GuideOutline } from "./guide-outline.ts";
import { toGuidePlan } from "./guide-plan.ts";
import { encodeAhead, holdBytes, holdMessage } from "./held-guide.ts";
import { createContentLoad } from "./load-contents.ts";
import { personalize } from "./personalize/personalize.ts";
import { createPlan, nameGuide, type CatalogOffering } from "./plan.ts";
import { kindsOfMask } from "./read-mask.ts";
import { createReport, savedByGuide, TO_CACHE_DECISION, wholeGuideReport, type LookedUp } from "./report.ts";
import { settleSections } from "./settle-sections.ts";
import { resolveSpec } from "./spec.ts";
import { NOTHING_SERVED } from "./stats/lookup-meter.ts";

/**
 * What a refresh ahead of expiry has, milliseconds: twice the slowest attempt, because nobody waits for it. Kept with
 * every entry for its life, so no closure of a call, which would keep the call's whole guide.
 */
const refreshTimeoutMs = (): number => 20_000;

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
  const { catalog, lookup, now, inSpan, meter, memos, reviewer } = dependencies;
  const destination = await inSpan("resolve destination", {}, () =>
    dependencies.resolver.resolve(request.spec, call.signal),
  );
  const resolved = resolveSpec(request.spec, destination, now(), request.specPath);
  if (request.purpose === "caller") dependencies.countDestination(destination.name);
  const guideDecisions: CacheDecision[] = [];
  const decideGuide = (decisions: readonly Decision[], span: Span): void => {
    guideDecisions.push(...decisions.map((decision) => TO_CACHE_DECISION[decision]));
    span.setAttribute(ATTRIBUTE.cacheDecision, decisions.join(","));
  };
  // Before the plan: a guide that is at hand needs no content-fetcher, not even to say what it offers.
  const entry = await inSpan("look up guide", {}, async (span) => {
    const found: ReadAnswer =
      request.mode === "refresh"
        ? { entry: undefined, decisions: ["BYPASS_REQUESTED"], partsKnown: true }
        : await lookup.find(nameGuide(resolved).key, request, call.signal);
    decideGuide(found.decisions, span);
    if (found.entry === undefined) meter.guide(found.decisions, NOTHING_SERVED);
    return found;
  });
  if (entry.entry !== undefined) {
    const { bytes } = entry.entry;
    const outline = outlineOf(bytes);
    const known = catalog.known();
    meter.guide(entry.decisions, { bytes: bytes.byteLength, ...savedByGuide(outline, known) });
    if (!entry.partsKnown && known.length > 0) {
      const { guideKey, sections } = createPlan(resolved, known, new Set(resolved.sectionKinds));
      const parts = sections.flatMap(({ contents }) => contents);
      lookup.adopt(
        guideKey,
        parts.map(({ key }) => key),
        createContentLoad(dependencies, resolved, parts, "refresh", refreshTimeoutMs),
      );
    }
    const replaying = { entry: entry.entry, key: nameGuide(resolved).key, outline, guideDecisions, known };
    yield* replay(replaying, request, call, dependencies);
    return;
  }
  const all = await catalog.offerings(call.signal);
  // Ahead of demand only for what can be kept until somebody asks for it.
  const offerings = request.purpose === "warming" ? all.filter(({ storable }) => storable) : all;
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
    maxLifeShare: request.maxLifeShare,
    load: createContentLoad(dependencies, resolved, contents, request.purpose, call.remainingMs),
    refreshLoad: createContentLoad(dependencies, resolved, contents, "refresh", refreshTimeoutMs),
    signal: call.signal,
  });
  yield {
    type: "plan",
    plan: toGuidePlan(plan, answer.cachedKeys, offerings, request.mode !== "cache-only"),
  };

  const counts = { planned: plan.sections.length, settled: 0 };
  const lookedUp: LookedUp[] = [];
  /** What the guide is made of, for each kind. */
  const sources = new Map<SectionKind, readonly object[]>();
  const assembled = new Map<SectionKind, AssembledSection>();
  let lastProviderMs = lookupStartMs;
  const landing = asTheyLand(settleSections(plan, answer, offerings, lookupStartMs, dependencies));
  for await (const event of assembleSections(landing, plan, memos)) {
    const { section, found } = event.settled;
    if (event.type === "settled") {
      lookedUp.push(...found);
      if (found.some(({ settled }) => !answer.cachedKeys.has(settled.planned.key))) lastProviderMs = now();
      counts.settled += 1;
      for (const { settled, loadedNow } of found) {
        if (loadedNow) yield { type: "call", kind: section.kind, outcome: settled.outcome, counts };
      }
      continue;
    }
    const { result, madeOf } = event;
    sources.set(section.kind, madeOf);
    assembled.set(section.kind, result);
    if (result.state === "section") {
      yield { type: "section", section: result.section };
      if (counts.settled < counts.planned) encodeAhead(result.section);
    } else yield { type: "omission", omission: result.omission, counts };
  }

  const inOrder = plan.sections.flatMap(({ kind }) => assembled.get(kind) ?? []);
  const sections = inOrder.flatMap((result) => (result.state === "section" ? [result.section] : []));
  const omissions = inOrder.flatMap((result) => (result.state === "omitted" ? [result.omission] : []));
  checkComplete(destination.name, sections, omissions, request.requiredKinds);

  // Lacks sections, or contents of them, that the guide to this spec has.
  const pruned =
    plan.sections.length < resolved.sectionKinds.length ||
    (offerings.length < all.length &&
      all.some((offering) => !offerings.includes(offering) && resolved.sectionKinds.includes(offering.kind)));
  let madeNow = false;
  const held = await inSpan("assemble", {}, () =>
    Promise.resolve(
      memos.guides.of(
        // Whoever made it stores it: never one who may not, for one who may.
        [plan.guideName, String(pruned), ...plan.sections.map(({ kind }) => kind)].join(" "),
        plan.sections.flatMap(({ kind }) => sources.get(kind) ?? []),
        () => {
          madeNow = true;
          return holdMessage(assembleGuide(plan, sections, omissions, now()));
        },
      ),
    ),
  );
  const guide = held.message();
  const storable =
    !pruned &&
    guideIsStorable(
      guide,
      inOrder.map((result) => result.state === "section" && result.storable),
    );
  const expireMs = guide.freshness?.expireTime && timestampMs(guide.freshness.expireTime);
  const kept = await inSpan("store guide", {}, (span) => {
    if (storable && expireMs !== undefined && expireMs > now()) {
      const fetchTime = guide.freshness?.fetchTime;
      const storedMs = fetchTime === undefined ? now() : timestampMs(fetchTime);
      const made: Entry = { bytes: held.bytes(), storedMs, expireMs, negative: false };
      // Otherwise whoever made it stores it.
      if (madeNow)
        lookup.write(plan.guideKey, made, {
          ofKeys: contents.map(({ key }) => key),
          startMark: answer.startMark,
        });
      return Promise.resolve(made);
    }
    if (!pruned) {
      decideGuide(["NOT_STORABLE"], span);
      meter.guide(["NOT_STORABLE"], NOTHING_SERVED);
    }
    return Promise.resolve(undefined);
  });
  const reviewed = await reviewer.review(
    { guide: held, key: plan.guideKey, entry: kept, modelReviewed: false },
    request,
    call,
  );
  yield {
    type: "completion",
    guide: reviewed.guide,
    report: createReport({
      traceId: call.traceId,
      startMs: call.startMs,
      endMs: now(),
      providerMs: lastProviderMs - lookupStartMs,
      guideDecisions,
      lookedUp,
      offerings,
      leftOutListingCount: sections.reduce((sum, section) => sum + section.leftOutListingCount, 0),
      review: reviewed,
      explain: request.explain,
    }),
    personalization: request.trip && personalize(guide, request.trip),
  };
}

/** A guide that the cache has whole. */
interface Replaying {
  readonly key: string;
  readonly entry: Entry;
  readonly outline: GuideOutline;
  readonly guideDecisions: readonly CacheDecision[];
  readonly known: readonly CatalogOffering[];
}

/** Events of a guide that the cache has whole. It is decoded only for whoever wants to see into it. */
async function* replay(
  { key, entry, outline, guideDecisions, known }: Replaying,
  request: CheckedRequest,
  call: Call,
  { reviewer, now }: Pick<ComposeDependencies, "reviewer" | "now">,
): AsyncGenerator<ComposeEvent> {
  const guide = holdBytes(entry.bytes);
  yield { type: "cached", guide };
  const { modelReviewed } = outline;
  const reviewed = await reviewer.review({ guide, key, entry, modelReviewed }, request, call);
  yield {
    type: "completion",
    guide: reviewed.guide,
    report: wholeGuideReport(call.traceId, call.startMs, now(), outline, guideDecisions, known, reviewed),
    personalization: request.trip && personalize(guide.message(), request.trip),
  };
}
