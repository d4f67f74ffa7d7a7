import { LEADER_KEY } from "./keys.ts";
import type { RedisLink } from "./redis-link.ts";
import { RENEW, runScript } from "./redis-scripts.ts";

const LIFE_MS = 10_000;
const ASK_EVERY_MS = 3_000;

/** At most one process of a cluster leads at a time; one without a Redis always does. */
export interface Leadership {
  readonly isLeader: () => boolean;
  /** Gives it up, so that another one need not wait. */
  readonly close: () => Promise<void>;
}

/**
 * A lease of ten seconds, asked for and renewed every three. Who cannot renew it stops leading before it runs out.
 *
 * @param self a name that no other process has
 * @param monotonicNow milliseconds
 */
export function createLeadership(
  link: RedisLink | undefined,
  self: string,
  monotonicNow: () => number,
  onRedisError: (error: unknown) => void,
): Leadership {
  if (link === undefined) return { isLeader: () => true, close: () => Promise.resolve() };
  const shared = link;
  let leadsUntilMs = -Infinity;

  async function ask(): Promise<void> {
    const askedMs = monotonicNow();
    try {
      const renewed = await shared.run("EVALSHA", LEADER_KEY, (client) =>
        runScript(client, RENEW, [LEADER_KEY], [self, LIFE_MS]),
      );
      const held =
        renewed === 1 ||
        (await shared.run("SET", LEADER_KEY, (client) =>
          client.set(LEADER_KEY, self, "PX", LIFE_MS, "NX"),
        )) === "OK";
      // From before the question on: the lease cannot be older than that.
      leadsUntilMs = held ? askedMs + LIFE_MS : -Infinity;
    } catch (error) {
      onRedisError(error);
    }
  }

  void ask();
  const timer = setInterval(() => void ask(), ASK_EVERY_MS).unref();
  return {
    isLeader: () => monotonicNow() < leadsUntilMs,
    close: async () => {
      clearInterval(timer);
      if (monotonicNow() >= leadsUntilMs) return;
      leadsUntilMs = -Infinity;
      try {
        // As a renewal that ends at once: only the holder's own.
        await shared.run("EVALSHA", LEADER_KEY, (client) =>
          runScript(client, RENEW, [LEADER_KEY], [self, 1]),
        );
      } catch (error) {
        onRedisError(error);
      }
    },
  };
}
