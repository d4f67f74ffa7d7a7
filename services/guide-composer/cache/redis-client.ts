import { Cluster, Redis, type CommonRedisOptions, type RedisOptions } from "ioredis";
import type { RedisAddress, RedisTarget } from "./redis-url.ts";

/** A client of one Redis, of the current master behind Sentinels, or of a Cluster. */
export type RedisClient = Redis | Cluster;

const CONNECT_TIMEOUT_MS = 1_000;
/** A socket on which nothing has come for so long, with commands waiting, is dead. */
const SOCKET_TIMEOUT_MS = 1_000;
/** How long a peer may take to agree that a connection is over. */
const DISCONNECT_TIMEOUT_MS = 100;
const MAX_RECONNECT_DELAY_MS = 1_000;
/** Least time between two reconnections because a node takes no writes. */
const READ_ONLY_RECONNECT_MS = 2_000;

/** How long to wait before the next attempt to connect, milliseconds. @param attempt from 1 */
export const reconnectDelayMs = (attempt: number): number =>
  Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS);

/** Nothing waits and nothing is sent again: what cannot be had now is had from elsewhere. */
const FAIL_FAST = {
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SOCKET_TIMEOUT_MS,
  disableClientInfo: true,
} as const satisfies Partial<CommonRedisOptions>;

/** One connection that is never mended: whoever holds it makes another one. */
const ONCE = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  disconnectTimeout: DISCONNECT_TIMEOUT_MS,
  disableClientInfo: true,
  retryStrategy: null,
} as const satisfies RedisOptions;

/**
 * A replica that was a master a moment ago: connect anew, to whoever is it now. Not with every write that it refuses,
 * because its answers to reads are good, and a reconnection loses them.
 */
function reconnectWhenReadOnly(monotonicNow: () => number): (error: Error) => boolean {
  let lastMs = -Infinity;
  return (error) => {
    if (!error.message.startsWith("READONLY") || monotonicNow() - lastMs < READ_ONLY_RECONNECT_MS)
      return false;
    lastMs = monotonicNow();
    return true;
  };
}

const credentialsOf = ({ tls, username, password }: RedisTarget): Partial<CommonRedisOptions> => ({
  ...(username !== undefined && { username }),
  ...(password !== undefined && { password }),
  ...(tls && { tls: {} }),
});

/** How one Redis is found: by its address, or as the master that Sentinels name. */
const oneOf = (
  topology: Exclude<RedisTarget["topology"], { readonly mode: "cluster" }>,
  tls: boolean,
): RedisOptions =>
  topology.mode === "sentinel"
    ? {
        sentinels: [...topology.sentinels],
        name: topology.master,
        sentinelRetryStrategy: reconnectDelayMs,
        ...(tls && { enableTLSForSentinelMode: true }),
      }
    : { ...topology.address };

/** A client for commands, which connects in the background, for ever, and lets nothing wait for a connection. */
export function createCommandClient(target: RedisTarget, monotonicNow: () => number): RedisClient {
  const { topology, tls, database } = target;
  const common = {
    ...FAIL_FAST,
    ...credentialsOf(target),
    reconnectOnError: reconnectWhenReadOnly(monotonicNow),
  };
  if (topology.mode === "cluster") {
    const cluster = new Cluster([...topology.nodes], {
      redisOptions: common,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      // It asks one node, at random, whether the cluster is well, and does without all of them when that one is not.
      enableReadyCheck: false,
      clusterRetryStrategy: reconnectDelayMs,
      // A failover that the client has not heard of yet costs one redirection, not a wait.
      maxRedirections: 2,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
      slotsRefreshInterval: 5_000,
    });
    // At once, so that the first command for a node need not wait for its connection.
    cluster.on("+node", (node: Redis) => void node.connect().catch(() => {}));
    return cluster;
  }
  return new Redis({
    ...common,
    ...oneOf(topology, tls),
    db: database,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    retryStrategy: reconnectDelayMs,
  });
}

/** A single connection to subscribe on, to `node` in a cluster. It ends when it is lost. */
export function createSubscriberClient(
  target: RedisTarget,
  node: Partial<RedisAddress> | undefined,
): Redis | undefined {
  const common = { ...ONCE, ...credentialsOf(target) };
  if (target.topology.mode !== "cluster")
    return new Redis({ ...common, ...oneOf(target.topology, target.tls) });
  if (node?.host === undefined || node.port === undefined) return undefined;
  return new Redis({ ...common, host: node.host, port: node.port });
}
