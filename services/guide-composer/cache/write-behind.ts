import type { Entry, Store } from "./store.ts";

/** Writes to the tiers without making anybody wait for the farther ones. */
export interface WriteBehind {
  /** @param inRedis whether Redis has it already */
  readonly write: (key: string, entry: Entry, inRedis: boolean) => void;
  /** Waits for what is being written. */
  readonly close: () => Promise<void>;
}

/** More than this under way means that Redis does not keep up: further writes are left out, which costs a miss. */
const MAX_PENDING_COUNT = 1_000;

export function createWriteBehind(
  tiers: readonly Store[],
  onTierError: (tier: Store["tier"], error: unknown) => void,
): WriteBehind {
  const pending = new Set<Promise<void>>();
  return {
    write: (key, entry, inRedis) => {
      const { bytes, storedMs, expireMs, negative } = entry;
      for (const tier of tiers) {
        if (tier.tier === "redis" && (inRedis || pending.size >= MAX_PENDING_COUNT)) continue;
        const writing: Promise<void> = tier
          .set(key, { bytes, storedMs, expireMs, negative })
          .catch((error: unknown) => onTierError(tier.tier, error))
          .finally(() => pending.delete(writing));
        pending.add(writing);
      }
    },
    close: async () => {
      await Promise.all(pending);
    },
  };
}
