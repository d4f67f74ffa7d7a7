import type { Entry, Store } from "./store.ts";
import { createLoads, type LoadBatch, type Loaded } from "./loads.ts";

/** One choice that a lookup made for a key; the composer maps these to `CacheDecision`. */
export type Decision =
  | "HIT_MEMORY"
  | "HIT_REDIS"
  | "HIT_STALE"
  | "COALESCED_LOCAL"
  | "MISS_COLD"
  | "MISS_EXPIRED"
  | "BYPASS_REDIS"
  | "BYPASS_REQUESTED"
  | "NOT_STORABLE"
  | "NOT_FETCHED";

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
  readonly keys: readonly string[];
  readonly mode: LookupMode;
  /** How long past its expiry an entry may be served when nothing newer can be had, milliseconds; 0 for never. */
  readonly maxStaleMs: number;
  readonly load: LoadBatch;
  /** This caller's deadline or departure; the loads that it shares go on while another caller waits. */
  readonly signal: AbortSignal;
}

/** Cached entries of the keys, then a promise for each key. */
export interface LookupAnswer {
  /** Keys whose valid entry is at hand: their promise is already resolved. */
  readonly cachedKeys: ReadonlySet<string>;
  readonly results: ReadonlyMap<string, Promise<Found>>;
}

export interface Lookup {
  readonly lookUp: (request: LookupRequest) => Promise<LookupAnswer>;
  /** Reads the tiers without loading. Undefined when there is no valid entry. */
  readonly read: (key: string, signal: AbortSignal) => Promise<Entry | undefined>;
  /** Writes to every tier. */
  readonly write: (key: string, entry: Entry) => Promise<void>;
  readonly activeLoadCount: () => number;
  readonly close: () => Promise<void>;
}

interface Probe {
  readonly valid: Entry | undefined;
  /** Newest expired entry, for callers that accept stale answers. */
  readonly expired: Entry | undefined;
  readonly decisions: Decision[];
}

/**
 * The one lookup algorithm, over a list of tiers, nearest first: read all keys of a plan from a tier in one request,
 * ask the next tier for what is missing, load the rest once per key.
 *
 * @param tiers nearest first; a tier that throws is skipped for this lookup and reported
 * @param onTierError told of a tier that did not answer; the call goes on without it
 */
export function createLookup(
  tiers: readonly Store[],
  now: () => number,
  onTierError: (tier: Store["tier"], error: unknown) => void,
): Lookup {
  const loads = createLoads(async (key, loaded) => {
    if (loaded.storable && loaded.expireMs > now()) await write(key, loaded);
  });

  async function write(key: string, entry: Entry): Promise<void> {
    const { bytes, storedMs, expireMs } = entry;
    await Promise.all(
      tiers.map((tier) =>
        tier.set(key, { bytes, storedMs, expireMs }).catch((error: unknown) => onTierError(tier.tier, error)),
      ),
    );
  }

  async function probe(keys: readonly string[], signal: AbortSignal): Promise<Map<string, Probe>> {
    const probes = new Map<string, Probe>(
      keys.map((key) => [key, { valid: undefined, expired: undefined, decisions: [] }]),
    );
    for (const [position, tier] of tiers.entries()) {
      const missing = keys.filter((key) => probes.get(key)?.valid === undefined);
      if (missing.length === 0) break;
      let entries: readonly (Entry | undefined)[];
      try {
        entries = await tier.getMany(missing, signal);
      } catch (error) {
        onTierError(tier.tier, error);
        if (tier.tier === "redis") for (const key of missing) probes.get(key)?.decisions.push("BYPASS_REDIS");
        continue;
      }
      for (const [index, key] of missing.entries()) {
        const entry = entries[index];
        const known = probes.get(key);
        if (entry === undefined || known === undefined) continue;
        if (entry.expireMs > now()) {
          probes.set(key, {
            ...known,
            valid: entry,
            decisions: [...known.decisions, tier.tier === "memory" ? "HIT_MEMORY" : "HIT_REDIS"],
          });
          for (const nearer of tiers.slice(0, position)) {
            await nearer.set(key, entry).catch((error: unknown) => onTierError(nearer.tier, error));
          }
        } else if (known.expired === undefined || entry.expireMs > known.expired.expireMs) {
          probes.set(key, { ...known, expired: entry });
        }
      }
    }
    return probes;
  }

  async function settle(
    loaded: Promise<Loaded>,
    decisions: readonly Decision[],
    stale: Entry | undefined,
  ): Promise<Found> {
    try {
      const value = await loaded;
      if (!value.storable && stale !== undefined) {
        return {
          state: "found",
          entry: stale,
          decisions: [...decisions, "NOT_STORABLE", "HIT_STALE"],
          loadedNow: false,
        };
      }
      const end: Decision[] = value.storable ? [] : ["NOT_STORABLE"];
      return {
        state: "found",
        entry: value,
        decisions: [...decisions, ...end],
        loadedNow: !decisions.includes("COALESCED_LOCAL"),
      };
    } catch (error) {
      if (stale !== undefined)
        return { state: "found", entry: stale, decisions: [...decisions, "HIT_STALE"], loadedNow: false };
      return { state: "failed", error, decisions };
    }
  }

  async function lookUp(request: LookupRequest): Promise<LookupAnswer> {
    const results = new Map<string, Promise<Found>>();
    const cachedKeys = new Set<string>();
    const missing = new Map<string, { decisions: readonly Decision[]; stale: Entry | undefined }>();
    const probes = await probe(request.keys, request.signal);
    for (const [key, { valid, expired, decisions }] of probes) {
      const stale = [valid, expired].find(
        (entry) => entry !== undefined && entry.expireMs + request.maxStaleMs > now(),
      );
      if (request.mode === "refresh") {
        missing.set(key, {
          decisions: ["BYPASS_REQUESTED"],
          stale: request.maxStaleMs > 0 ? stale : undefined,
        });
      } else if (valid !== undefined) {
        cachedKeys.add(key);
        results.set(key, Promise.resolve({ state: "found", entry: valid, decisions, loadedNow: false }));
      } else if (request.mode === "cache-only") {
        const miss: Decision = expired === undefined ? "MISS_COLD" : "MISS_EXPIRED";
        results.set(
          key,
          Promise.resolve(
            stale === undefined
              ? { state: "not-fetched", decisions: [...decisions, miss, "NOT_FETCHED"] }
              : { state: "found", entry: stale, decisions: [...decisions, "HIT_STALE"], loadedNow: false },
          ),
        );
      } else {
        missing.set(key, {
          decisions: [...decisions, expired === undefined ? "MISS_COLD" : "MISS_EXPIRED"],
          stale,
        });
      }
    }
    for (const { key, coalesced, loaded } of loads.join([...missing.keys()], request.load, request.signal)) {
      const known = missing.get(key);
      if (known === undefined) continue;
      results.set(
        key,
        settle(loaded, coalesced ? [...known.decisions, "COALESCED_LOCAL"] : known.decisions, known.stale),
      );
    }
    return { cachedKeys, results };
  }

  return {
    lookUp,
    read: async (key, signal) => (await probe([key], signal)).get(key)?.valid,
    write,
    activeLoadCount: loads.activeCount,
    close: async () => {
      await loads.close();
      await Promise.all(tiers.map((tier) => tier.close()));
    },
  };
}
