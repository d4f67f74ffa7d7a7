/** Up to so many samples are sorted for every question; above it a snapshot serves for a while. */
const ALWAYS_SORTED_COUNT = 64;
const SNAPSHOT_LIFE_MS = 1_000;

export interface LatencyWindowOptions {
  /** How far the window reaches back, milliseconds. */
  readonly reachMs: number;
  /** More samples than this push the oldest out. */
  readonly maxSampleCount: number;
}

/** Latencies of the last while. */
export interface LatencyWindow {
  readonly add: (latencyMs: number) => void;
  /**
   * Above 64 samples at most a second old.
   *
   * @param share for example 0.5 for the median; 0 to 1
   * @returns undefined with less samples than `minSampleCount`, which is 1 by default
   */
  readonly quantileMs: (share: number, minSampleCount?: number) => number | undefined;
}

/** @param now monotonic clock, milliseconds */
export function createLatencyWindow(now: () => number, options: LatencyWindowOptions): LatencyWindow {
  let samples: { readonly atMs: number; readonly latencyMs: number }[] = [];
  let sorted: readonly number[] = [];
  let sortedMs = Number.NEGATIVE_INFINITY;

  function snapshot(): readonly number[] {
    const nowMs = now();
    if (samples.length <= ALWAYS_SORTED_COUNT || nowMs - sortedMs >= SNAPSHOT_LIFE_MS) {
      samples = samples.filter(({ atMs }) => nowMs - atMs <= options.reachMs);
      sorted = samples.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
      sortedMs = nowMs;
    }
    return sorted;
  }

  return {
    add: (latencyMs) => {
      samples.push({ atMs: now(), latencyMs });
      if (samples.length > options.maxSampleCount) samples.shift();
    },
    quantileMs: (share, minSampleCount = 1) => {
      const latenciesMs = snapshot();
      if (latenciesMs.length < minSampleCount) return undefined;
      return latenciesMs[Math.max(0, Math.ceil(share * latenciesMs.length) - 1)];
    },
  };
}
