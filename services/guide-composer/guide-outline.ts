import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { GuideSchema, SectionSchema } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";

/** The little that answering with a cached guide needs to know of it. */
export interface GuideOutline {
  /** Calls to providers that its sections once took, in their order. */
  readonly calls: readonly ProviderCallOfGuide[];
  /** When its promise ends, milliseconds since the epoch. */
  readonly expireMs: number | undefined;
  /** Listings that were left out of its sections for what checking them found. */
  readonly leftOutListingCount: number;
  /** Whether a language model has reviewed it. */
  readonly modelReviewed: boolean;
}

export interface ProviderCallOfGuide {
  readonly kind: SectionKind;
  /** Resource name. */
  readonly provider: string;
  /** What it cost, millionths of a US dollar. */
  readonly costUsdMicros: bigint;
  /** Whether that is a list price. */
  readonly costEstimated: boolean;
}

const SECTIONS = GuideSchema.field.sections.number;
const FRESHNESS = GuideSchema.field.freshness.number;
const GUIDE_PARTS: ReadonlySet<number> = new Set([
  SECTIONS,
  FRESHNESS,
  GuideSchema.field.qualityReview.number,
]);
const SECTION_PARTS: ReadonlySet<number> = new Set([
  SectionSchema.field.kind.number,
  SectionSchema.field.providerOutcomes.number,
  SectionSchema.field.leftOutListingCount.number,
]);

/** Outlines of the guides that memory has, for as long as it has them. */
const outlines = new WeakMap<Uint8Array, GuideOutline>();

/** Reads the outline from an encoded guide, once: nobody may change its bytes. */
export function outlineOf(guide: Uint8Array): GuideOutline {
  const known = outlines.get(guide);
  if (known !== undefined) return known;
  const outline = readOutline(guide);
  outlines.set(guide, outline);
  return outline;
}

/** Passes over all that is not asked for: a small part of the time of decoding the guide. */
function readOutline(guide: Uint8Array): GuideOutline {
  const calls: ProviderCallOfGuide[] = [];
  let expireMs: number | undefined;
  let leftOutListingCount = 0;
  let modelReviewed = false;
  for (const { number, field, value } of fieldsOf(guide, GUIDE_PARTS)) {
    if (number === SECTIONS) {
      const section = outlineOfSection(value);
      calls.push(...section.calls);
      leftOutListingCount += section.leftOutListingCount;
    } else if (number === FRESHNESS) {
      const { freshness } = fromBinary(GuideSchema, field);
      expireMs = freshness?.expireTime && timestampMs(freshness.expireTime);
    } else {
      modelReviewed = fromBinary(GuideSchema, field).qualityReview?.modelReview !== undefined;
    }
  }
  return { calls, expireMs, leftOutListingCount, modelReviewed };
}

function outlineOfSection(section: Uint8Array): Pick<GuideOutline, "calls" | "leftOutListingCount"> {
  const parts = fieldsOf(section, SECTION_PARTS).map(({ field }) => field);
  const { kind, providerOutcomes, leftOutListingCount } = fromBinary(SectionSchema, Buffer.concat(parts));
  const calls = providerOutcomes
    .filter(({ attemptCount }) => attemptCount > 0)
    .map(({ provider, costUsdMicros, costEstimated }) => ({ kind, provider, costUsdMicros, costEstimated }));
  return { calls, leftOutListingCount };
}

interface RawField {
  readonly number: number;
  /** With its tag: a message that has only this field. */
  readonly field: Uint8Array;
  /** Without tag and length, of a field that has a length; a view, no copy. */
  readonly value: Uint8Array;
}

/** Fields of an encoded message that have one of the numbers, in their order. */
function fieldsOf(message: Uint8Array, numbers: ReadonlySet<number>): RawField[] {
  const reader = new BinaryReader(message);
  const found: RawField[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    const delimited = wireType === WireType.LengthDelimited;
    const value = delimited ? reader.bytes() : reader.skip(wireType, number);
    if (numbers.has(number)) found.push({ number, field: message.subarray(start, reader.pos), value });
  }
  return found;
}
