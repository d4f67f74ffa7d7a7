import type { Decision } from "../cache/probe.ts";
import type { Saved } from "../report.ts";
import { isRefreshed, type LastSeen } from "./last-seen.ts";

/** Counters besides the decisions themselves. */
const COUNTERS = ["hit-bytes", "saved-calls", "saved-cost-usd-micros", "refreshes", "changed"] as const;
type Counter = (typeof COUNTERS)[number];

/** Stands where a section kind stands, for whole guides. */
export const GUIDE = "GUIDE";
const EVICTED = "evicted";

/** What a lookup served and spared. */
export interface Served extends Saved {
  /** As cached; 0 for what did not come from the cache. */
  readonly bytes: number;
}

export interface SectionCounts {
  readonly decisions: ReadonlyMap<string, number>;
  readonly counters: Readonly<Record<Counter, number>>;
}

export interface CountsSnapshot {
  /** By name of a section kind, or `GUIDE`. */
  readonly sections: ReadonlyMap<string, SectionCounts>;
  readonly evictedCount: number;
}

/** What the cache of this process has done, and where the cluster's counters are fed from. */
export interface CacheStats {
  /** @param kind name of a section kind, or `GUIDE` */
  readonly lookedUp: (kind: string, decisions: readonly Decision[], served: Served) => void;
  /** A content came from its provider. @param digest of what a traveller can see in it */
  readonly loaded: (kind: string, key: string, digest: string) => void;
  readonly evicted: (count: number) => void;
  readonly snapshot: () => CountsSnapshot;
}

/**
 * @param addToCluster adds to a counter of the cluster, by its name
 * @param lastSeen what each content looked like when it was last loaded
 */
export function createCacheStats(
  addToCluster: (counter: string, count: number) => void,
  lastSeen: LastSeen,
): CacheStats {
  const counts = new Map<string, number>();
  const add = (kind: string, counter: string, count: number): void => {
    if (count === 0) return;
    const name = `${kind}|${counter}`;
    counts.set(name, (counts.get(name) ?? 0) + count);
    addToCluster(name, count);
  };
  return {
    lookedUp: (kind, decisions, served) => {
      for (const decision of decisions) add(kind, decision, 1);
      add(kind, "hit-bytes", served.bytes);
      add(kind, "saved-calls", served.savedCallCount);
      add(kind, "saved-cost-usd-micros", Number(served.savedCostUsdMicros));
    },
    loaded: (kind, key, digest) => {
      const change = lastSeen.see(key, digest);
      if (!isRefreshed(change)) return;
      add(kind, "refreshes", 1);
      if (change === "changed") add(kind, "changed", 1);
    },
    evicted: (count) => add("", EVICTED, count),
    snapshot: () => toSnapshot(counts),
  };
}

const isCounter = (name: string): name is Counter => COUNTERS.some((counter) => counter === name);

/** Reads counters back by their names, as the cluster's hash holds them; what is no counter of ours is passed over. */
export function toSnapshot(counts: ReadonlyMap<string, number>): CountsSnapshot {
  const sections = new Map<string, { decisions: Map<string, number>; counters: Record<Counter, number> }>();
  let evictedCount = 0;
  for (const [name, count] of counts) {
    const [kind = "", counter = "", ...rest] = name.split("|");
    if (rest.length > 0 || counter === "") continue;
    if (kind === "") {
      if (counter === EVICTED) evictedCount = count;
      continue;
    }
    const section = sections.get(kind) ?? {
      decisions: new Map<string, number>(),
      counters: {
        "hit-bytes": 0,
        "saved-calls": 0,
        "saved-cost-usd-micros": 0,
        refreshes: 0,
        changed: 0,
      },
    };
    sections.set(kind, section);
    if (isCounter(counter)) section.counters[counter] = count;
    else section.decisions.set(counter, count);
  }
  return { sections, evictedCount };
}
