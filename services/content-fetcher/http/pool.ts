import { lookup as lookupByTheSystem } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { Agent, buildConnector, interceptors, type Dispatcher } from "undici";
import { ServiceError } from "../../../shared/errors.ts";
import type { Clock } from "../resilience/clock.ts";
import type { CallScope } from "../resilience/policy.ts";
import { createDnsCache, type DnsCounts, type DnsLimits, type Resolve } from "./dns-cache.ts";
import { isPrivateAddress } from "./private-address.ts";
import { createSocketBudget, type SocketCounts, type SocketLimits } from "./socket-budget.ts";

const SOCKET_LIMITS: SocketLimits = {
  maxTotalCount: 100,
  // A provider that is slow must not take more.
  maxPerHostCount: 30,
  maxWaitingCount: 1_000,
  maxWaitMs: 2_000,
};
/** Below the keep-alive of the providers (5 s is the shortest common one), so that the first use of a stale socket is rare. */
const KEEP_ALIVE_MS = 4_000;
const CONNECT_TIMEOUT_MS = 3_000;
/** A connection is renewed after this, so that new addresses of a host count. */
const CLIENT_LIFE_MS = 300_000;
/** Largest body, on the wire and decompressed. The largest true answers are a few megabytes. */
const MAX_BODY_BYTES = 16 << 20;
/** Coarse backstop in undici; the attempt's own timeout comes first. */
const STALL_TIMEOUT_MS = 30_000;

export interface PoolOptions {
  readonly clock: Clock;
  /**
   * Origins (scheme, host and port) that may have private addresses, because somebody configured them. Every other
   * one is refused them, so that no name, redirect or DNS answer leads into our own network.
   */
  readonly trustedOrigins: ReadonlySet<string>;
  readonly resolve?: Resolve;
  readonly dnsLimits?: Partial<DnsLimits>;
}

/** One pool for all providers: HTTP/1.1, one request per socket at a time, no redirects followed. */
export interface Pool {
  /**
   * Runs `use` with the right to one socket of the origin's host, from asking for it to the end of `use`.
   *
   * @param origin scheme, host and port
   * @throws ServiceError OVERLOADED without a socket in time; else what `use` throws
   */
  readonly withSocket: <T>(
    origin: string,
    scope: CallScope,
    use: (dispatcher: Dispatcher) => Promise<T>,
  ) => Promise<T>;
  readonly counts: () => { readonly sockets: SocketCounts; readonly lookups: DnsCounts };
  /** Ends all sockets and what runs over them. */
  readonly close: () => Promise<void>;
}

const resolveByTheSystem: Resolve = async (hostname) =>
  (await lookupByTheSystem(hostname, { all: true })).map(({ address, family }) => ({
    address,
    family: family === 6 ? 6 : 4,
  }));

export function createPool(options: PoolOptions): Pool {
  const { clock, trustedOrigins } = options;
  const budget = createSocketBudget(SOCKET_LIMITS, clock);
  const dns = createDnsCache({
    clock,
    resolve: options.resolve ?? resolveByTheSystem,
    ...(options.dnsLimits && { limits: options.dnsLimits }),
  });
  const connectVia = (lookup: LookupFunction): buildConnector.connector =>
    buildConnector({ timeout: CONNECT_TIMEOUT_MS, allowH2: false, lookup });
  const connectAnywhere = connectVia(toLookup(async (hostname) => (await dns.lookup(hostname)).addresses));
  const connectPublic = connectVia(
    toLookup(async (hostname) => {
      const { addresses } = await dns.lookup(hostname);
      const open = addresses.filter(({ address }) => !isPrivateAddress(address));
      if (open.length === 0) throw privateRefusal();
      return open;
    }),
  );
  const agent = new Agent({
    connections: SOCKET_LIMITS.maxPerHostCount,
    pipelining: 1,
    allowH2: false,
    connect: budget.within((target, callback) => {
      if (trustedOrigins.has(`${target.protocol}//${target.host ?? target.hostname}`))
        return connectAnywhere(target, callback);
      // No lookup is made for a literal.
      if (isIP(target.hostname) !== 0 && isPrivateAddress(target.hostname))
        return callback(privateRefusal(), null);
      connectPublic(target, callback);
    }),
    clientTtl: CLIENT_LIFE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxResponseSize: MAX_BODY_BYTES,
    headersTimeout: STALL_TIMEOUT_MS,
    bodyTimeout: STALL_TIMEOUT_MS,
  });
  const dispatcher = agent.compose(
    interceptors.decompress({ maxSize: MAX_BODY_BYTES, skipErrorResponses: false }),
  );
  const hosts = new Map<string, string>();
  const hostOf = (origin: string): string => {
    const known = hosts.get(origin);
    if (known !== undefined) return known;
    // As undici hands it to a connector: without the brackets of an IPv6 literal.
    const host = new URL(origin).hostname.replace(/^\[(.*)\]$/, "$1");
    hosts.set(origin, host);
    return host;
  };
  return {
    withSocket: async (origin, scope, use) => {
      const release = await budget.claim(hostOf(origin), scope);
      try {
        return await use(dispatcher);
      } finally {
        release();
      }
    },
    counts: () => ({ sockets: budget.counts(), lookups: dns.counts() }),
    close: async () => {
      await agent.destroy();
      budget.close();
    },
  };
}

const privateRefusal = (): ServiceError =>
  new ServiceError("PROVIDER_UNAVAILABLE", "the provider's name leads to a private address");

/** `net.connect` asks either for all addresses, to race them, or for the first. */
const toLookup =
  (find: (hostname: string) => ReturnType<Resolve>): LookupFunction =>
  (hostname, options, callback) => {
    find(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else if (first !== undefined) callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error("lookup failed"), []),
    );
  };
