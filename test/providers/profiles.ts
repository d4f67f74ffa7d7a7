import { createHash } from "node:crypto";

/**
 * How fast the predecessor's simulated providers answered, reproducible from a seed: the latencies that its published
 * figures were measured with, so that ours stand beside them.
 *
 * The predecessor had one provider of text and places and one of weather. Ours are several: those of text and places
 * (wikivoyage, overpass, nominatim, Open-Meteo's geocoding) take the first column of its table, those of weather
 * (Open-Meteo, MET Norway) the second. Two rows mean nothing for most providers and are read so:
 * - `tokens` waits for every token of a completion: language models do, by what they write. An article is no completion:
 *   it counts as the completion it stands in for, `NOMINAL_COMPLETION_CHARACTERS`.
 * - `fenced` wraps answers in Markdown fences. Only its latency applies; a provider that writes JSON with a serializer
 *   has no fences.
 */
export const PROFILES = ["lognormal", "fixed", "tokens", "fast", "fenced", "rpm50"] as const;
export type Profile = (typeof PROFILES)[number];

/** Which of the table's columns a provider takes. */
export type ProfileColumn = "text" | "weather";

const WEATHER_MS: Readonly<Record<Profile, number>> = {
  lognormal: 250,
  fixed: 250,
  tokens: 250,
  fast: 50,
  fenced: 50,
  rpm50: 250,
};

const MEDIAN_MS = 4000;
/** p95 is twice the median: ln 2 over the 95 % point of the normal distribution. */
const SIGMA = Math.LN2 / 1.6448536;
const MIN_MS = 300;
const MAX_MS = 30_000;
const TOKENS_BASE_MS = 1500;
const PER_TOKEN_MS = 8;
const TOKENS_MAX_MS = 60_000;
const CHARACTERS_PER_TOKEN = 4;
/** Length of the predecessor's mean answer on `tokens`: 1500 ms + 8 ms x 566 tokens are its 6.03 s a guide. */
export const NOMINAL_COMPLETION_CHARACTERS = 2264;

/** One draw of a profile. The defaults of the documented check values: seed 1, provider `perplexity`. */
export interface Draw {
  readonly seed: number;
  readonly provider: string;
  /** What is asked for: `content`, `events`, or, of keyless providers, the method. */
  readonly kind: string;
  readonly destination: string;
  /** Counts from 1 per kind and destination since the last reset. */
  readonly n: number;
}

/** A number between 0 and 1, both excluded, that depends on nothing but the draw. */
export function uniform({ seed, provider, kind, destination, n }: Draw): number {
  const digest = createHash("sha256").update(`${seed}|${provider}|${kind}|${destination}|${n}`).digest();
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}

/** Milliseconds of the `lognormal` profile. */
export const lognormalMs = (draw: Draw): number =>
  Math.min(MAX_MS, Math.max(MIN_MS, MEDIAN_MS * Math.exp(SIGMA * inverseNormal(uniform(draw)))));

/** Milliseconds of the `tokens` profile for a completion of this many characters. */
export const tokensMs = (characterCount: number): number =>
  Math.min(TOKENS_MAX_MS, TOKENS_BASE_MS + PER_TOKEN_MS * Math.ceil(characterCount / CHARACTERS_PER_TOKEN));

/**
 * Milliseconds before an answer.
 *
 * @param completionCharacterCount length of the completion in the answer
 */
export function profileLatencyMs(
  profile: Profile,
  column: ProfileColumn,
  draw: Draw,
  completionCharacterCount = NOMINAL_COMPLETION_CHARACTERS,
): number {
  if (column === "weather") return WEATHER_MS[profile];
  switch (profile) {
    case "lognormal":
    case "rpm50":
      return lognormalMs(draw);
    case "fixed":
      return 4000;
    case "tokens":
      return tokensMs(completionCharacterCount);
    case "fast":
      return 200;
    case "fenced":
      return 400;
  }
}

export const RPM50_RETRY_AFTER_SECONDS = 2;
const BUCKET_SIZE = 50;
const REFILL_PER_MS = 50 / 60_000;

/** The bucket of `rpm50`: 50 requests at once, then 50 a minute. Answers whether a request is let through. */
export function createRpm50Bucket(monotonicNow: () => number): () => boolean {
  let tokens = BUCKET_SIZE;
  let atMs = monotonicNow();
  return () => {
    const nowMs = monotonicNow();
    tokens = Math.min(BUCKET_SIZE, tokens + (nowMs - atMs) * REFILL_PER_MS);
    atMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** Coefficients of Acklam's rational approximation of the inverse normal distribution; relative error below 1.2e-9. */
const CENTRAL_NUMERATOR = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
];
const CENTRAL_DENOMINATOR = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
];
const TAIL_NUMERATOR = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_DENOMINATOR = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661415907, 1];
const TAIL_BEGINS = 0.02425;

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

/** The value below which a standard normal variable lies with probability `u`. */
export function inverseNormal(u: number): number {
  if (u < TAIL_BEGINS) {
    const q = Math.sqrt(-2 * Math.log(u));
    return polynomial(TAIL_NUMERATOR, q) / polynomial(TAIL_DENOMINATOR, q);
  }
  if (u > 1 - TAIL_BEGINS) return -inverseNormal(1 - u);
  const q = u - 0.5;
  return (q * polynomial(CENTRAL_NUMERATOR, q * q)) / polynomial(CENTRAL_DENOMINATOR, q * q);
}
