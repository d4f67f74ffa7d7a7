const WINDOW_MS = 600_000;
/** More samples than this do not change a median that people plan by. */
const MAX_SAMPLE_COUNT = 500;

/** Latencies of the calls of the last 10 minutes. */
export interface LatencyWindow {
  readonly add: (latencyMs: number) => void;
  /** Undefined without calls. */
  readonly medianMs: () => number | undefined;
}

/** @param now monotonic clock, milliseconds */
export function createLatencyWindow(now: () => number): LatencyWindow {
  let samples: { readonly atMs: number; readonly latencyMs: number }[] = [];
  return {
    add: (latencyMs) => {
      samples.push({ atMs: now(), latencyMs });
      if (samples.length > MAX_SAMPLE_COUNT) samples.shift();
    },
    medianMs: () => {
      const fromMs = now() - WINDOW_MS;
      samples = samples.filter(({ atMs }) => atMs >= fromMs);
      const sorted = samples.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
      return sorted[Math.floor((sorted.length - 1) / 2)];
    },
  };
}
