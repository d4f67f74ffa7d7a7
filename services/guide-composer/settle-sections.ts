import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import { takeApart } from "./assemble/listings/names.ts";
import type { LookupAnswer } from "./cache/lookup.ts";
import type { ComposeDependencies } from "./composition.ts";
import { toSettled } from "./load-contents.ts";
import type { CatalogOffering, Plan, PlannedSection } from "./plan.ts";
import { savedBy, type LookedUp } from "./report.ts";
import { kindNameOf } from "./sections.ts";

export interface SettledSection {
  readonly section: PlannedSection;
  readonly found: readonly LookedUp[];
}

/**
 * One promise per section, each in a span of its own that ends when all contents of the section have settled. Sections
 * that are cached come first.
 */
export function settleSections(
  plan: Plan,
  answer: LookupAnswer,
  offerings: readonly CatalogOffering[],
  lookupStartMs: number,
  { now, inSpan, meter, memos }: Pick<ComposeDependencies, "now" | "inSpan" | "meter" | "memos">,
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
          const lookedUp: LookedUp = {
            settled: toSettled(planned, result, now(), memos.contents),
            decisions: result.decisions,
            loadedNow: result.state === "found" && result.loadedNow,
            latencyMs: now() - lookupStartMs,
          };
          // On a load there is time for it while slower providers are waited for; it is needed in any case.
          takeApart(lookedUp.settled.content?.listings ?? []);
          span.addEvent("settled", {
            [ATTRIBUTE.provider]: planned.provider,
            [ATTRIBUTE.cacheDecision]: result.decisions.join(","),
          });
          const hit = result.state === "found" && !result.loadedNow;
          meter.content(kindNameOf(section.kind), result.decisions, {
            bytes: hit ? result.entry.bytes.byteLength : 0,
            ...savedBy(lookedUp, offerings),
          });
          return lookedUp;
        }),
      );
      return { section, found };
    }),
  );
}

const isCached = (section: PlannedSection, cachedKeys: ReadonlySet<string>): boolean =>
  section.contents.every(({ key }) => cachedKeys.has(key));
