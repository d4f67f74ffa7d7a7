import type {
  Destination,
  ProviderOutcome,
  SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Content } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { GuideSpec } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";

/** A spec with the destination resolved and every default filled in. Civil dates are the destination's. */
export interface ResolvedSpec {
  readonly destination: Destination;
  /** `destination_name`, kinds, language, first day and day count all set; `preferences` present. */
  readonly spec: GuideSpec;
  readonly sectionKinds: readonly SectionKind[];
  readonly languageCode: string;
  readonly startDate: NonNullable<GuideSpec["startDate"]>;
  readonly dayCount: number;
  readonly preferences: NonNullable<GuideSpec["preferences"]>;
}

/** One content to have: which provider answers which section, under which key, for how long. */
export interface PlannedContent {
  readonly kind: SectionKind;
  /** `providers/{provider}`. */
  readonly provider: string;
  /** Everything that the answer depends on, and nothing else. */
  readonly key: string;
  /** How long the section promises to be valid, from the fetch. */
  readonly lifeMs: number;
}

export interface PlannedSection {
  readonly kind: SectionKind;
  /** In order of preference. */
  readonly contents: readonly PlannedContent[];
}

export interface Plan {
  /** `guides/{guide}`. */
  readonly guideName: string;
  readonly resolved: ResolvedSpec;
  readonly sections: readonly PlannedSection[];
}

/** How one planned content ended: what assembly works on. */
export interface SettledContent {
  readonly planned: PlannedContent;
  /** Absent when the provider failed, was skipped, or has nothing there; `outcome` says which. */
  readonly content: Content | undefined;
  readonly outcome: ProviderOutcome;
  /** Valid until, milliseconds since the epoch: the earliest of section life, terms and the provider's expiry. */
  readonly expireMs: number;
}
