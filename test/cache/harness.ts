import assert from "node:assert/strict";
import { createCache, type Cache } from "../../services/guide-composer/cache/cache.ts";
import { contentKey } from "../../services/guide-composer/cache/keys.ts";
import type { Found, LookupMode } from "../../services/guide-composer/cache/lookup.ts";
import type { LoadBatch, Loaded, Settled } from "../../services/guide-composer/cache/loads.ts";
import { parseRedisUrl } from "../../services/guide-composer/cache/redis-url.ts";

export const MAX_STALE_MS = 7 * 86_400_000;
export const LIFE_MS = 3_600_000;

export interface TestCacheOptions {
  readonly now?: () => number;
  readonly memoryBytes?: number;
  readonly sweepEveryMs?: number;
  readonly onRedisStateChanged?: (node: string, cause: unknown) => void;
}

/** A cache as a composer has it, on a Redis or alone. */
export function createTestCache(
  redisUrl: string | undefined,
  options: TestCacheOptions = {},
): Promise<Cache> {
  const target = redisUrl === undefined ? undefined : parseRedisUrl(redisUrl);
  assert.ok(redisUrl === undefined || target !== undefined);
  return createCache({
    memoryBytes: options.memoryBytes ?? 16 << 20,
    redis: target,
    maxStaleMs: MAX_STALE_MS,
    now: options.now ?? Date.now,
    monotonicNow: () => performance.now(),
    random: Math.random,
    mayRefresh: () => true,
    ...(options.sweepEveryMs !== undefined && { sweepEveryMs: options.sweepEveryMs }),
    onTierError: () => {},
    inRedisSpan: (_operation, _node, command) => command(),
    onRedisStateChanged: options.onRedisStateChanged ?? (() => {}),
  });
}

/** Keys of one destination, as a plan has them. */
export const keysOf = (destination: string, count = 3): string[] =>
  Array.from({ length: count }, (_, index) =>
    contentKey(`destinations/${destination}`, "ATTRACTIONS", `providers/p${index}`, []),
  );

export const valueOf = (text: string, nowMs: number, own: Partial<Loaded> = {}): Loaded => ({
  bytes: Buffer.from(text),
  storedMs: nowMs,
  expireMs: nowMs + LIFE_MS,
  negative: false,
  storable: true,
  forbidden: false,
  origin: "here",
  inRedis: false,
  ...own,
});

/** A provider, as far as the cache is concerned: what it was asked for, and when it answers. */
export class Source {
  readonly calls: string[] = [];
  abortedCount = 0;
  #answer: (key: string) => Settled;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};

  constructor(answer: (key: string) => Settled) {
    this.#answer = answer;
  }
  /** Answers nothing until `open`. */
  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.#gate, this.#open] = [promise, resolve];
  }
  open(): void {
    this.#open();
  }
  answer(answer: (key: string) => Settled): void {
    this.#answer = answer;
  }
  callCount(key: string): number {
    return this.calls.filter((called) => called === key).length;
  }

  readonly load: LoadBatch = (keys, signal) => this.#load(keys, signal);

  async *#load(keys: readonly string[], signal: AbortSignal): AsyncGenerator<readonly [string, Settled]> {
    this.calls.push(...keys);
    const { promise: gone, reject } = Promise.withResolvers<never>();
    gone.catch(() => {});
    const leave = (): void => {
      this.abortedCount += 1;
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      for (const key of keys) {
        await Promise.race([this.#gate, gone]);
        yield [key, this.#answer(key)];
      }
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }
}

export interface Asked {
  readonly mode?: LookupMode;
  readonly maxStaleMs?: number;
  readonly maxAgeMs?: number;
  readonly maxLifeShare?: number;
  readonly signal?: AbortSignal;
}

/** One call: what it found, by key. */
export async function ask(
  cache: Pick<Cache, "lookup">,
  keys: readonly string[],
  source: Source,
  asked: Asked = {},
): Promise<Map<string, Found>> {
  const { results } = await cache.lookup.lookUp({
    keys,
    mode: asked.mode ?? "prefer-cache",
    maxStaleMs: asked.maxStaleMs ?? 0,
    maxAgeMs: asked.maxAgeMs ?? Infinity,
    maxLifeShare: asked.maxLifeShare ?? 1,
    load: source.load,
    refreshLoad: source.load,
    signal: asked.signal ?? new AbortController().signal,
  });
  return new Map(await Promise.all([...results].map(async ([key, found]) => [key, await found] as const)));
}

export const textOf = (found: Found | undefined): string | undefined =>
  found?.state === "found" ? Buffer.from(found.entry.bytes).toString() : undefined;

/** Waits until it holds: a turn of the loop at a time, and not for ever. */
export async function eventually(holds: () => boolean | Promise<boolean>, withinMs = 4_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, "it did not come to be");
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}
