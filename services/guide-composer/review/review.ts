import { create } from "@bufbuild/protobuf";
import {
  QualityReviewSchema,
  type Guide,
  type QualityReview,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { RULES } from "./rules.ts";

/** From this score on a guide passes: the predecessor's band, 70 of 100. */
const PASS_SCORE = 0.7;

/**
 * Weighted share of the rules that hold among those that have something to judge, and what does not hold, heaviest
 * first. A rule without anything to judge neither raises nor lowers the score: a guide made of nothing earns nothing.
 */
export function review(guide: Guide): QualityReview {
  const checked = RULES.flatMap((rule) => {
    const findings = rule.check(guide);
    return findings === undefined ? [] : [{ rule, findings }];
  }).sort((a, b) => b.rule.weight - a.rule.weight);
  const weigh = (entries: typeof checked): number => entries.reduce((sum, { rule }) => sum + rule.weight, 0);
  const held = checked.filter(({ findings }) => findings.length === 0);
  const score = checked.length === 0 ? 0 : weigh(held) / weigh(checked);
  return create(QualityReviewSchema, {
    score,
    passed: score >= PASS_SCORE,
    findings: checked.flatMap(({ rule, findings }) =>
      findings.map(({ kind, message }) => ({ rule: rule.name, sectionKind: kind, message })),
    ),
  });
}
