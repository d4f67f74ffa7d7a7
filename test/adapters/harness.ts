import { create } from "@bufbuild/protobuf";
import { ContentQuerySchema } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type {
  Destination,
  ProviderOutcome,
  SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { DateSchema } from "../../shared/gen/google/type/date_pb.ts";
import type { Ledger } from "../../services/content-fetcher/cost/ledger.ts";
import { createPool, type Pool } from "../../services/content-fetcher/http/pool.ts";
import type { Provider, ResolvedQuery } from "../../services/content-fetcher/provider.ts";
import { createRegistry, type FetchResult } from "../../services/content-fetcher/registry.ts";
import { createClock } from "../../services/content-fetcher/resilience/clock.ts";
import { Secret } from "../../shared/config.ts";
import { callScope } from "../support/call-scope.ts";
import { forgetfulLedger } from "../support/ledger.ts";

/** Noon of a Tuesday: what time it is for adapters under test, milliseconds since the epoch. */
export const NOW_MS = Date.parse("2026-11-24T12:00:00Z");
const clock = createClock(() => performance.now());
export const OPERATOR_CONTACT = "https://operator.test/contact";

export interface QueryParts {
  readonly destination?: Partial<Omit<Destination, "$typeName" | "$unknown">>;
  readonly languageCode?: string;
  /** `YYYY-MM-DD`. */
  readonly startDate?: string;
  readonly dayCount?: number;
  readonly maxListingCount?: number;
  readonly preferences?: Partial<Omit<NonNullable<ResolvedQuery["preferences"]>, "$typeName" | "$unknown">>;
}

const LISBON = {
  name: "destinations/2267057",
  geonamesId: 2267057,
  displayName: "Lisbon",
  region: "Lisbon",
  countryCode: "PT",
  location: { latitude: 38.71667, longitude: -9.13333 },
  timeZone: "Europe/Lisbon",
  population: 517802,
} as const;

/** A checked query, by default four days in Lisbon from the first of December 2026. */
export function queryOf(parts: QueryParts = {}): ResolvedQuery {
  const [year = 0, month = 0, day = 0] = (parts.startDate ?? "2026-12-01").split("-").map(Number);
  const query = create(ContentQuerySchema, {
    destination: { ...LISBON, ...parts.destination },
    languageCode: parts.languageCode ?? "en",
    dayCount: parts.dayCount ?? 4,
    maxListingCount: parts.maxListingCount ?? 20,
    ...(parts.preferences && { preferences: parts.preferences }),
  });
  const { destination } = query;
  if (destination === undefined) throw new Error("the query has a destination");
  return { ...query, destination, startDate: create(DateSchema, { year, month, day }) };
}

/** One provider behind a registry of its own: no pause, quota or circuit of another test reaches it. */
export interface Adapter {
  readonly fetch: (
    kind: SectionKind,
    query?: ResolvedQuery,
    options?: {
      readonly signal?: AbortSignal;
      readonly kinds?: readonly SectionKind[];
      /** Milliseconds until the caller's deadline; by default it has none. */
      readonly leftMs?: number;
    },
  ) => Promise<FetchResult>;
  /** Several kinds in one RPC, as StreamContent asks. */
  readonly fetchAll: (kinds: readonly SectionKind[], query?: ResolvedQuery) => Promise<FetchResult[]>;
  readonly geocode: (
    query: string,
    options?: { readonly languageCode?: string; readonly maxCount?: number; readonly signal?: AbortSignal },
  ) => Promise<{ readonly destinations: Destination[]; readonly outcomes: ProviderOutcome[] }>;
  readonly defects: readonly unknown[];
  readonly close: () => void;
}

/** What providers that need a key are sent. */
export const TEST_KEY = "test-key-0123456789";

/** What providers are told that want a word of the operator. */
export const TEST_TEXT = "test-text";

const testTextsOf = ({ textSettings = [] }: Provider): ReadonlyMap<string, string> =>
  new Map(
    textSettings.flatMap(({ setting, defaultText }) =>
      defaultText === undefined ? [[setting, TEST_TEXT]] : [],
    ),
  );

const testKeysOf = ({ keySetting }: Provider): ReadonlyMap<string, Secret> =>
  new Map(keySetting === undefined ? [] : [[keySetting, new Secret(TEST_KEY)]]);

export interface AdapterOptions {
  readonly pool: Pool;
  /** All of the provider's origins lead here. */
  readonly baseUrl: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly now?: () => number;
  /** Of the provider's switches, those that are on. */
  readonly switchedOn?: readonly string[];
  /** Default: one without a budget and without a file. */
  readonly ledger?: Ledger;
}

/** Drives a provider as the service does: through registry, resilience and pool, over real sockets. */
export function openAdapter(provider: Provider, options: AdapterOptions): Adapter {
  const { pool, baseUrl, now, switchedOn = [] } = options;
  const defects: unknown[] = [];
  const registry = createRegistry(
    [provider],
    { keys: testKeysOf(provider), switchedOn: new Set(switchedOn), texts: testTextsOf(provider) },
    {
      pool,
      baseUrls: Object.fromEntries(provider.origins.map(({ setting }) => [setting, baseUrl])),
      operatorContact: OPERATOR_CONTACT,
      hedging: false,
      now: now ?? (() => NOW_MS),
      clock,
      // Retries follow at once.
      random: () => 0,
    },
    options.ledger ?? forgetfulLedger(now ?? (() => NOW_MS)),
    (defect) => defects.push(defect),
  );
  const name = `providers/${provider.id}`;
  const live = new AbortController().signal;
  const fetchWith = (
    kinds: readonly SectionKind[],
    signal: AbortSignal,
    leftMs = Number.POSITIVE_INFINITY,
  ): ((kind: SectionKind, query: ResolvedQuery) => Promise<FetchResult>) => {
    const shared = new Map<string, Promise<unknown>>();
    const scope = {
      ...callScope({ signal, endMs: clock.now() + leftMs }),
      kindsOf: () => new Set(kinds),
      share: <T>(key: string, load: () => Promise<T>): Promise<T> => {
        const running = shared.get(key) ?? load();
        shared.set(key, running);
        // A key belongs to one adapter, which always loads the same type under it.
        return running as Promise<T>;
      },
    };
    return (kind, query) => registry.fetch(name, kind, query, scope);
  };
  return {
    fetch: (kind, query = queryOf(), options = {}) =>
      fetchWith(options.kinds ?? [kind], options.signal ?? live, options.leftMs)(kind, query),
    fetchAll: (kinds, query = queryOf()) => {
      const fetch = fetchWith(kinds, live);
      return Promise.all(kinds.map((kind) => fetch(kind, query)));
    },
    geocode: (query, options = {}) =>
      registry.geocode(query, options.languageCode ?? "en", options.maxCount ?? 5, {
        ...callScope({ signal: options.signal ?? live }),
        kindsOf: () => new Set(),
        share: (_key, load) => load(),
      }),
    defects,
    close: registry.close,
  };
}

/** The same provider with a shorter attempt timeout, so that a test need not wait for the true one. */
export const withAttemptTimeout = (provider: Provider, attemptTimeoutMs: number): Provider => ({
  ...provider,
  limits: { ...provider.limits, attemptTimeoutMs },
});

/** @param baseUrls loopback servers, which no provider's own name may lead to */
export const startPool = (...baseUrls: readonly string[]): Pool =>
  createPool({ clock, trustedOrigins: new Set(baseUrls) });
