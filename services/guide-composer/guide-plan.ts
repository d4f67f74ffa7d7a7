import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  GuidePlanSchema,
  type Guide,
  type GuidePlan,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { CatalogOffering, Plan } from "./plan.ts";

/**
 * What a caller is told of a plan: what is cached, who is asked, what to expect.
 *
 * @param calling whether what is not cached is asked for
 */
export function toGuidePlan(
  plan: Plan,
  cachedKeys: ReadonlySet<string>,
  offerings: readonly CatalogOffering[],
  calling: boolean,
): GuidePlan {
  const sections = plan.sections.map((section) => {
    const missing = section.contents.filter(({ key }) => !cachedKeys.has(key));
    const called = calling ? missing : [];
    const asked = offerings.filter(({ kind, provider }) =>
      called.some((content) => content.kind === kind && content.provider === provider),
    );
    const latencies = asked.flatMap(({ medianLatencyMs }) => medianLatencyMs ?? []);
    return {
      kind: section.kind,
      cached: missing.length === 0,
      providers: called.map(({ provider }) => provider),
      ...(latencies.length > 0 && { expectedLatency: durationFromMs(Math.max(...latencies)) }),
      expectedCostUsdMicros: asked.reduce(
        (sum, { expectedCostUsdMicros }) => sum + expectedCostUsdMicros,
        0n,
      ),
    };
  });
  return create(GuidePlanSchema, {
    guide: plan.guideName,
    destination: plan.resolved.destination,
    sections,
    expectedCostUsdMicros: sections.reduce((sum, section) => sum + section.expectedCostUsdMicros, 0n),
  });
}

/** The plan of a guide that is cached whole. */
export const planOfCached = (guide: Guide): GuidePlan =>
  create(GuidePlanSchema, {
    guide: guide.name,
    ...(guide.destination && { destination: guide.destination }),
    sections: guide.sections.map(({ kind }) => ({ kind, cached: true })),
  });
