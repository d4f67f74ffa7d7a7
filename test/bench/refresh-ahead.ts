import { createCache, type Cache } from "../../services/guide-composer/cache/cache.ts";
import { contentKey } from "../../services/guide-composer/cache/keys.ts";
import type { LoadBatch } from "../../services/guide-composer/cache/loads.ts";
import { NO_LIMITS } from "../../services/guide-composer/cache/lookup.ts";
import type { Entry } from "../../services/guide-composer/cache/store.ts";
import { createDraw } from "./draw.ts";
import { createRounds, type Group } from "./metric.ts";

const HOUR_MS = 3_600_000;
const DESTINATION_COUNT = 1_000;
/** Lives of a guide's contents. */
const LIVES_MS = { WEATHER: HOUR_MS, ATTRACTIONS: 6 * HOUR_MS, PRACTICAL: 6 * HOUR_MS, EVENTS: 12 * HOUR_MS };
/** So much faster than it is goes the clock of the caches. */
const ACCELERATION = 100;
/** By that clock. */
const PROVIDER_MS = 300;
const CALLS_PER_S = 1_000;
const TICK_MS = 5;
const ROUND_COUNT = 3;
const ROUND_MS = 7_000;
const SEED = 1;

/** How many callers wait for a provider, with and without refreshing ahead. */
export const refreshAhead: Group = {
  names: ["refresh_ahead.waited_share"],
  method:
    `Calls for ${DESTINATION_COUNT} destinations by Zipf(1.0), ${CALLS_PER_S / ACCELERATION} a second by a clock that ` +
    `goes ${ACCELERATION} times as fast as it is, each for contents that live ${Object.values(LIVES_MS)
      .map((ms) => ms / HOUR_MS)
      .join(
        ", ",
      )} h, all cached at first, of evenly spread ages; providers answer after ${PROVIDER_MS} ms by that ` +
    `clock. Two caches in this process, without Redis, get the same calls for ${ROUND_COUNT} rounds of ` +
    `${ROUND_MS / 1000} s: share of callers for whom something had to be loaded in the one that refreshes ahead, ` +
    "divided by that in the one that does not",
  run: async () => {
    const rounds = createRounds({
      "refresh_ahead.waited_share": "x",
      "baseline.refresh_ahead.waited_with": "share",
      "baseline.refresh_ahead.waited_without": "share",
    });
    const startMs = Date.now();
    const zeroMs = performance.now();
    const now = (): number => startMs + (performance.now() - zeroMs) * ACCELERATION;
    const caches = [await createBenchCache(now, true), await createBenchCache(now, false)] as const;
    const draw = createDraw(SEED);
    try {
      for (const cache of caches) fill(cache, now(), createDraw(SEED + 1));
      const pick = createZipf(DESTINATION_COUNT, draw);
      for (let round = 0; round <= ROUND_COUNT; round += 1) {
        const waited = [0, 0];
        const calls: Promise<void>[] = [];
        const endMs = performance.now() + ROUND_MS;
        let dueCount = 0;
        for (let tickMs = performance.now(); tickMs < endMs; tickMs = performance.now()) {
          const wantedCount = Math.floor(((tickMs - endMs + ROUND_MS) * CALLS_PER_S) / 1_000);
          for (; dueCount < wantedCount; dueCount += 1) {
            const destination = pick();
            for (const [index, cache] of caches.entries())
              calls.push(
                call(cache, destination, now).then((hasWaited) => {
                  waited[index] = (waited[index] ?? 0) + Number(hasWaited);
                }),
              );
          }
          await new Promise<void>((resolve) => setTimeout(resolve, TICK_MS));
        }
        await Promise.all(calls);
        const [ahead = 0, expired = 0] = waited;
        // The first round does not count: of what was there nobody had asked for before.
        if (round === 0) continue;
        rounds.add("refresh_ahead.waited_share", ahead / expired);
        rounds.add("baseline.refresh_ahead.waited_with", ahead / dueCount);
        rounds.add("baseline.refresh_ahead.waited_without", expired / dueCount);
      }
    } finally {
      for (const cache of caches) await cache.close();
    }
    return rounds.metrics();
  },
};

const createBenchCache = (now: () => number, refreshing: boolean): Promise<Cache> =>
  createCache({
    memoryBytes: 256 << 20,
    redis: undefined,
    maxStaleMs: 0,
    now,
    monotonicNow: () => performance.now(),
    random: Math.random,
    mayRefresh: () => refreshing,
    // Once a second by the clock of the caches.
    sweepEveryMs: 1_000 / ACCELERATION,
    onTierError: () => {},
    onRedisStateChanged: () => {},
    inRedisSpan: (_operation, _node, command) => command(),
  });

/** Draws ranks from 0 on, the first twice as often as the second, and so on. */
function createZipf(count: number, draw: () => number): () => number {
  const sums: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) sums.push((sum += 1 / rank));
  return () => {
    const wanted = draw() * sum;
    return sums.findIndex((each) => each > wanted);
  };
}

const keysOf = (destination: number): string[] =>
  Object.keys(LIVES_MS).map((kind) => contentKey(`destinations/${destination}`, kind, "providers/p", []));
/** By key: a load is told keys only. */
const lives = new Map<string, number>();

const entryOf = (key: string, storedMs: number): Entry => ({
  bytes: Buffer.alloc(100),
  storedMs,
  expireMs: storedMs + (lives.get(key) ?? 0),
  negative: false,
});

function fill({ lookup }: Cache, nowMs: number, draw: () => number): void {
  for (let destination = 0; destination < DESTINATION_COUNT; destination += 1) {
    for (const [index, key] of keysOf(destination).entries()) {
      const lifeMs = Object.values(LIVES_MS)[index] ?? 0;
      lives.set(key, lifeMs);
      lookup.write(key, entryOf(key, nowMs - draw() * lifeMs));
    }
  }
}

const signal = new AbortController().signal;

/** Whether the caller had to wait for a provider. */
async function call({ lookup }: Cache, destination: number, now: () => number): Promise<boolean> {
  const keys = keysOf(destination);
  const load: LoadBatch = async function* (asked) {
    await new Promise<void>((resolve) => setTimeout(resolve, PROVIDER_MS / ACCELERATION));
    for (const key of asked) {
      const loaded = {
        ...entryOf(key, now()),
        storable: true,
        forbidden: false,
        origin: "here",
        inRedis: false,
      } as const;
      yield [key, { state: "loaded", loaded }];
    }
  };
  const { cachedKeys, results } = await lookup.lookUp({
    keys,
    mode: "prefer-cache",
    maxStaleMs: 0,
    ...NO_LIMITS,
    load,
    refreshLoad: load,
    signal,
  });
  await Promise.all(results.values());
  return cachedKeys.size < keys.length;
}
