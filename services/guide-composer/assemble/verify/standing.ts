import {
  Verification_Verdict as Verdict,
  type Listing,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";

const STANDING: ReadonlyMap<Verdict, number> = new Map<Verdict, number>([
  [Verdict.CONTRADICTED, 0],
  [Verdict.UNVERIFIABLE, 1],
  [Verdict.PLAUSIBLE, 2],
  [Verdict.VERIFIED, 3],
]);

/** What a verdict is worth beside others: the higher, the better. */
export const standingOf = (verdict: Verdict): number => STANDING.get(verdict) ?? 0;

export const isContradicted = ({ verification }: Listing): boolean =>
  verification?.verdict === Verdict.CONTRADICTED;

/** Whether a listing fares well enough; what needed no check does. */
export const isGoodEnough = ({ verification }: Listing, minVerdict: Verdict): boolean =>
  verification === undefined || standingOf(verification.verdict) >= standingOf(minVerdict);

/** Whether somebody besides the language model that named it speaks for a place: a day is not planned around the others. */
export const isVouchedFor = (listing: Listing): boolean => isGoodEnough(listing, Verdict.PLAUSIBLE);
