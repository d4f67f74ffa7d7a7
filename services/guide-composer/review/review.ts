import { create, toBinary } from "@bufbuild/protobuf";
import {
  GuideSchema,
  QualityReviewSchema,
  type Guide,
  type QualityReview,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { citations } from "./citations.ts";
import { counts } from "./counts.ts";
import { dates } from "./dates.ts";
import { filler } from "./filler.ts";
import { forecastCoverage } from "./forecast-coverage.ts";
import { itinerary } from "./itinerary.ts";
import type { Rule } from "./rule.ts";
import { mustSee, wishes } from "./wishes.ts";

const PASS_SCORE = 0.7;
/** More than this is no guide any more but a dump. */
const MAX_GUIDE_BYTES = 250_000;

const size: Rule = {
  name: "too-large",
  weight: 1,
  check: (guide) => {
    const bytes = toBinary(GuideSchema, guide).length;
    return bytes > MAX_GUIDE_BYTES
      ? [{ kind: SectionKind.UNSPECIFIED, message: `${bytes} bytes where ${MAX_GUIDE_BYTES} are the limit` }]
      : [];
  },
};

/** Every rule; the only list. */
export const RULES: readonly Rule[] = [
  citations,
  dates,
  itinerary,
  mustSee,
  filler,
  counts,
  wishes,
  forecastCoverage,
  size,
];

/** Weighted share of rules that hold, and what does not, heaviest first. */
export function review(guide: Guide): QualityReview {
  const checked = RULES.map((rule) => ({ rule, findings: rule.check(guide) })).sort(
    (a, b) => b.rule.weight - a.rule.weight,
  );
  const total = RULES.reduce((sum, { weight }) => sum + weight, 0);
  const held = checked
    .filter(({ findings }) => findings.length === 0)
    .reduce((sum, { rule }) => sum + rule.weight, 0);
  return create(QualityReviewSchema, {
    score: held / total,
    passed: held / total >= PASS_SCORE,
    findings: checked.flatMap(({ rule, findings }) =>
      findings.map(({ kind, message }) => ({ rule: rule.name, sectionKind: kind, message })),
    ),
  });
}
