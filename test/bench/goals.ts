export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** What each figure must reach. Ratios are against baselines of the same run; the others are of two quiet cores. */
export const GOALS = {
  "gazetteer.load_ms": { atMost: 300 },
  "gazetteer.rss_mb": { atMost: 60 },
  "gazetteer.resolve_ms.p99": { atMost: 1 },
  "gazetteer.typeahead_ms.p99": { atMost: 5 },
  "startup.serving_ms": { atMost: 1_500 },
  "cold.overhead_ms.p50": { atMost: 12 },
  "cold.overhead_ms.p99": { atMost: 60 },
  "cold.load.overhead_ms.p50": { atMost: 20 },
  "cold.load.overhead_ms.p99": { atMost: 100 },
  "cold.cpu_ms": { atMost: 15 },
  "cold.vs_slowest": { atMost: 1.02 },
  "cold.tokens_vs_predecessor": { atMost: 0.6 },
  first_section_ms: { atMost: 20 },
  "hop.p50_ms": { atMost: 2.5 },
  "pipeline.cpu_us": { atMost: 60 },
  "hot.l2.vs_h2": { atLeast: 0.55 },
  "redis_hit.p50_ms": { atMost: 1.5 },
  "redis_hit.p99_ms": { atMost: 6 },
  "cache.redis_miss_added_ms.p50": { atMost: 1 },
  "cache.frozen_first_added_ms": { atMost: 50 },
  "cache.frozen_then_added_ms": { atMost: 1 },
  "stampede.calls_per_content": { atMost: 1 },
  "refresh_ahead.waited_share": { atMost: 0.2 },
} as const satisfies Readonly<Record<string, Goal>>;

/** Figures without a goal, told for the record beside those with one. */
export type RecordName =
  | `cold.${"fixed" | "tokens" | "lognormal"}.${"s" | "whole_share" | "answered_share" | "calls"}`
  | `cold.lognormal.s.${"p50" | "p95"}`;

export type MetricName = keyof typeof GOALS | RecordName;
