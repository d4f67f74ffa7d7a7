import { Agent, buildConnector, interceptors, type Dispatcher } from "undici";

/** Sockets per host; a provider that is slow must not take more. */
const MAX_SOCKETS_PER_HOST = 30;
/** Below the keep-alive of the providers, so that the first use of a stale socket is rare. */
const KEEP_ALIVE_MS = 4_000;
const CONNECT_TIMEOUT_MS = 3_000;
/** A connection is renewed after this, so that new addresses of a host count. */
const CLIENT_LIFE_MS = 300_000;
/** Largest body, on the wire and decompressed. The largest true answers are a few megabytes. */
const MAX_BODY_BYTES = 16 << 20;
/** Coarse backstop in undici; the attempt's own timeout comes first. */
const STALL_TIMEOUT_MS = 30_000;

export interface Pool {
  readonly dispatcher: Dispatcher;
  readonly close: () => Promise<void>;
}

/** One pool for all providers. Redirects are not followed; HTTP/1.1, one request per socket at a time. */
export function createPool(): Pool {
  const agent = new Agent({
    connections: MAX_SOCKETS_PER_HOST,
    pipelining: 1,
    allowH2: false,
    connect: buildConnector({ timeout: CONNECT_TIMEOUT_MS, allowH2: false }),
    clientTtl: CLIENT_LIFE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxResponseSize: MAX_BODY_BYTES,
    headersTimeout: STALL_TIMEOUT_MS,
    bodyTimeout: STALL_TIMEOUT_MS,
  });
  return {
    dispatcher: agent.compose(interceptors.decompress()),
    close: () => agent.destroy(),
  };
}

export { MAX_BODY_BYTES };
