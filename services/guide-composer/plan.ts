import {
  type Destination,
  type ProviderOutcome,
  type SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { QueryAspect, type Content } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { GuideSpec } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { contentKey, identifyGuide, type GuideIdentity } from "./cache/keys.ts";
import { kindNameOf, lifeMsOf } from "./sections.ts";

/** Listings asked of each provider per section; fixed, so that it is no part of any caller's choice or key. */
export const MAX_LISTING_COUNT = 60;

/** A spec with the destination resolved and every default filled in. Civil dates are the destination's. */
export interface ResolvedSpec {
  readonly destination: Destination;
  /** `destination_name`, kinds, language, first day, day count and least verdict all set; `preferences` present. */
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
  /** Whether nobody outside is asked for it. */
  readonly embedded: boolean;
  /** Whether a language model writes it: the places that it names are checked against others'. */
  readonly languageModel: boolean;
}

export interface PlannedSection {
  readonly kind: SectionKind;
  /** In order of preference. */
  readonly contents: readonly PlannedContent[];
}

export interface Plan {
  /** `guides/{guide}`. */
  readonly guideName: string;
  readonly guideKey: string;
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
  /** What it was made of: one object for all calls that share a load or a cached entry. */
  readonly source: object;
}

/** A provider's offering of one section, as content-fetcher lists it. */
export interface CatalogOffering {
  readonly kind: SectionKind;
  readonly provider: string;
  readonly dependsOn: readonly QueryAspect[];
  /** Median latency of late calls, milliseconds; undefined without calls. */
  readonly medianLatencyMs: number | undefined;
  readonly expectedCostUsdMicros: bigint;
  /** Whether the provider's terms allow to keep its answers. */
  readonly storable: boolean;
  /** Whether the data is a part of content-fetcher: then nobody outside is asked. */
  readonly embedded: boolean;
  /** Whether a language model writes its content. */
  readonly languageModel: boolean;
}

/**
 * Makes the plan of a guide: pure, so that the same spec and catalog always give the same keys.
 *
 * @param catalog offerings of the providers that can be called, in order of preference
 * @param neededKinds kinds that the call needs; the others of the spec are neither looked up nor fetched
 */
export function createPlan(
  resolved: ResolvedSpec,
  catalog: readonly CatalogOffering[],
  neededKinds: ReadonlySet<SectionKind>,
): Plan {
  const destination = resolved.destination.name;
  const sections = resolved.sectionKinds
    .filter((kind) => neededKinds.has(kind))
    .map((kind) => ({
      kind,
      contents: catalog
        .filter((offering) => offering.kind === kind)
        .map(({ provider, dependsOn, embedded, languageModel }) => ({
          kind,
          provider,
          key: contentKey(destination, kindNameOf(kind), provider, aspectsOf(resolved, dependsOn)),
          lifeMs: lifeMsOf(kind),
          embedded,
          languageModel,
        })),
    }));
  const { name, key } = nameGuide(resolved);
  return { guideName: name, guideKey: key, resolved, sections };
}

/** Name and cache key of the guide to a spec: known before, and independent of, what providers there are. */
export const nameGuide = (resolved: ResolvedSpec): GuideIdentity =>
  identifyGuide(resolved.destination.name, guideInputs(resolved));

const civil = (date: { year: number; month: number; day: number }): string =>
  `${date.year}-${date.month}-${date.day}`;

/** What each aspect contributes to a key. A new aspect does not compile until it has a row. */
const ASPECT_VALUE = {
  [QueryAspect.UNSPECIFIED]: () => "",
  [QueryAspect.LANGUAGE]: ({ languageCode }) => languageCode,
  [QueryAspect.DATES]: ({ startDate, dayCount }) => `${civil(startDate)}+${dayCount}`,
  [QueryAspect.BUDGET_LEVEL]: ({ preferences }) => String(preferences.budgetLevel),
  [QueryAspect.CUISINES]: ({ preferences }) => JSON.stringify(preferences.cuisines),
  [QueryAspect.DIETARY_TAGS]: ({ preferences }) => JSON.stringify(preferences.dietaryTags),
  [QueryAspect.INTERESTS]: ({ preferences }) => JSON.stringify(preferences.interests),
  [QueryAspect.TRAVEL_GROUP]: ({ preferences }) => String(preferences.travelGroup),
  [QueryAspect.ACCESSIBILITY_NEEDS]: ({ preferences }) => JSON.stringify(preferences.accessibilityNeeds),
  [QueryAspect.MUST_SEE]: ({ preferences }) => JSON.stringify(preferences.mustSee),
  [QueryAspect.AVOID]: ({ preferences }) => JSON.stringify(preferences.avoid),
  [QueryAspect.MAX_LISTING_COUNT]: () => String(MAX_LISTING_COUNT),
} as const satisfies Record<
  (typeof QueryAspect)[keyof typeof QueryAspect],
  (resolved: ResolvedSpec) => string
>;

const isKnownAspect = (aspect: QueryAspect): aspect is (typeof QueryAspect)[keyof typeof QueryAspect] =>
  aspect in ASPECT_VALUE;

/**
 * Aspects in the order of their numbers, each with its number: two offerings with the same aspects agree on a key.
 * A fetcher newer than this build may name an aspect that is unknown here; the key then holds all that a guide
 * depends on, so that two different answers can never share it.
 */
const aspectsOf = (resolved: ResolvedSpec, dependsOn: readonly QueryAspect[]): string[] =>
  dependsOn.every(isKnownAspect)
    ? [...new Set(dependsOn)]
        .sort((a, b) => a - b)
        .map((aspect) => `${aspect}=${ASPECT_VALUE[aspect](resolved)}`)
    : guideInputs(resolved);

/** Everything in a spec that a guide depends on. */
const guideInputs = (resolved: ResolvedSpec): string[] => {
  const { preferences } = resolved;
  return [
    resolved.sectionKinds.join(","),
    resolved.languageCode,
    `${civil(resolved.startDate)}+${resolved.dayCount}`,
    String(preferences.pace),
    String(resolved.spec.minVerification),
    ...aspectsOf(resolved, [
      QueryAspect.BUDGET_LEVEL,
      QueryAspect.CUISINES,
      QueryAspect.DIETARY_TAGS,
      QueryAspect.INTERESTS,
      QueryAspect.TRAVEL_GROUP,
      QueryAspect.ACCESSIBILITY_NEEDS,
      QueryAspect.MUST_SEE,
      QueryAspect.AVOID,
    ]),
  ];
};
