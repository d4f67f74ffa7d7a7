import {
  startProviderServer,
  type Fault,
  type ProviderServer,
  type ReceivedRequest,
  type Reply,
} from "../support/provider-server.ts";
import { createRpm50Bucket, profileLatencyMs, RPM50_RETRY_AFTER_SECONDS, type Profile } from "./profiles.ts";
import { PROVIDER_IDS, testServerOf, type ProviderId, type ServerSetup } from "./servers.ts";
import { createWorlds } from "./world/worlds.ts";

export interface TestProvidersOptions {
  /** Decides generated cities, weather and the latencies of profiles. */
  readonly seed: number;
  /** Wall clock, milliseconds since the epoch: what today is. */
  readonly now: () => number;
  /** Monotonic clock, milliseconds. Default: the process's. */
  readonly monotonicNow?: () => number;
  /** Loopback port of the first server, the others follow it; 0, the default, are free ones. */
  readonly port?: number;
  /** Whether Overpass refuses what runs beside another query of the same address. Default: true. */
  readonly oneOverpassQueryAtATime?: boolean;
  /** Whether replies are compressed for clients that accept it. Default: false. */
  readonly compressed?: boolean;
  /** Told of each request whose answer has been handed to the socket, and when, on the monotonic clock. */
  readonly onAnswered?: (id: ProviderId, request: ReceivedRequest, answeredMs: number) => void;
  /** Size from which MediaWiki leaves the rest of its pages to a continuation. Default: 8 MiB, as Wikimedia. */
  readonly maxWikivoyageResultBytes?: number;
  /** Whether language models also name places that there are not, or that lie elsewhere. Default: false. */
  readonly inventsPlaces?: boolean;
}

/** A request, and the provider that got it. */
export type ProviderRequest = ReceivedRequest & { readonly provider: ProviderId };

export interface TestProviders {
  /** Base URL of every origin, by the name of its setting. */
  readonly settings: Readonly<Record<string, string>>;
  /** A made-up key for every provider that wants one, and what else it wants, by the names of the settings. */
  readonly keys: Readonly<Record<string, string>>;
  readonly server: (id: ProviderId) => ProviderServer;
  /** All requests since the start or the last `reset`, in the order of their arrival. */
  readonly requests: () => ProviderRequest[];
  /** How many each server got. */
  readonly requestCounts: () => Readonly<Record<ProviderId, number>>;
  /** Sockets now open, at all servers. */
  readonly openSocketCount: () => number;
  /** Latencies, and with `rpm50` refusals, of one of the predecessor's profiles; draws begin anew. */
  setProfile(profile: Profile, seed?: number): void;
  /** Milliseconds before each answer: of one provider, or of all. Ends a profile there. */
  setLatencyMs(latencyMs: number, id?: ProviderId): void;
  /** @param requestCount requests that meet the fault; default: all */
  setFault(id: ProviderId, fault: Fault | undefined, requestCount?: number): void;
  /** Forgets requests, faults, latencies and profile. */
  reset(): void;
  close(): Promise<void>;
}

/** What each provider has of something. */
const perProvider = <T>(of: (id: ProviderId) => T): Readonly<Record<ProviderId, T>> =>
  Object.fromEntries(PROVIDER_IDS.map((id) => [id, of(id)])) as Record<ProviderId, T>;

/** Starts one server per provider on loopback. */
export async function startTestProviders(options: TestProvidersOptions): Promise<TestProviders> {
  const { seed, now } = options;
  const monotonicNow = options.monotonicNow ?? (() => performance.now());
  const setup: ServerSetup = {
    worlds: createWorlds(seed),
    seed,
    now,
    oneOverpassQueryAtATime: options.oneOverpassQueryAtATime ?? true,
    maxWikivoyageResultBytes: options.maxWikivoyageResultBytes ?? 8 << 20,
    inventsPlaces: options.inventsPlaces ?? false,
  };
  const answers = perProvider((id) => testServerOf(id).create(setup));
  const start = async (id: ProviderId, index: number): Promise<readonly [ProviderId, ProviderServer]> => {
    const row = testServerOf(id);
    const server = await startProviderServer(answers[id], {
      ...row.options?.(setup),
      faultReplies: row.faultReplies,
      monotonicNow,
      port: options.port === undefined || options.port === 0 ? 0 : options.port + index,
      compressed: options.compressed ?? false,
      onAnswered: (request, answeredMs) => options.onAnswered?.(id, request, answeredMs),
    });
    return [id, server];
  };
  const started = new Map(await Promise.all(PROVIDER_IDS.map(start)));
  const servers = perProvider((id) => {
    const server = started.get(id);
    if (server === undefined) throw new Error(`no server of ${id} was started`);
    return server;
  });
  const each = (act: (server: ProviderServer, id: ProviderId) => void): void =>
    PROVIDER_IDS.forEach((id) => act(servers[id], id));
  return {
    settings: Object.fromEntries(
      PROVIDER_IDS.flatMap((id) => testServerOf(id).origins.map((name) => [name, servers[id].baseUrl])),
    ),
    keys: Object.fromEntries(
      PROVIDER_IDS.flatMap((id) => {
        const { keySetting, texts = {} } = testServerOf(id);
        return keySetting === undefined
          ? []
          : [[keySetting, `made-up-key-of-${id}`], ...Object.entries(texts)];
      }),
    ),
    server: (id) => servers[id],
    requests: () =>
      PROVIDER_IDS.flatMap((id) =>
        servers[id].requests.map((request) => ({ ...request, provider: id })),
      ).sort((a, b) => a.receivedMs - b.receivedMs),
    requestCounts: () => perProvider((id) => servers[id].requestCount()),
    openSocketCount: () => PROVIDER_IDS.reduce((sum, id) => sum + servers[id].openSocketCount(), 0),
    setProfile: (profile, profileSeed = seed) =>
      each((server, id) => applyProfile(server, id, answers[id], profile, profileSeed, monotonicNow)),
    setLatencyMs: (latencyMs, only) =>
      each((server, id) => {
        if (only !== undefined && only !== id) return;
        server.setLatencyMs(latencyMs);
        server.setGate(undefined);
      }),
    setFault: (id, fault, requestCount) => servers[id].setFault(fault, requestCount),
    reset: () => each((server) => server.reset()),
    close: async () => {
      await Promise.all(PROVIDER_IDS.map((id) => servers[id].close()));
    },
  };
}

function applyProfile(
  server: ProviderServer,
  id: ProviderId,
  answer: (request: ReceivedRequest) => Reply,
  profile: Profile,
  seed: number,
  monotonicNow: () => number,
): void {
  const { column, subjectOf, completionOf } = testServerOf(id);
  const counts = new Map<string, number>();
  server.setLatencyMs((request) => {
    const { kind, destination } = subjectOf(request);
    const n = (counts.get(`${kind}|${destination}`) ?? 0) + 1;
    counts.set(`${kind}|${destination}`, n);
    const draw = { seed, provider: id, kind, destination, n };
    return profileLatencyMs(profile, column(request), draw, completionOf?.(answer(request)).length);
  });
  const bucket = profile === "rpm50" ? createRpm50Bucket(monotonicNow) : undefined;
  server.setGate((request) =>
    bucket === undefined || column(request) === "weather" || bucket()
      ? undefined
      : {
          status: 429,
          headers: { "content-type": "text/plain", "retry-after": String(RPM50_RETRY_AFTER_SECONDS) },
          body: "Too Many Requests",
        },
  );
}
