/** A destination that could be warmed. */
export interface WarmCandidate {
  /** Resource name. */
  readonly destination: string;
  /** Calls for it, with those of long ago counting less; at least 1 for a configured one. */
  readonly popularity: number;
  /** Part of its life that the content next to expire has left, in [0, 1]; 0 for what is missing. */
  readonly remainingShare: number;
  /** Calls to providers that fetching what is due takes at most. */
  readonly callCount: number;
  /** What fetching what is due would cost, in millionths of a US dollar. */
  readonly costUsdMicros: number;
  /** How long fetching it takes, milliseconds: what a caller would wait. */
  readonly latencyMs: number;
}

/** From this part of a life on content is due: the same as for refreshing ahead. */
export const DUE_LIFE_SHARE = 0.8;
/** A cent, and a second of a caller's time, count the same. */
const COST_UNIT_USD_MICROS = 10_000;
const LATENCY_UNIT_MS = 1_000;

/** What warming a destination is worth: how many callers would wait, how soon, and for how much. */
export const worthOf = (candidate: WarmCandidate): number =>
  candidate.popularity *
  (1 - candidate.remainingShare) *
  (1 + candidate.costUsdMicros / COST_UNIT_USD_MICROS + candidate.latencyMs / LATENCY_UNIT_MS);

/** Those that are due, most worth first. */
export const rankCandidates = (candidates: readonly WarmCandidate[]): readonly WarmCandidate[] =>
  candidates
    .filter(({ remainingShare }) => remainingShare <= 1 - DUE_LIFE_SHARE)
    .sort((a, b) => worthOf(b) - worthOf(a) || (a.destination < b.destination ? -1 : 1));
