import {
  startProviderServer,
  type Fault,
  type ProviderServer,
  type ProviderServerOptions,
  type ReceivedRequest,
  type Reply,
} from "../support/provider-server.ts";
import { createMetNorway, MET_NORWAY_FAULTS } from "./met-norway-server.ts";
import { createNominatim, NOMINATIM_FAULTS } from "./nominatim-server.ts";
import { createOpenMeteo, OPEN_METEO_FAULTS } from "./open-meteo-server.ts";
import { createOverpass, OVERPASS_BUSY, OVERPASS_FAULTS } from "./overpass-server.ts";
import {
  createRpm50Bucket,
  profileLatencyMs,
  RPM50_RETRY_AFTER_SECONDS,
  type Profile,
  type ProfileColumn,
} from "./profiles.ts";
import { createWikivoyage, WIKIVOYAGE_FAULTS } from "./wikivoyage-server.ts";
import { createWorlds } from "./world/worlds.ts";

export const PROVIDER_IDS = ["open-meteo", "met-norway", "wikivoyage", "overpass", "nominatim"] as const;
export type ProviderId = (typeof PROVIDER_IDS)[number];

export const isProviderId = (text: string): text is ProviderId => PROVIDER_IDS.some((id) => id === text);

/** Settings that lead to the servers; Open-Meteo's three hosts are one server here. */
export const ORIGINS: Readonly<Record<ProviderId, readonly string[]>> = {
  "open-meteo": [
    "OPEN_METEO_FORECAST_BASE_URL",
    "OPEN_METEO_ARCHIVE_BASE_URL",
    "OPEN_METEO_GEOCODING_BASE_URL",
  ],
  "met-norway": ["MET_NORWAY_BASE_URL"],
  wikivoyage: ["WIKIVOYAGE_BASE_URL"],
  overpass: ["OVERPASS_BASE_URL"],
  nominatim: ["NOMINATIM_BASE_URL"],
};

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
}

/** A request, and the provider that got it. */
export type ProviderRequest = ReceivedRequest & { readonly provider: ProviderId };

export interface TestProviders {
  /** Base URL of every origin, by the name of its setting. */
  readonly settings: Readonly<Record<string, string>>;
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

/** Starts one server per keyless provider on loopback. */
export async function startTestProviders(options: TestProvidersOptions): Promise<TestProviders> {
  const { seed, now } = options;
  const monotonicNow = options.monotonicNow ?? (() => performance.now());
  const worlds = createWorlds(seed);
  const start = async (
    id: ProviderId,
    answer: (request: ReceivedRequest) => Reply,
    more: ProviderServerOptions,
  ): Promise<ProviderServer> =>
    await startProviderServer(answer, {
      ...more,
      monotonicNow,
      port: options.port === undefined || options.port === 0 ? 0 : options.port + PROVIDER_IDS.indexOf(id),
      compressed: options.compressed ?? false,
      onAnswered: (request, answeredMs) => options.onAnswered?.(id, request, answeredMs),
    });
  const servers: Readonly<Record<ProviderId, ProviderServer>> = {
    "open-meteo": await start("open-meteo", createOpenMeteo(worlds, seed, now), {
      faultReplies: OPEN_METEO_FAULTS,
    }),
    "met-norway": await start("met-norway", createMetNorway(worlds, seed, now), {
      faultReplies: MET_NORWAY_FAULTS,
    }),
    wikivoyage: await start(
      "wikivoyage",
      createWikivoyage(worlds, { maxResultBytes: options.maxWikivoyageResultBytes ?? 8 << 20 }),
      { faultReplies: WIKIVOYAGE_FAULTS },
    ),
    overpass: await start("overpass", createOverpass(worlds, now), {
      faultReplies: OVERPASS_FAULTS,
      ...(options.oneOverpassQueryAtATime !== false && {
        concurrency: { maxPerClientCount: 1, refusal: OVERPASS_BUSY },
      }),
    }),
    nominatim: await start("nominatim", createNominatim(), { faultReplies: NOMINATIM_FAULTS }),
  };
  const each = (act: (server: ProviderServer, id: ProviderId) => void): void =>
    PROVIDER_IDS.forEach((id) => act(servers[id], id));
  return {
    settings: Object.fromEntries(
      PROVIDER_IDS.flatMap((id) => ORIGINS[id].map((name) => [name, servers[id].baseUrl])),
    ),
    server: (id) => servers[id],
    requests: () =>
      PROVIDER_IDS.flatMap((id) =>
        servers[id].requests.map((request) => ({ ...request, provider: id })),
      ).sort((a, b) => a.receivedMs - b.receivedMs),
    requestCounts: () => ({
      "open-meteo": servers["open-meteo"].requestCount(),
      "met-norway": servers["met-norway"].requestCount(),
      wikivoyage: servers.wikivoyage.requestCount(),
      overpass: servers.overpass.requestCount(),
      nominatim: servers.nominatim.requestCount(),
    }),
    openSocketCount: () => PROVIDER_IDS.reduce((sum, id) => sum + servers[id].openSocketCount(), 0),
    setProfile: (profile, profileSeed = seed) =>
      each((server, id) => applyProfile(server, id, profile, profileSeed, monotonicNow)),
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
  profile: Profile,
  seed: number,
  monotonicNow: () => number,
): void {
  const counts = new Map<string, number>();
  server.setLatencyMs((request) => {
    const { kind, destination } = subjectOf(id, request);
    const n = (counts.get(`${kind}|${destination}`) ?? 0) + 1;
    counts.set(`${kind}|${destination}`, n);
    return profileLatencyMs(profile, columnOf(id, request), { seed, provider: id, kind, destination, n });
  });
  const bucket = profile === "rpm50" ? createRpm50Bucket(monotonicNow) : undefined;
  server.setGate((request) =>
    bucket === undefined || columnOf(id, request) === "weather" || bucket()
      ? undefined
      : {
          status: 429,
          headers: { "content-type": "text/plain", "retry-after": String(RPM50_RETRY_AFTER_SECONDS) },
          body: "Too Many Requests",
        },
  );
}

const columnOf = (id: ProviderId, { url }: ReceivedRequest): ProfileColumn =>
  id === "met-norway" || (id === "open-meteo" && url.pathname !== "/v1/search") ? "weather" : "text";

/** What a request asks for and about, as far as its provider can tell: the draw is counted by both. */
function subjectOf(id: ProviderId, { url, body }: ReceivedRequest): { kind: string; destination: string } {
  const given = url.searchParams;
  switch (id) {
    case "wikivoyage": {
      const titles = given.get("titles") ?? new URLSearchParams(body).get("titles") ?? "";
      const [root = "", district] = (titles.split("|")[0] ?? "").split("/");
      if (root !== "") return { kind: district === undefined ? "article" : "districts", destination: root };
      return {
        kind: given.get("list") ?? given.get("generator") ?? "query",
        destination: given.get("srsearch") ?? given.get("gscoord") ?? given.get("ggscoord") ?? "",
      };
    }
    case "overpass": {
      const [, lat = "", lon = ""] =
        /around:[\d.]+,(-?[\d.]+),(-?[\d.]+)/.exec(decodeURIComponent(body.replaceAll("+", " "))) ?? [];
      return { kind: "query", destination: `${lat},${lon}` };
    }
    case "open-meteo":
      return {
        kind: url.pathname.slice("/v1/".length),
        destination: given.get("name") ?? `${given.get("latitude")},${given.get("longitude")}`,
      };
    case "met-norway":
      return { kind: "forecast", destination: `${given.get("lat")},${given.get("lon")}` };
    case "nominatim":
      return { kind: "search", destination: given.get("q") ?? "" };
  }
}
