import { create } from "@bufbuild/protobuf";
import { GuideSpecSchema, type GuideSpec } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Lookup } from "../cache/lookup.ts";
import { createPlan, type CatalogOffering } from "../plan.ts";
import { SECTION_KINDS } from "../sections.ts";
import { resolveSpec } from "../spec.ts";

/** The guide that a caller gets who names a destination and nothing else. */
export const defaultSpec = (destinationName: string): GuideSpec =>
  create(GuideSpecSchema, { destination: { case: "destinationName", value: destinationName } });

/** How much of a destination's default guide is cached. */
export interface Warmth {
  /** Contents that are cached and valid. */
  readonly validCount: number;
  /** When the first of them expires, milliseconds since the epoch; undefined without any. */
  readonly nextExpireMs: number | undefined;
  /** Part of its life that the content next to expire has left; 0 when one is missing. */
  readonly remainingShare: number;
  /** What is missing or due, as its provider lists it. */
  readonly due: readonly CatalogOffering[];
}

/** @param dueLifeShare part of a life from which on a content counts as due */
export async function readWarmth(
  destination: Destination,
  offerings: readonly CatalogOffering[],
  lookup: Pick<Lookup, "peek">,
  nowMs: number,
  dueLifeShare: number,
  signal: AbortSignal,
): Promise<Warmth> {
  const resolved = resolveSpec(defaultSpec(destination.name), destination, nowMs);
  // What may not be stored is never cached, and so never due.
  const storable = offerings.filter((offering) => offering.storable);
  const { sections } = createPlan(resolved, storable, new Set(SECTION_KINDS));
  const contents = sections.flatMap((section) => section.contents);
  const entries = await lookup.peek(
    contents.map(({ key }) => key),
    signal,
  );
  const shares = entries.map((entry) =>
    entry === undefined
      ? 0
      : Math.min(1, Math.max(0, (entry.expireMs - nowMs) / Math.max(1, entry.expireMs - entry.storedMs))),
  );
  const expiries = entries.flatMap((entry) => (entry === undefined ? [] : [entry.expireMs]));
  return {
    validCount: expiries.length,
    nextExpireMs: expiries.length === 0 ? undefined : Math.min(...expiries),
    remainingShare: Math.min(1, ...shares),
    due: contents.flatMap(({ kind, provider }, index) =>
      (shares[index] ?? 0) <= 1 - dueLifeShare
        ? storable.filter((offering) => offering.kind === kind && offering.provider === provider)
        : [],
    ),
  };
}
