import type { Guide, QualityFinding } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";

/** What a rule found wrong. */
export interface Finding {
  readonly kind: SectionKind;
  /** In English, for operators. */
  readonly message: string;
}

/** One quality rule: holds when it finds nothing. */
export interface Rule {
  /** In kebab-case; stands in `QualityFinding.rule`. */
  readonly name: QualityFinding["rule"];
  /** Share of the score, relative to the other rules that apply; above 0. */
  readonly weight: number;
  /** What does not hold; undefined when there is nothing that the rule could judge. */
  readonly check: (guide: Guide) => readonly Finding[] | undefined;
}
