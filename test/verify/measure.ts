import {
  Verification_Verdict as Verdict,
  Verification_VerdictSchema,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { verify } from "../../services/guide-composer/assemble/verify/verify.ts";
import { createWitnesses } from "../../services/guide-composer/assemble/verify/witnesses.ts";
import { CLASSES, RIGHT, TRACELESS, type Case, type Class, type NamedPlace } from "./corpus.ts";

export const VERDICTS = [
  Verdict.VERIFIED,
  Verdict.PLAUSIBLE,
  Verdict.UNVERIFIABLE,
  Verdict.CONTRADICTED,
] as const;
const CLOSE: ReadonlySet<Verdict> = new Set<Verdict>([Verdict.VERIFIED, Verdict.PLAUSIBLE]);

export interface Judged extends NamedPlace {
  readonly verdict: Verdict;
}

export function judge(cases: readonly Case[]): Judged[] {
  return cases.flatMap(({ destination, contents, named }) => {
    const witnesses = createWitnesses(contents, destination);
    return named.map((place) => ({
      ...place,
      verdict: verify(place.listing, witnesses, destination).verdict,
    }));
  });
}

/**
 * Figures of one and the same rule for right and wrong: a place is held back that is neither VERIFIED nor PLAUSIBLE,
 * which is what a caller who asks for VERDICT_PLAUSIBLE does not see.
 */
export interface Figures {
  /** Part of the wrong places that are held back, without the traceless ones. */
  readonly recall: number;
  /** The same with them. */
  readonly recallWithTraceless: number;
  /** Part of the right places that are held back. */
  readonly falseAlarms: number;
  /** Part of the right places that are contradicted: what nobody sees, whatever he asks for. */
  readonly falseContradictions: number;
}

export function toFigures(judged: readonly Judged[]): Figures {
  const share = (of: readonly Judged[], isCounted: (one: Judged) => boolean): number =>
    of.filter(isCounted).length / Math.max(1, of.length);
  const isHeldBack = ({ verdict }: Judged): boolean => !CLOSE.has(verdict);
  const right = judged.filter((one) => RIGHT.has(one.class));
  const wrong = judged.filter((one) => !RIGHT.has(one.class));
  return {
    recall: share(
      wrong.filter((one) => !TRACELESS.has(one.class)),
      isHeldBack,
    ),
    recallWithTraceless: share(wrong, isHeldBack),
    falseAlarms: share(right, isHeldBack),
    falseContradictions: share(right, ({ verdict }) => verdict === Verdict.CONTRADICTED),
  };
}

/** How many of each class got each verdict. */
export const matrixOf = (judged: readonly Judged[]): ReadonlyMap<Class, readonly number[]> =>
  new Map(
    CLASSES.map((each) => [
      each,
      VERDICTS.map((verdict) => judged.filter((one) => one.class === each && one.verdict === verdict).length),
    ]),
  );

export const nameOfVerdict = (verdict: Verdict): string =>
  Verification_VerdictSchema.value[verdict]?.localName ?? String(verdict);
