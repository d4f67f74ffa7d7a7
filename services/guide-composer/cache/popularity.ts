import { z } from "zod";
import { popularityKey } from "./keys.ts";
import type { RedisLink } from "./redis-link.ts";
import { COUNT, runScript } from "./redis-scripts.ts";

const DAY_MS = 86_400_000;
/** Days whose calls are added up under one key: a call of the last counts 2^511 times one of the first. */
const ERA_DAY_COUNT = 512;
/** What counts less is forgotten: a single call after a week. */
const MIN_SCORE = 0.01;
const FLUSH_EVERY_MS = 1_000;
/** Members that this process counts; twice as many before the least popular half goes. */
const MAX_LOCAL_COUNT = 10_000;
/** Members that Redis keeps. */
const MAX_SHARED_COUNT = 100_000;
/** How long Redis keeps what nobody adds to. */
const SHARED_LIFE_MS = 30 * DAY_MS;

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

/**
 * Where an instant lies. Calls do not lose weight as days pass, later ones have more: then the order of members changes
 * with new calls only, and the most popular ones are read off without adding anything up.
 */
function dayOf(ms: number): { readonly era: number; readonly weight: number } {
  const day = Math.floor(ms / DAY_MS);
  const era = Math.floor(day / ERA_DAY_COUNT);
  return { era, weight: 2 ** (day - era * ERA_DAY_COUNT) };
}

/** What the weights of an era are worth in the next one. */
const NEXT_ERA_FACTOR = 2 ** -ERA_DAY_COUNT;

/**
 * @param link undefined: of this process alone
 * @param now wall clock, milliseconds since the epoch
 */
export function createPopularity(
  link: RedisLink | undefined,
  now: () => number,
  onRedisError: (error: unknown) => void,
): Popularity {
  /** Weights of this process's calls in `localEra`: what is served without Redis. */
  let local = new Map<string, number>();
  let localEra = dayOf(now()).era;
  /** Calls that Redis does not know yet. */
  let pending = new Map<string, number>();

  function countLocally(member: string): void {
    const { era, weight } = dayOf(now());
    if (era !== localEra) {
      const factor = NEXT_ERA_FACTOR ** (era - localEra);
      local = new Map([...local].map(([known, sum]) => [known, sum * factor]));
      localEra = era;
    }
    local.set(member, (local.get(member) ?? 0) + weight);
    if (local.size > 2 * MAX_LOCAL_COUNT)
      local = new Map([...local].sort((a, b) => b[1] - a[1]).slice(0, MAX_LOCAL_COUNT));
  }

  async function flush(): Promise<void> {
    const { era, weight } = dayOf(now());
    const key = popularityKey(era);
    if (link === undefined || pending.size === 0 || !link.available(key)) return;
    const adding = pending;
    pending = new Map();
    try {
      await link.run("EVALSHA", key, (client) =>
        runScript(
          client,
          COUNT,
          [key, popularityKey(era - 1)],
          [
            NEXT_ERA_FACTOR,
            MAX_SHARED_COUNT,
            SHARED_LIFE_MS,
            ...[...adding].flatMap(([member, count]) => [count * weight, member]),
          ],
        ),
      );
    } catch (error) {
      // Left out: popularity rests on many calls, not on these.
      onRedisError(error);
    }
  }

  function topLocally(): readonly Popular[] {
    const { era, weight } = dayOf(now());
    const worth = NEXT_ERA_FACTOR ** (era - localEra) / weight;
    return [...local]
      .map(([member, sum]) => ({ member, score: sum * worth }))
      .filter(isPopular)
      .sort((a, b) => b.score - a.score || (a.member < b.member ? -1 : 1));
  }

  async function topShared(shared: RedisLink, offset: number, count: number): Promise<readonly Popular[]> {
    const { era, weight } = dayOf(now());
    const key = popularityKey(era);
    // Scores are negative there, so that equal ones stand in the order of their names.
    const answer = await shared.run("ZRANGE", key, (client) =>
      client.call("ZRANGE", key, offset, offset + count - 1, "WITHSCORES"),
    );
    return scoredSchema
      .parse(answer)
      .map(([member, sum]) => ({ member, score: -sum / weight }))
      .filter(isPopular);
  }

  const timer = link && setInterval(() => void flush(), FLUSH_EVERY_MS).unref();
  return {
    count: (member) => {
      countLocally(member);
      if (link !== undefined && (pending.has(member) || pending.size < MAX_LOCAL_COUNT))
        pending.set(member, (pending.get(member) ?? 0) + 1);
    },
    top: async (offset, count) => {
      if (count <= 0) return [];
      if (link === undefined) return topLocally().slice(offset, offset + count);
      await flush();
      try {
        return await topShared(link, offset, count);
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

const isPopular = ({ score }: Popular): boolean => score >= MIN_SCORE;
