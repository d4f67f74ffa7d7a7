import { create } from "@bufbuild/protobuf";
import {
  EvidenceSchema,
  type Evidence,
  type Evidence_Kind as Kind,
  type Listing,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM } from "../distance.ts";
import { likeness, nameOf } from "../listings/names.ts";
import { extentOf } from "./extent.ts";
import type { Witness, Witnesses } from "./witnesses.ts";

/** A witness that speaks for or against a place. */
export interface Match {
  readonly kind: Kind;
  readonly witness: Witness;
  /** Metres; undefined when one of the two has no position. */
  readonly apartM: number | undefined;
}

export function toEvidence({ kind, witness: { listing }, apartM }: Match): Evidence {
  const [id] = listing.providerIds;
  const [page] = listing.citations;
  return create(EvidenceSchema, {
    kind,
    provider: id?.provider ?? page?.provider ?? "",
    reference: id?.id ?? page?.uri ?? "",
    ...(apartM !== undefined && { distanceM: apartM }),
  });
}

export const apartOf = (listing: Listing, { location }: Witness): number | undefined =>
  listing.location && location && distanceM(listing.location, location);

export const equallyNamed = (listing: Listing, witnesses: Witnesses): readonly Witness[] => {
  const name = nameOf(listing);
  return witnesses.named(name).filter((witness) => likeness(name, witness.name) === "equal");
};

export function areOnePlace(witnesses: readonly Witness[]): boolean {
  const [first] = witnesses;
  const at = first?.location;
  return (
    first !== undefined &&
    witnesses.every(
      ({ location }) =>
        at === undefined ||
        location === undefined ||
        distanceM(at, location) <= extentOf(first.listing).nearM,
    )
  );
}
