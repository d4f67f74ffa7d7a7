import { create } from "@bufbuild/protobuf";
import {
  Evidence_Kind as Kind,
  Verification_Verdict as Verdict,
  VerificationSchema,
  type Destination,
  type Evidence,
  type Listing,
  type Verification,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { isClosedForNow } from "../hours/closed-for-now.ts";
import { otherNamesThere, placeElsewhere } from "./contradictions.ts";
import { extentOf } from "./extent.ts";
import { toEvidence } from "./match.ts";
import { placeInDestination } from "./position.ts";
import { sameEvents, samePlaces } from "./same-place.ts";
import type { Witnesses } from "./witnesses.ts";

/**
 * Checks a place that a language model named against what others say of it. That nobody knows it contradicts nothing:
 * what providers answer is a selection of their places, and no map is complete.
 *
 * @param listing as its adapter made it; of what that states only its evidence that a cited page was found is used
 */
export function verify(listing: Listing, witnesses: Witnesses, destination: Destination): Verification {
  const isEvent = listing.details.case === "event";
  const borneOut = isEvent ? sameEvents(listing, witnesses) : samePlaces(listing, witnesses);
  const onMap = borneOut.filter(({ witness }) => witness.isMapData && !witness.gone);
  const closed = borneOut.filter(({ witness }) =>
    // One provider may not know yet that a place has come back, or that another has taken over its name.
    onMap.length === 0 ? witness.gone : isClosedForNow(witness.listing.openingHours),
  );
  const supports = borneOut.filter(({ witness }) => !witness.gone).map(toEvidence);
  if (closed.length > 0)
    return verdict(Verdict.CONTRADICTED, [
      ...closed.map((match) => toEvidence({ ...match, kind: Kind.CLOSED })),
      ...supports,
    ]);
  // What map data has comes first.
  if (onMap.length > 0) return verdict(Verdict.VERIFIED, supports);

  const otherNames = isEvent ? [] : otherNamesThere(listing, witnesses);
  if (otherNames.length > 0) return verdict(Verdict.CONTRADICTED, otherNames.map(toEvidence));
  if (supports.length > 0) return verdict(Verdict.PLAUSIBLE, supports);

  const elsewhere = isEvent ? undefined : placeElsewhere(listing, witnesses);
  const where = placeInDestination(listing, witnesses, destination);
  const away = [
    ...(elsewhere === undefined ? [] : [toEvidence(elsewhere)]),
    ...(where?.kind === Kind.OUTSIDE_DESTINATION ? [where] : []),
  ];
  const isFarAway =
    elsewhere?.apartM !== undefined && elsewhere.apartM >= extentOf(elsewhere.witness.listing).elsewhereM;
  if (isFarAway || where?.kind === Kind.OUTSIDE_DESTINATION) return verdict(Verdict.CONTRADICTED, away);

  const cited = (listing.verification?.evidence ?? []).filter(({ kind }) => kind === Kind.CITED_PAGE_FOUND);
  const evidence = [...away, ...cited, ...(where === undefined ? [] : [where])];
  const plausible = cited.length > 0 && where !== undefined && elsewhere === undefined;
  return verdict(plausible ? Verdict.PLAUSIBLE : Verdict.UNVERIFIABLE, evidence);
}

const verdict = (value: Verdict, evidence: readonly Evidence[]): Verification =>
  create(VerificationSchema, { verdict: value, evidence: [...evidence] });
