import { setImmediate } from "node:timers/promises";
import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Popularity } from "../cache/popularity.ts";
import type { Catalog } from "../catalog.ts";
import type { Lookup } from "../cache/lookup.ts";
import { defaultSpec, readWarmth } from "./default-guide.ts";
import { DUE_LIFE_SHARE, rankCandidates, type WarmCandidate } from "./ranking.ts";
import { createSpentCalls } from "./spent-calls.ts";
import type { Warm } from "./warm.ts";

const ROUND_EVERY_MS = 15_000;
/** How long a destination is left alone when its guide could not be had whole: its provider may be down. */
const PAUSE_MS = 60_000;
/** Most popular destinations that are looked at in a round. */
const MAX_POPULAR_COUNT = 200;

export interface WarmerOptions {
  readonly warm: Warm;
  readonly popularity: Pick<Popularity, "top">;
  readonly catalog: Catalog;
  readonly lookup: Pick<Lookup, "peek">;
  readonly destinationOf: (name: string, signal: AbortSignal) => Promise<Destination | undefined>;
  /** Names of the destinations that are kept warm whether or not anybody asks for them. */
  readonly configured: readonly string[];
  /**
   * Most calls to providers that it makes in any minute, and most guides that it composes; 0: it does not run. A guide that
   * needs more is left alone.
   */
  readonly maxCallsPerMinute: number;
  /** Whether this process is the one that warms, and there is room for it. */
  readonly mayRun: () => boolean;
  readonly now: () => number;
  readonly monotonicNow: () => number;
  readonly onError: (error: unknown) => void;
  readonly roundEveryMs?: number;
}

/** Keeps the default guides of configured and popular destinations fresh, within a budget of provider calls. */
export interface Warmer {
  readonly close: () => Promise<void>;
}

export function startWarmer(options: WarmerOptions): Warmer {
  const { maxCallsPerMinute, mayRun, now, monotonicNow } = options;
  const closing = new AbortController();
  const spent = createSpentCalls(maxCallsPerMinute, monotonicNow);
  /** Until when a destination is left alone because warming it did not help, by its name. */
  const pausedUntilMs = new Map<string, number>();
  let running: Promise<void> | undefined;

  async function look(name: string, popularity: number): Promise<WarmCandidate | undefined> {
    const destination = await options.destinationOf(name, closing.signal);
    if (destination === undefined) return undefined;
    const { remainingShare, due } = await readWarmth(
      destination,
      await options.catalog.offerings(closing.signal),
      options.lookup,
      now(),
      DUE_LIFE_SHARE,
      closing.signal,
    );
    return {
      destination: name,
      popularity,
      remainingShare,
      callCount: due.length,
      costUsdMicros: due.reduce((sum, { expectedCostUsdMicros }) => sum + Number(expectedCostUsdMicros), 0),
      latencyMs: Math.max(0, ...due.map(({ medianLatencyMs }) => medianLatencyMs ?? 0)),
    };
  }

  async function candidates(): Promise<readonly WarmCandidate[]> {
    const popular = await options.popularity.top(0, MAX_POPULAR_COUNT);
    const scores = new Map(popular.map(({ member, score }) => [member, score]));
    for (const name of options.configured) scores.set(name, Math.max(1, scores.get(name) ?? 0));
    for (const [name, untilMs] of pausedUntilMs) if (untilMs <= monotonicNow()) pausedUntilMs.delete(name);
    const found: WarmCandidate[] = [];
    for (const [name, popularity] of scores) {
      // In one go, two hundred of them would hold up every caller for a tenth of a second.
      await setImmediate();
      if (!mayRun() || closing.signal.aborted) return [];
      const candidate = pausedUntilMs.has(name) ? undefined : await look(name, popularity);
      if (candidate !== undefined) found.push(candidate);
    }
    return found;
  }

  async function round(): Promise<void> {
    if (!mayRun() || spent.leftCount() <= 0) return;
    for (const { destination, popularity } of rankCandidates(await candidates())) {
      if (!mayRun() || closing.signal.aborted) return;
      // Once more: a caller may have been there while others were warmed.
      const candidate = await look(destination, popularity);
      if (candidate === undefined || rankCandidates([candidate]).length === 0) continue;
      const { callCount } = candidate;
      if (callCount > maxCallsPerMinute) continue;
      // What is worth most goes first, even if something smaller fitted now.
      if (callCount > spent.leftCount()) return;
      await setImmediate();
      const settle = spent.take(callCount);
      const warmed = await options.warm(defaultSpec(destination), closing.signal);
      if (warmed.outcome === "failed" || warmed.outcome === "incomplete")
        pausedUntilMs.set(destination, monotonicNow() + PAUSE_MS);
      // What a failure has cost is not told: as much as it could. A guide that takes no call, because embedded data was all
      // that it lacked, still takes our own time.
      settle(Math.max(1, warmed.outcome === "failed" ? callCount : warmed.providerCallCount));
    }
  }

  const timer =
    maxCallsPerMinute === 0
      ? undefined
      : setInterval(() => {
          // One round at a time.
          running ??= round()
            .catch((error: unknown) => {
              if (!closing.signal.aborted) options.onError(error);
            })
            .finally(() => {
              running = undefined;
            });
        }, options.roundEveryMs ?? ROUND_EVERY_MS).unref();
  return {
    close: async () => {
      clearInterval(timer);
      closing.abort(new Error("the composer is closing"));
      await running;
    },
  };
}
