import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Content } from "../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  OmissionSchema,
  SectionSchema,
  SectionStatus,
  type Omission,
  type Section,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ProviderOutcome_Kind as OutcomeKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ErrorReason } from "../../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import type { PlannedSection, ResolvedSpec, SettledContent } from "../plan.ts";
import { titleOf } from "../sections.ts";
import { attributionsOf } from "./attributions.ts";
import { visibleDigest } from "./digest.ts";
import { mergeFacts, mergeForecasts, mergeNarratives } from "./merge-text.ts";
import { listingsOf } from "./section-listings.ts";
import { bearsWitness, verdictsRestOn } from "./verify/rests-on.ts";
import { createWitnesses, type Witnesses } from "./verify/witnesses.ts";

export type AssembledSection =
  | {
      readonly state: "section";
      readonly section: Section;
      /** Whether every content in it may be stored. */
      readonly storable: boolean;
    }
  | { readonly state: "omitted"; readonly omission: Omission };

const hasItems = ({ narratives, facts, listings, forecasts }: Content): boolean =>
  narratives.length + facts.length + listings.length + forecasts.length > 0;

/**
 * What one provider contributes. One that does not cover the destination or the dates counts for nothing; one that
 * answered without a single item answered "nothing there".
 */
type Contribution = "content" | "cut-content" | "nothing" | "failure" | "outside";

function contributionOf({ content, outcome }: SettledContent): Contribution {
  if (outcome.reason === ErrorReason.PROVIDER_OUT_OF_COVERAGE) return "outside";
  if (outcome.kind === OutcomeKind.NOTHING_FOUND) return "nothing";
  const filled = content !== undefined && hasItems(content);
  if (outcome.kind === OutcomeKind.PARTIAL_CONTENT) return filled ? "cut-content" : "failure";
  if (outcome.kind === OutcomeKind.CONTENT) return filled ? "content" : content ? "nothing" : "failure";
  return "failure";
}

/**
 * Merges what the providers of a section answered; what none could answer is an omission with its reason.
 *
 * @param settled one for each content of `planned`, in any order
 * @param known contents of the whole guide, that places which a language model named are checked against. Default:
 * those of the section itself
 * @param witnesses made of `known`; asked for only when there are such places
 */
export function assembleSection(
  planned: PlannedSection,
  settled: readonly SettledContent[],
  resolved: ResolvedSpec,
  known: readonly SettledContent[] = settled,
  witnesses: () => Witnesses = () =>
    createWitnesses(contentsOf(known.filter(bearsWitness)), resolved.destination),
): AssembledSection {
  const ordered = [...settled].sort((a, b) => preferenceOf(a, planned) - preferenceOf(b, planned));
  const providerOutcomes = ordered.map(({ outcome }) => outcome);
  const contributions = ordered.map((result) => ({ result, contribution: contributionOf(result) }));
  const having = (...wanted: readonly Contribution[]): SettledContent[] =>
    contributions.filter(({ contribution }) => wanted.includes(contribution)).map(({ result }) => result);
  const filled = having("content", "cut-content");
  const failures = having("failure");
  const answers = having("content", "cut-content", "nothing");
  if (answers.length === 0 || (filled.length === 0 && failures.length > 0)) {
    const reason = omissionReason(ordered, failures);
    return {
      state: "omitted",
      omission: create(OmissionSchema, { kind: planned.kind, reason, providerOutcomes }),
    };
  }
  const contents = contentsOf(filled);
  const grounds = verdictsRestOn(filled, known);
  const body = bodyOf(planned, filled, resolved, witnesses);
  const attributions = attributionsOf(body, [...contents, ...contentsOf(grounds)]);
  const cut = failures.length > 0 || having("cut-content").length > 0;
  const status =
    contents.length === 0 ? SectionStatus.EMPTY : cut ? SectionStatus.PARTIAL : SectionStatus.COMPLETE;
  const fetches = [...contents, ...contentsOf(grounds)].flatMap(({ fetchTime }) =>
    fetchTime ? [timestampMs(fetchTime)] : [],
  );
  const section = create(SectionSchema, {
    ...body,
    attributions,
    status,
    freshness: {
      // Nothing was fetched for an empty section, so that nothing in it has an age.
      ...(fetches.length > 0 && { fetchTime: timestampFromMs(Math.min(...fetches)) }),
      expireTime: timestampFromMs(Math.min(...[...answers, ...grounds].map(({ expireMs }) => expireMs))),
    },
    providerOutcomes,
    etag: visibleDigest([
      body.title,
      body.narratives,
      body.facts,
      body.listings,
      body.forecasts,
      body.contradictedListings,
      attributions,
    ]),
  });
  return { state: "section", section, storable: contents.every(mayBeStored) };
}

const preferenceOf = ({ planned: { provider } }: SettledContent, { contents }: PlannedSection): number =>
  contents.findIndex((content) => content.provider === provider);

/** The reason of the most preferred provider that failed. */
function omissionReason(
  ordered: readonly SettledContent[],
  failures: readonly SettledContent[],
): ErrorReason {
  if (ordered.length === 0) return ErrorReason.PROVIDER_NOT_CONFIGURED;
  const [first] = failures;
  if (first === undefined) return ErrorReason.PROVIDER_OUT_OF_COVERAGE;
  const { reason } = first.outcome;
  // An answer that was cut off before its first item carries no reason: it cannot be used.
  return reason === ErrorReason.UNSPECIFIED ? ErrorReason.PROVIDER_RESPONSE_INVALID : reason;
}

function bodyOf(
  { kind }: PlannedSection,
  filled: readonly SettledContent[],
  resolved: ResolvedSpec,
  witnesses: () => Witnesses,
) {
  const contents = contentsOf(filled);
  const { languageCode } = resolved;
  return {
    ...listingsOf(filled, resolved, witnesses),
    kind,
    title: titleOf(kind),
    narratives: mergeNarratives(
      contents.map(({ narratives }) => narratives),
      languageCode,
    ),
    facts: mergeFacts(contents.map(({ facts }) => facts)),
    forecasts: mergeForecasts(contents.map(({ forecasts }) => forecasts)),
  };
}

const contentsOf = (settled: readonly SettledContent[]): Content[] =>
  settled.flatMap(({ content }) => content ?? []);

/** Equal instants mean that the terms forbid storing. */
const mayBeStored = ({ fetchTime, storeUntilTime }: Content): boolean =>
  storeUntilTime === undefined ||
  fetchTime === undefined ||
  timestampMs(storeUntilTime) > timestampMs(fetchTime);
