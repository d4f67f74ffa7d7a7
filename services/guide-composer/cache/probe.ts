import type { RecentEvictions } from "./recent-evictions.ts";
import type { Entry, Read, Store } from "./store.ts";

/** One choice that a lookup made for a key; the composer maps these to `CacheDecision`. */
export type Decision =
  | "HIT_MEMORY"
  | "HIT_REDIS"
  | "HIT_STALE"
  | "NEGATIVE"
  | "COALESCED_LOCAL"
  | "COALESCED_CLUSTER"
  | "REFRESH_AHEAD"
  | "MISS_COLD"
  | "MISS_EXPIRED"
  | "MISS_TOO_OLD"
  | "MISS_UNREADABLE"
  | "BYPASS_REDIS"
  | "BYPASS_REQUESTED"
  | "NO_STORE"
  | "NOT_STORABLE"
  | "NOT_FETCHED";

/** How old an entry may be for a caller, besides its own promise. */
export interface AgeLimits {
  readonly maxAgeMs: number;
  /** In (0, 1]. */
  readonly maxLifeShare: number;
}

/** What the tiers have under one key. */
export interface Probe {
  valid: Entry | undefined;
  /** Newest entry that is expired or older than asked for, for callers that accept stale answers. */
  passedOver: Entry | undefined;
  /** Whether `passedOver` keeps its promise and is only older than the caller accepts. */
  tooOld: boolean;
  unreadable: boolean;
  readonly decisions: Decision[];
}

const HIT = { memory: "HIT_MEMORY", redis: "HIT_REDIS" } as const satisfies Record<Store["tier"], Decision>;

/** Why there is no valid entry. */
export function missOf({ passedOver, unreadable, tooOld }: Probe): Decision {
  if (passedOver !== undefined) return tooOld ? "MISS_TOO_OLD" : "MISS_EXPIRED";
  return unreadable ? "MISS_UNREADABLE" : "MISS_COLD";
}

/**
 * Reads keys from tier to tier until each has a valid entry, and copies what a farther tier had into the nearer ones.
 * An entry is valid until its promise ends, and while it is not older than the caller accepts.
 */
export function createProbe(
  tiers: readonly Store[],
  evictions: RecentEvictions,
  now: () => number,
  onTierError: (tier: Store["tier"], error: unknown) => void,
): (keys: readonly string[], signal: AbortSignal, limits: AgeLimits) => Promise<Map<string, Probe>> {
  return async (keys, signal, { maxAgeMs, maxLifeShare }) => {
    const startMark = evictions.mark();
    const probes = new Map<string, Probe>(
      keys.map((key) => [
        key,
        { valid: undefined, passedOver: undefined, tooOld: false, unreadable: false, decisions: [] },
      ]),
    );
    const isMissing = (key: string): boolean => probes.get(key)?.valid === undefined;
    async function read(tier: Store, position: number): Promise<void> {
      const missing = keys.filter(isMissing);
      if (missing.length === 0) return;
      let reads: readonly Read[];
      try {
        reads = await tier.getMany(missing, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        onTierError(tier.tier, error);
        if (tier.tier === "redis") for (const key of missing) probes.get(key)?.decisions.push("BYPASS_REDIS");
        return;
      }
      for (const [index, key] of missing.entries()) {
        const found = reads[index];
        const known = probes.get(key);
        if (found === undefined || known === undefined || found.state === "none") continue;
        if (found.state === "unreadable") {
          known.unreadable = true;
          continue;
        }
        const { entry } = found;
        const nowMs = now();
        const expired = entry.expireMs <= nowMs;
        const ageMs = nowMs - entry.storedMs;
        const spentMs = maxLifeShare * (entry.expireMs - entry.storedMs);
        if (!expired && ageMs <= maxAgeMs && (maxLifeShare === 1 || ageMs < spentMs)) {
          known.valid = entry;
          known.decisions.push(HIT[tier.tier]);
          if (entry.negative) known.decisions.push("NEGATIVE");
          const nearerTiers = evictions.isEvicted(key, startMark) ? [] : tiers.slice(0, position);
          for (const nearer of nearerTiers)
            nearer.set(key, entry).catch((error: unknown) => onTierError(nearer.tier, error));
        } else if (known.passedOver === undefined || entry.expireMs > known.passedOver.expireMs) {
          known.passedOver = entry;
          known.tooOld = !expired;
        }
      }
    }
    for (const [position, tier] of tiers.entries()) await read(tier, position);
    // A load of this process may have settled while a farther tier was read: it must not be started again.
    const [nearest, ...farther] = tiers;
    if (nearest !== undefined && farther.length > 0) await read(nearest, 0);
    return probes;
  };
}
