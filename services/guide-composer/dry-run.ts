import type { CallReport, GuidePlan } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { ReadAnswer } from "./cache/lookup.ts";
import type { Decision } from "./cache/probe.ts";
import type { Call, CheckedRequest, ComposeDependencies } from "./composition.ts";
import { outlineOf } from "./guide-outline.ts";
import { planOfCached, toGuidePlan } from "./guide-plan.ts";
import { holdBytes } from "./held-guide.ts";
import { toSettled } from "./load-contents.ts";
import { createPlan, nameGuide } from "./plan.ts";
import { kindsOfMask } from "./read-mask.ts";
import { createReport, TO_CACHE_DECISION, wholeGuideReport } from "./report.ts";
import { resolveSpec } from "./spec.ts";

export interface DryRun {
  readonly plan: GuidePlan;
  readonly report: CallReport;
}

type Previewed = Pick<ReadAnswer, "entry" | "decisions">;

/**
 * Says what `compose` would fetch and cost for a request: resolves, plans and looks into the cache. Asks no provider, and
 * leaves nothing behind that another call would notice.
 *
 * @throws ServiceError DESTINATION_*, REQUEST_INVALID, CONTENT_SERVICE_UNAVAILABLE, DEADLINE_EXPIRED, CALLER_GONE
 */
export async function runDry(
  request: CheckedRequest,
  call: Call,
  dependencies: ComposeDependencies,
): Promise<DryRun> {
  const { catalog, lookup, now, inSpan, memos } = dependencies;
  const { signal, traceId, startMs } = call;
  const destination = await inSpan("resolve destination", {}, () =>
    dependencies.resolver.resolveKnown(request.spec, signal),
  );
  const resolved = resolveSpec(request.spec, destination, now(), request.specPath);

  const preview = async (keys: readonly string[]): Promise<readonly Previewed[]> =>
    request.mode === "refresh"
      ? keys.map(() => ({ entry: undefined, decisions: ["BYPASS_REQUESTED"] }))
      : await lookup.preview(keys, request, signal);
  const [whole] = await preview([nameGuide(resolved).key]);
  const guideDecisions = (whole?.decisions ?? []).map((decision) => TO_CACHE_DECISION[decision]);
  if (whole?.entry !== undefined) {
    const { bytes } = whole.entry;
    return {
      plan: planOfCached(holdBytes(bytes).message()),
      report: wholeGuideReport(traceId, startMs, now(), outlineOf(bytes), guideDecisions, catalog.known()),
    };
  }

  const offerings = await catalog.offerings(signal);
  const needed = new Set([...kindsOfMask(request.paths), ...request.requiredKinds]);
  const plan = createPlan(resolved, offerings, needed);
  const contents = plan.sections.flatMap((section) => section.contents);
  const previews = await preview(contents.map(({ key }) => key));
  const lookedUp = contents.map((planned, index) => {
    const { entry, decisions = [] } = previews[index] ?? {};
    const all: readonly Decision[] = entry === undefined ? [...decisions, "NOT_FETCHED"] : decisions;
    const found =
      entry === undefined
        ? ({ state: "not-fetched", decisions: all } as const)
        : ({ state: "found", entry, decisions: all, loadedNow: false } as const);
    const settled = toSettled(planned, found, now(), memos.contents);
    return { settled, decisions: all, loadedNow: false, latencyMs: 0 };
  });
  const cachedKeys = new Set(contents.flatMap(({ key }, index) => (previews[index]?.entry ? [key] : [])));
  return {
    plan: toGuidePlan(plan, cachedKeys, offerings, request.mode !== "cache-only"),
    report: createReport({
      traceId,
      startMs,
      endMs: now(),
      providerMs: 0,
      guideDecisions,
      lookedUp,
      leftOutListingCount: 0,
      offerings,
      explain: request.explain,
    }),
  };
}
