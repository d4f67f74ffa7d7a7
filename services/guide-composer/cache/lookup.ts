import { LRUCache } from "lru-cache";
import type { ClusterLoad } from "./cluster-load.ts";
import { isInScope } from "./keys.ts";
import type { MinStoredMs } from "./lease-waiter.ts";
import { createLoads, type Joined, type LoadBatch, type Loaded } from "./loads.ts";
import { createProbe, missOf, type Decision, type Probe } from "./probe.ts";
import { createRecentEvictions } from "./recent-evictions.ts";
import type { RefreshAhead } from "./refresh-ahead.ts";
import type { Entry, EvictionScope, Store } from "./store.ts";
import { createWriteBehind } from "./write-behind.ts";

/** Entries whose parts are remembered; the least recently used are forgotten first. */
const MAX_MADE_OF_COUNT = 20_000;

/** As old as promises allow. */
export const NO_LIMITS = { maxAgeMs: Infinity, maxLifeShare: 1 } as const;

export type LookupMode = "prefer-cache" | "refresh" | "cache-only";

/** What a lookup found for one key. */
export type Found =
  | {
      readonly state: "found";
      readonly entry: Entry;
      readonly decisions: readonly Decision[];
      readonly loadedNow: boolean;
    }
  | { readonly state: "not-fetched"; readonly decisions: readonly Decision[] }
  | { readonly state: "failed"; readonly error: unknown; readonly decisions: readonly Decision[] };

export interface LookupRequest {
  /** All in one slot: of one destination. */
  readonly keys: readonly string[];
  readonly mode: LookupMode;
  /** How long past its expiry an entry may be served when nothing newer can be had, milliseconds; 0 for never. */
  readonly maxStaleMs: number;
  /** How old an entry may be, milliseconds; Infinity for as old as its promise allows. */
  readonly maxAgeMs: number;
  /** Part of its life up to which an entry is used, in (0, 1]: less than 1 reloads what will soon expire. */
  readonly maxLifeShare: number;
  readonly load: LoadBatch;
  /** The same for a refresh ahead of expiry: with a deadline of its own, behind callers. Undefined: none is refreshed. */
  readonly refreshLoad: LoadBatch | undefined;
  /** This caller's deadline or departure; the loads that it shares go on while another caller waits. */
  readonly signal: AbortSignal;
}

/** Cached entries of the keys, then a promise for each key. */
export interface LookupAnswer {
  /** Keys whose valid entry is at hand: their promise is already resolved. */
  readonly cachedKeys: ReadonlySet<string>;
  readonly results: ReadonlyMap<string, Promise<Found>>;
  /** The moment before the lookup: what is made of its results is not kept when it has been evicted since. */
  readonly startMark: number;
}

export interface ReadAnswer {
  /** Undefined when there is no valid entry. */
  readonly entry: Entry | undefined;
  readonly decisions: readonly Decision[];
  /**
   * False when this process does not know what the entry is made of: another one made it. Whoever knows the spec of the
   * entry hands it to `adopt`; by its name alone that cannot be told.
   */
  readonly partsKnown: boolean;
}

export interface Lookup {
  readonly lookUp: (request: LookupRequest) => Promise<LookupAnswer>;
  /** Reads the tiers without loading. Undefined when there is no valid entry. */
  readonly read: (key: string, signal: AbortSignal) => Promise<Entry | undefined>;
  /**
   * What the tiers have of keys in one slot, in their order, and what was decided, as far as a lookup comes without
   * loading; no caller: it counts for nothing.
   */
  readonly preview: (
    keys: readonly string[],
    limits: Pick<LookupRequest, "maxAgeMs" | "maxLifeShare">,
    signal: AbortSignal,
  ) => Promise<readonly Pick<ReadAnswer, "entry" | "decisions">[]>;
  /** Valid entries of keys in one slot, in their order; no caller: it counts for nothing. */
  readonly peek: (keys: readonly string[], signal: AbortSignal) => Promise<readonly (Entry | undefined)[]>;
  /** Reads as `read` does, and says what was decided. A hit counts as a hit of everything that the entry is made of. */
  readonly find: (
    key: string,
    limits: Pick<LookupRequest, "maxAgeMs" | "maxLifeShare">,
    signal: AbortSignal,
  ) => Promise<ReadAnswer>;
  /**
   * Writes to every tier: at once to memory, to Redis behind the call.
   *
   * @param made for what is made of other entries: their keys, and `startMark` of the lookup that found them
   */
  readonly write: (
    key: string,
    entry: Entry,
    made?: { readonly ofKeys: readonly string[]; readonly startMark: number },
  ) => void;
  /**
   * Replaces an entry in every tier that still has it as it was read or written; where it is gone, or another one, nothing
   * is written. Says whether any tier had it.
   */
  readonly replace: (key: string, there: Entry, coming: Entry) => Promise<boolean>;
  /**
   * Learns what an entry is made of that another process made, so that its parts are refreshed ahead of their expiry
   * here too; looks for them behind the call.
   */
  readonly adopt: (key: string, ofKeys: readonly string[], refreshLoad: LoadBatch) => void;
  /**
   * Removes what fits from memory, and keeps nothing of it that was read or loaded before; says how many entries memory
   * had.
   */
  readonly evictLocally: (scope: EvictionScope) => Promise<number>;
  readonly activeLoadCount: () => number;
  /** Ends loads, then writes what is still to be written. */
  readonly close: () => Promise<void>;
}

export interface LookupOptions {
  /** Nearest first; a tier that throws is skipped for this lookup and reported. */
  readonly tiers: readonly Store[];
  /** Makes loads happen once in the cluster; undefined when this process is alone. */
  readonly clusterLoad: ClusterLoad | undefined;
  readonly refreshAhead: RefreshAhead | undefined;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of a tier that did not answer; the call goes on without it. */
  readonly onTierError: (tier: Store["tier"], error: unknown) => void;
}

/** What is known of a key that has no valid entry. */
interface Missing {
  readonly decisions: readonly Decision[];
  readonly stale: Entry | undefined;
}

/**
 * The one lookup algorithm, over a list of tiers, nearest first: read all keys of a plan from a tier in one request,
 * ask the next tier for what is missing, load the rest once per key in the process and in the cluster.
 */
export function createLookup(options: LookupOptions): Lookup {
  const { tiers, now, onTierError, refreshAhead } = options;
  const evictions = createRecentEvictions();
  const probe = createProbe(tiers, evictions, now, onTierError);
  const parts = new LRUCache<string, readonly string[]>({ max: MAX_MADE_OF_COUNT });
  const behind = createWriteBehind(tiers, onTierError);
  const loads = createLoads((key, loaded) => {
    if (loaded.storable && loaded.expireMs > now()) behind.write(key, loaded, loaded.inRedis);
    refreshAhead?.loaded(key, loaded);
  }, evictions);
  const once = (load: LoadBatch, minStoredMs: MinStoredMs): LoadBatch =>
    options.clusterLoad?.wrap(load, minStoredMs) ?? load;

  const closing = new AbortController();
  const adoptions = new Set<Promise<void>>();

  refreshAhead?.start(async (stale, load, signal) => {
    const minStoredMs = (key: string): number => (stale.get(key) ?? 0) + 1;
    const keys = [...stale.keys()].filter((key) => !loads.isRunning(key));
    const joined = loads.join(keys, once(load, minStoredMs), signal);
    await Promise.allSettled(joined.map(({ loaded }) => loaded));
  });

  async function lookUp(request: LookupRequest): Promise<LookupAnswer> {
    const startMark = evictions.mark();
    const results = new Map<string, Promise<Found>>();
    const cachedKeys = new Set<string>();
    const missing = new Map<string, Missing>();
    const startMs = now();
    const probes = await probe(request.keys, request.signal, request);
    for (const [key, found] of probes) {
      const stale = staleOf(found, request, startMs);
      if (request.mode === "refresh") {
        missing.set(key, {
          decisions: ["BYPASS_REQUESTED"],
          stale,
        });
      } else if (found.valid !== undefined) {
        cachedKeys.add(key);
        const { refreshLoad } = request;
        const ahead =
          refreshLoad !== undefined && refreshAhead?.asked(key, found.valid, refreshLoad) === true;
        const decisions: Decision[] = ahead ? [...found.decisions, "REFRESH_AHEAD"] : found.decisions;
        results.set(
          key,
          Promise.resolve({ state: "found", entry: found.valid, decisions, loadedNow: false }),
        );
      } else if (request.mode === "cache-only") {
        results.set(key, Promise.resolve(fromCacheOnly(found, stale)));
      } else {
        missing.set(key, { decisions: [...found.decisions, missOf(found)], stale });
      }
    }
    const minStoredMs = (key: string): number => {
      if (request.mode === "refresh") return startMs;
      // What was passed over for its age must not count as loaded by somebody else meanwhile.
      const { tooOld, passedOver } = probes.get(key) ?? { tooOld: false, passedOver: undefined };
      const passedOverMs = tooOld && passedOver !== undefined ? passedOver.storedMs + 1 : -Infinity;
      return Math.max(startMs - request.maxAgeMs, passedOverMs);
    };
    const keys = [...missing.keys()];
    const load = once(request.load, minStoredMs);
    for (const joined of loads.join(keys, load, request.signal)) {
      const known = missing.get(joined.key);
      if (known === undefined) continue;
      if (request.refreshLoad !== undefined) refreshAhead?.expect(joined.key, request.refreshLoad);
      results.set(joined.key, wait(joined, load, request.signal, known));
    }
    return { cachedKeys, results, startMark };
  }

  /** Waits for a load, and once more for another one when whoever began the first had less time than this waiter. */
  async function wait(
    joined: Joined,
    load: LoadBatch,
    signal: AbortSignal,
    { decisions, stale }: Missing,
  ): Promise<Found> {
    const found = await settle(joined, decisions, stale);
    if (!joined.coalesced || !joined.wasCutShort() || signal.aborted) return found;
    const [next] = loads.join([joined.key], load, signal);
    return next === undefined ? found : await wait(next, load, signal, { decisions, stale });
  }

  /** From the farthest tier, which has most, and without a copy of what nobody here has asked for. */
  async function findParts(keys: readonly string[], refreshLoad: LoadBatch): Promise<void> {
    const reads = (await tiers.at(-1)?.getMany(keys, closing.signal)) ?? [];
    for (const [index, key] of keys.entries()) {
      const read = reads[index];
      if (read?.state === "entry" && read.entry.expireMs > now())
        refreshAhead?.asked(key, read.entry, refreshLoad);
    }
  }

  return {
    lookUp,
    read: async (key, signal) => (await probe([key], signal, NO_LIMITS)).get(key)?.valid,
    peek: async (keys, signal) => {
      const probes = await probe(keys, signal, NO_LIMITS);
      return keys.map((key) => probes.get(key)?.valid);
    },
    preview: async (keys, limits, signal) => {
      const probes = await probe(keys, signal, limits);
      return keys.map((key) => {
        const found = probes.get(key);
        if (found === undefined) return { entry: undefined, decisions: ["MISS_COLD"] };
        const decisions = found.valid === undefined ? [...found.decisions, missOf(found)] : found.decisions;
        return { entry: found.valid, decisions };
      });
    },
    find: async (key, limits, signal) => {
      const found = (await probe([key], signal, limits)).get(key);
      if (found?.valid === undefined)
        return {
          entry: undefined,
          decisions: found === undefined ? ["MISS_COLD"] : [...found.decisions, missOf(found)],
          partsKnown: true,
        };
      const ofKeys = parts.get(key);
      refreshAhead?.touch(ofKeys ?? []);
      return {
        entry: found.valid,
        decisions: found.decisions,
        partsKnown: ofKeys !== undefined || refreshAhead === undefined,
      };
    },
    adopt: (key, ofKeys, refreshLoad) => {
      // Another call, which came at the same time, was first.
      if (parts.has(key)) return;
      parts.set(key, ofKeys);
      const adopting = findParts(ofKeys, refreshLoad)
        .catch((error: unknown) => {
          // Not learnt: the next caller's turn.
          parts.delete(key);
          const farthest = tiers.at(-1);
          if (!closing.signal.aborted && farthest !== undefined) onTierError(farthest.tier, error);
        })
        .finally(() => adoptions.delete(adopting));
      adoptions.add(adopting);
    },
    write: (key, entry, made) => {
      if (made !== undefined && evictions.isEvicted(key, made.startMark)) return;
      if (made !== undefined) parts.set(key, made.ofKeys);
      behind.write(key, entry, false);
    },
    replace: async (key, there, coming) => {
      let known = false;
      for (const tier of tiers) {
        try {
          const replaced = await tier.replace(key, there, coming);
          known ||= replaced;
        } catch (error) {
          onTierError(tier.tier, error);
        }
      }
      return known;
    },
    evictLocally: async (scope) => {
      evictions.add((key) => isInScope(key, scope));
      const memory = tiers.filter(({ tier }) => tier === "memory");
      const counts = await Promise.all(memory.map((tier) => tier.evict(scope)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    activeLoadCount: loads.activeCount,
    close: async () => {
      closing.abort(new Error("the cache is closing"));
      await Promise.all(adoptions);
      await refreshAhead?.close();
      await loads.close();
      await Promise.all([options.clusterLoad?.close(), behind.close()]);
      await Promise.all(tiers.map((tier) => tier.close()));
    },
  };
}

/** What `max_stale` allows when nothing newer can be had; whoever does not set it has no use for it. */
const staleOf = (found: Probe, request: LookupRequest, nowMs: number): Entry | undefined =>
  request.maxStaleMs > 0
    ? [found.valid, found.passedOver].find(
        (entry) => entry !== undefined && entry.expireMs + request.maxStaleMs > nowMs,
      )
    : undefined;

const fromCacheOnly = (found: Probe, stale: Entry | undefined): Found =>
  stale === undefined
    ? { state: "not-fetched", decisions: [...found.decisions, missOf(found), "NOT_FETCHED"] }
    : { state: "found", entry: stale, decisions: [...found.decisions, "HIT_STALE"], loadedNow: false };

async function settle(
  { loaded: loading, coalesced }: Joined,
  before: readonly Decision[],
  stale: Entry | undefined,
): Promise<Found> {
  const decisions: Decision[] = coalesced ? [...before, "COALESCED_LOCAL"] : [...before];
  let loaded: Loaded;
  try {
    loaded = await loading;
  } catch (error) {
    return stale === undefined
      ? { state: "failed", error, decisions }
      : { state: "found", entry: stale, decisions: [...decisions, "HIT_STALE"], loadedNow: false };
  }
  if (loaded.origin === "cluster") decisions.push("COALESCED_CLUSTER");
  if (!loaded.storable) decisions.push(loaded.forbidden ? "NO_STORE" : "NOT_STORABLE");
  if (!loaded.storable && !loaded.forbidden && stale !== undefined)
    return { state: "found", entry: stale, decisions: [...decisions, "HIT_STALE"], loadedNow: false };
  return {
    state: "found",
    entry: loaded,
    decisions,
    loadedNow: !coalesced && loaded.origin === "here",
  };
}
