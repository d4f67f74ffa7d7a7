import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  OmissionSchema,
  SectionSchema,
  SectionStatus,
  type Omission,
  type Section,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ErrorReason } from "../../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { ProviderOutcome_Kind as OutcomeKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { PlannedSection, ResolvedSpec, SettledContent } from "../plan.ts";
import { titleOf } from "../sections.ts";
import { visibleDigest } from "./digest.ts";
import { mergeForecasts, mergeListings } from "./merge.ts";
import { rankListings } from "./rank.ts";

/** Listings that a section shows at most; more is a directory, not a guide. */
const MAX_LISTING_COUNT = 30;

export type AssembledSection =
  | {
      readonly state: "section";
      readonly section: Section;
      /** Whether every content in it may be stored. */
      readonly storable: boolean;
    }
  | { readonly state: "omitted"; readonly omission: Omission };

const isAnswer = ({ outcome }: SettledContent): boolean =>
  outcome.kind === OutcomeKind.CONTENT ||
  outcome.kind === OutcomeKind.PARTIAL_CONTENT ||
  outcome.kind === OutcomeKind.NOTHING_FOUND;

/** A provider that does not cover the destination or the dates neither fails a section nor makes it partial. */
const isOutside = ({ outcome }: SettledContent): boolean =>
  outcome.reason === ErrorReason.PROVIDER_OUT_OF_COVERAGE;

/** Merges what the providers of a section answered; what none could answer is an omission with its reason. */
export function assembleSection(
  planned: PlannedSection,
  settled: readonly SettledContent[],
  resolved: ResolvedSpec,
): AssembledSection {
  const providerOutcomes = settled.map(({ outcome }) => outcome);
  const counted = settled.filter((result) => !isOutside(result));
  const answers = counted.filter(isAnswer);
  const contents = answers.flatMap(({ content }) => content ?? []);
  const failures = counted.filter((result) => !isAnswer(result));
  if (answers.length === 0 || (contents.length === 0 && failures.length > 0)) {
    const reason =
      failures[0]?.outcome.reason ??
      (settled.length === 0 ? ErrorReason.PROVIDER_NOT_CONFIGURED : ErrorReason.PROVIDER_OUT_OF_COVERAGE);
    return {
      state: "omitted",
      omission: create(OmissionSchema, { kind: planned.kind, reason, providerOutcomes }),
    };
  }
  const listings = rankListings(
    mergeListings(contents.map((content) => content.listings)),
    resolved.preferences,
    resolved.destination,
  );
  const body = {
    kind: planned.kind,
    title: titleOf(planned.kind),
    narratives: contents.flatMap(({ narratives }) => narratives),
    facts: contents.flatMap(({ facts }) => facts),
    listings: listings.slice(0, MAX_LISTING_COUNT),
    forecasts: mergeForecasts(contents.map(({ forecasts }) => forecasts)),
    attributions: contents.flatMap(({ attribution }) => attribution ?? []),
  };
  const cut = answers.some(({ outcome }) => outcome.kind === OutcomeKind.PARTIAL_CONTENT);
  const status =
    contents.length === 0
      ? SectionStatus.EMPTY
      : failures.length > 0 || cut
        ? SectionStatus.PARTIAL
        : SectionStatus.COMPLETE;
  const fetches = contents.flatMap(({ fetchTime }) => (fetchTime ? [timestampMs(fetchTime)] : []));
  const expireMs = Math.min(...answers.map((answer) => answer.expireMs));
  const section = create(SectionSchema, {
    ...body,
    status,
    freshness: {
      fetchTime: timestampFromMs(fetches.length > 0 ? Math.min(...fetches) : expireMs),
      expireTime: timestampFromMs(expireMs),
    },
    providerOutcomes,
    etag: visibleDigest(body),
  });
  const storable = contents.every(
    ({ fetchTime, storeUntilTime }) =>
      storeUntilTime === undefined ||
      fetchTime === undefined ||
      timestampMs(storeUntilTime) > timestampMs(fetchTime),
  );
  return { state: "section", section, storable };
}
