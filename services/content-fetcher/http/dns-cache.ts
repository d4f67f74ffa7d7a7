import type { Clock } from "../resilience/clock.ts";

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Asks the system or a name server; rejects when there is no answer. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface DnsCacheOptions {
  readonly resolve: Resolve;
  readonly clock: Clock;
  readonly limits?: Partial<DnsLimits>;
}

export interface DnsLimits {
  /** How long an answer is used, from its coming; past 80 % of it the next lookup renews it in the background. */
  readonly lifeMs: number;
  /** How long a failure is remembered: no new question in that time. */
  readonly failureLifeMs: number;
  /** How long past its life the last answer still serves while the resolver fails. */
  readonly maxStaleMs: number;
  /** Longest wait for the resolver. */
  readonly timeoutMs: number;
  /** Hosts that are remembered; beyond it the least recently used is forgotten. */
  readonly maxHostCount: number;
}

const DEFAULT_LIMITS: DnsLimits = {
  lifeMs: 300_000,
  failureLifeMs: 5_000,
  maxStaleMs: 3_600_000,
  timeoutMs: 2_000,
  maxHostCount: 256,
};
const REFRESH_SHARE = 0.8;

export interface DnsAnswer {
  /** At least one; another one comes first with each lookup, so that all of a host's addresses share the load. */
  readonly addresses: readonly ResolvedAddress[];
  /** Past its life, served because the resolver fails. */
  readonly stale: boolean;
}

/** Lookups since the start by how they ended. */
export interface DnsCounts {
  readonly hit: number;
  readonly miss: number;
  readonly stale: number;
  readonly error: number;
}

/** Addresses of hosts, one question per host at a time however many connections are waiting for it. */
export interface DnsCache {
  /** @throws the resolver's error, when there is no answer to serve */
  readonly lookup: (hostname: string) => Promise<DnsAnswer>;
  readonly counts: () => DnsCounts;
}

interface Entry {
  answer: { readonly addresses: readonly ResolvedAddress[]; readonly atMs: number } | undefined;
  failure: { readonly error: unknown; readonly atMs: number } | undefined;
  question: Promise<void> | undefined;
  turn: number;
}

export function createDnsCache(options: DnsCacheOptions): DnsCache {
  const { clock, resolve } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const entries = new Map<string, Entry>();
  const counts = { hit: 0, miss: 0, stale: 0, error: 0 };

  /** The map is in the order of use, so that its first entry is the one to forget. */
  function entryOf(hostname: string): Entry {
    const entry = entries.get(hostname) ?? {
      answer: undefined,
      failure: undefined,
      question: undefined,
      turn: 0,
    };
    entries.delete(hostname);
    entries.set(hostname, entry);
    const [oldest] = entries.keys();
    if (entries.size > limits.maxHostCount && oldest !== undefined) entries.delete(oldest);
    return entry;
  }

  /** Asks once for all who wait; the answer or the failure is in the entry when it resolves, and it never rejects. */
  function ask(hostname: string, entry: Entry): Promise<void> {
    entry.question ??= withTimeout(clock, limits.timeoutMs, () => resolve(hostname))
      .then((addresses) => {
        if (addresses.length === 0) throw new Error(`${hostname} has no address`);
        entry.answer = { addresses, atMs: clock.now() };
        entry.failure = undefined;
      })
      .catch((error: unknown) => {
        entry.failure = { error, atMs: clock.now() };
      })
      .finally(() => {
        entry.question = undefined;
      });
    return entry.question;
  }

  const failedLately = ({ failure }: Entry): boolean =>
    failure !== undefined && clock.now() - failure.atMs < limits.failureLifeMs;

  function serve(entry: Entry, as: "hit" | "miss" | "stale"): DnsAnswer {
    counts[as] += 1;
    const addresses = entry.answer?.addresses ?? [];
    const first = entry.turn++ % addresses.length;
    return { addresses: [...addresses.slice(first), ...addresses.slice(0, first)], stale: as === "stale" };
  }

  async function lookup(hostname: string): Promise<DnsAnswer> {
    const entry = entryOf(hostname);
    const ageMs = entry.answer === undefined ? Number.POSITIVE_INFINITY : clock.now() - entry.answer.atMs;
    if (ageMs < limits.lifeMs) {
      if (ageMs >= limits.lifeMs * REFRESH_SHARE && !failedLately(entry)) void ask(hostname, entry);
      return serve(entry, "hit");
    }
    const servable = ageMs < limits.lifeMs + limits.maxStaleMs;
    if (!failedLately(entry)) {
      const question = ask(hostname, entry);
      // Once the resolver is known to fail, nobody waits for it who need not.
      if (entry.failure === undefined || !servable) await question;
    }
    if (entry.failure === undefined) return serve(entry, "miss");
    if (servable) return serve(entry, "stale");
    counts.error += 1;
    throw entry.failure.error;
  }

  return { lookup, counts: () => ({ ...counts }) };
}

/** The resolver's own patience is unknown: `getaddrinfo` can take half a minute. */
function withTimeout<T>(clock: Clock, timeoutMs: number, ask: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = clock.startTimer(timeoutMs, () =>
      reject(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: "ETIMEOUT" })),
    );
    void ask().then(resolve, reject).finally(stop);
  });
}
