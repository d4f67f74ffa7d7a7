import { z } from "zod";
import { popularityKey } from "./keys.ts";
import type { RedisLink } from "./redis-link.ts";

const DAY_MS = 86_400_000;
/** Days that count: after so many a call counts less than a hundredth. */
const DAY_COUNT = 7;
const FLUSH_EVERY_MS = 1_000;
/** Members counted per day in this process; what is named less often than these goes first. */
const MAX_LOCAL_COUNT = 10_000;
/** Redis keeps as many of a day. */
const MAX_SHARED_COUNT = 100_000;

export interface Popular {
  readonly member: string;
  /** Calls, each counted half with every day that has begun since. */
  readonly score: number;
}

/** How often things are asked for, with what is long ago counting less; of the cluster when there is a Redis. */
export interface Popularity {
  readonly count: (member: string) => void;
  /** Most popular first; equally popular ones by name. */
  readonly top: (offset: number, count: number) => Promise<readonly Popular[]>;
  readonly close: () => Promise<void>;
}

/** As RESP3 answers `WITHSCORES`. */
const scoredSchema = z.array(z.tuple([z.string(), z.coerce.number()]));

const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);

/**
 * @param link undefined: of this process alone
 * @param now wall clock, milliseconds since the epoch
 */
export function createPopularity(
  link: RedisLink | undefined,
  now: () => number,
  onRedisError: (error: unknown) => void,
): Popularity {
  /** Counts of this process by day: what is served without Redis. */
  const days = new Map<number, Map<string, number>>();
  /** What Redis does not know yet. */
  let pending = new Map<string, number>();

  function countLocally(member: string, day: number): void {
    const counts = days.get(day) ?? new Map<string, number>();
    days.set(day, counts);
    for (const old of days.keys()) if (old <= day - DAY_COUNT) days.delete(old);
    const known = counts.get(member);
    if (known === undefined && counts.size >= MAX_LOCAL_COUNT) {
      const [least] = [...counts].reduce((lower, each) => (each[1] < lower[1] ? each : lower));
      counts.delete(least);
    }
    counts.set(member, (known ?? 0) + 1);
  }

  async function flush(): Promise<void> {
    if (link === undefined || pending.size === 0) return;
    const adding = pending;
    pending = new Map();
    const key = popularityKey(dayOf(now()));
    try {
      await link.run("ZINCRBY", key, async (client) => {
        const commands = client.pipeline();
        for (const [member, count] of adding) commands.zincrby(key, count, member);
        commands.zremrangebyrank(key, 0, -MAX_SHARED_COUNT - 1).pexpire(key, (DAY_COUNT + 1) * DAY_MS);
        for (const [error] of (await commands.exec()) ?? []) if (error) throw error;
      });
    } catch (error) {
      // Left out: popularity rests on many calls, not on these.
      onRedisError(error);
    }
  }

  function topLocally(): readonly Popular[] {
    const today = dayOf(now());
    const scores = new Map<string, number>();
    for (const [day, counts] of days) {
      for (const [member, count] of counts)
        scores.set(member, (scores.get(member) ?? 0) + count * 2 ** (day - today));
    }
    return [...scores].map(([member, score]) => ({ member, score })).sort(compare);
  }

  async function topShared(shared: RedisLink): Promise<readonly Popular[]> {
    const today = dayOf(now());
    const keys = Array.from({ length: DAY_COUNT }, (_, age) => popularityKey(today - age));
    const weights = keys.map((_, age) => 2 ** -age);
    const answer = await shared.run("ZUNION", keys[0] ?? "", (client) =>
      client.call("ZUNION", keys.length, ...keys, "WEIGHTS", ...weights, "WITHSCORES"),
    );
    return scoredSchema
      .parse(answer)
      .map(([member, score]) => ({ member, score }))
      .sort(compare);
  }

  const timer = link && setInterval(() => void flush(), FLUSH_EVERY_MS).unref();
  return {
    count: (member) => {
      countLocally(member, dayOf(now()));
      if (link !== undefined && (pending.has(member) || pending.size < MAX_LOCAL_COUNT))
        pending.set(member, (pending.get(member) ?? 0) + 1);
    },
    top: async (offset, count) => {
      if (link === undefined) return topLocally().slice(offset, offset + count);
      await flush();
      try {
        return (await topShared(link)).slice(offset, offset + count);
      } catch (error) {
        onRedisError(error);
        return topLocally().slice(offset, offset + count);
      }
    },
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}

const compare = (a: Popular, b: Popular): number => b.score - a.score || (a.member < b.member ? -1 : 1);
