import calculateSlot from "cluster-key-slot";
import { Cluster, Redis, type CommonRedisOptions } from "ioredis";
import { createSuspensions } from "./redis-suspension.ts";
import { within } from "./within.ts";
import { RedisUnavailableError } from "./redis-unavailable.ts";
import type { RedisAddress, RedisTarget } from "./redis-url.ts";

/** A client of one Redis, of the current master behind Sentinels, or of a Cluster. */
export type RedisClient = Redis | Cluster;

export interface RedisLink {
  /**
   * Runs commands whose keys all lie in the slot of `key`. While that node is suspended it throws at once.
   *
   * @throws RedisUnavailableError; an error that Redis answered with, as it is
   */
  readonly run: <T>(key: string, command: (client: RedisClient) => Promise<T>) => Promise<T>;
  /** The nodes that hold data, for what has no key. */
  readonly masters: () => readonly Redis[];
  /** Whether no node is suspended. */
  readonly available: () => boolean;
  /** Resolves when it answers, or after `maxMs`. */
  readonly firstAnswer: (maxMs: number) => Promise<void>;
  /** Hands over every message of the channel; whoever is told of a reconnection may have missed some. */
  readonly subscribe: (
    channel: string,
    onMessage: (message: Buffer) => void,
    onReconnected: () => void,
  ) => void;
  readonly close: () => Promise<void>;
}

/** What one request may lose to a Redis that does not answer: policy 7 says 50 ms, and the loop needs some of it. */
export const COMMAND_TIMEOUT_MS = 40;
const CONNECT_TIMEOUT_MS = 1_000;
/** A socket on which nothing has come for so long, with commands waiting, is dead. */
const SOCKET_TIMEOUT_MS = 1_000;
const MAX_RECONNECT_DELAY_MS = 1_000;
/** Least time between two reconnections because a node takes no writes. */
const READ_ONLY_RECONNECT_MS = 2_000;

/** Errors that Redis answers with and that mean "not now", of any command. */
const NOT_SERVING = /^(CLUSTERDOWN|LOADING|MASTERDOWN|TRYAGAIN)\b/;

const reconnectDelayMs = (attempt: number): number =>
  Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS);

/** Nothing waits and nothing is sent again: what cannot be had now is had from elsewhere. */
const FAIL_FAST = {
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SOCKET_TIMEOUT_MS,
  disableClientInfo: true,
} as const satisfies Partial<CommonRedisOptions>;

/** Publications come when they come: this connection waits for its Redis as long as it takes. */
const SUBSCRIBER = {
  maxRetriesPerRequest: null,
  connectTimeout: CONNECT_TIMEOUT_MS,
  disableClientInfo: true,
} as const satisfies Partial<CommonRedisOptions>;

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

function createClient(target: RedisTarget, patient: boolean, monotonicNow: () => number): RedisClient {
  const { topology, tls, username, password, database } = target;
  const common = {
    ...(patient ? SUBSCRIBER : { ...FAIL_FAST, reconnectOnError: reconnectWhenReadOnly(monotonicNow) }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  };
  if (topology.mode === "cluster") {
    return new Cluster([...topology.nodes], {
      redisOptions: common,
      enableOfflineQueue: patient,
      enableAutoPipelining: !patient,
      clusterRetryStrategy: reconnectDelayMs,
      // A failover that the client has not heard of yet costs one redirection, not a wait.
      maxRedirections: 2,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
      slotsRefreshInterval: 5_000,
    });
  }
  const options = {
    ...common,
    db: database,
    enableOfflineQueue: patient,
    enableAutoPipelining: !patient,
    retryStrategy: reconnectDelayMs,
  };
  return topology.mode === "sentinel"
    ? new Redis({
        ...options,
        sentinels: [...topology.sentinels],
        name: topology.master,
        sentinelRetryStrategy: reconnectDelayMs,
        ...(tls && { enableTLSForSentinelMode: true }),
      })
    : new Redis({ ...options, host: topology.address.host, port: topology.address.port });
}

const nodeName = ({ host, port }: Partial<RedisAddress>): string => `${host}:${port}`;

/**
 * Connects to Redis in the background and keeps trying for ever. A node that does not answer within 40 ms, or whose
 * connection is gone, is suspended at once: from then on calls fail without waiting, and a PING in the background
 * finds out when it is back.
 *
 * @param monotonicNow milliseconds
 * @param onStateChanged told when a node is suspended, with the cause, and when it is back
 */
export function createRedisLink(
  target: RedisTarget,
  monotonicNow: () => number,
  onStateChanged: (node: string, cause: unknown) => void,
): RedisLink {
  const client = createClient(target, false, monotonicNow);
  const subscribers: RedisClient[] = [];
  // A connection error is an event besides the failed commands; the state says all there is to say.
  client.on("error", () => {});

  const masters = (): readonly Redis[] => (client instanceof Cluster ? client.nodes("master") : [client]);
  const nodeOf = (key: string): string =>
    client instanceof Cluster ? (client.slots[calculateSlot(key)]?.[0] ?? "cluster") : "redis";
  const nodeByName = (name: string): Redis | undefined =>
    client instanceof Cluster
      ? client.nodes("master").find(({ options }) => nodeName(options) === name)
      : client;

  const suspensions = createSuspensions(async (name) => {
    const node = nodeByName(name);
    // A node that has left the cluster: whoever has its slots now is another name.
    if (node === undefined) return client instanceof Cluster && client.nodes("master").length > 0;
    await within(node.ping(), COMMAND_TIMEOUT_MS, monotonicNow);
    return true;
  }, onStateChanged);

  client.on("ready", suspensions.probeNow);

  return {
    run: async (key, command) => {
      const node = nodeOf(key);
      if (suspensions.isSuspended(node)) throw new RedisUnavailableError(`Redis is suspended`);
      try {
        return await within(command(client), COMMAND_TIMEOUT_MS, monotonicNow);
      } catch (error) {
        if (isAnswer(error)) throw error;
        suspensions.suspend(node, error);
        throw error instanceof RedisUnavailableError
          ? error
          : new RedisUnavailableError("Redis cannot be reached", error);
      }
    },
    masters,
    available: () => !suspensions.any(),
    firstAnswer: async (maxMs) => {
      if (client.status === "ready" && !suspensions.any()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, maxMs);
      client.once("ready", resolve);
      await promise;
      clearTimeout(timer);
      client.off("ready", resolve);
    },
    subscribe: (channel, onMessage, onReconnected) => {
      const subscriber = createClient(target, true, monotonicNow);
      subscribers.push(subscriber);
      let connectedBefore = false;
      subscriber.on("error", () => {});
      subscriber.on("ready", () => {
        if (connectedBefore) onReconnected();
        connectedBefore = true;
      });
      subscriber.on("messageBuffer", (_channel: Buffer, message: Buffer) => onMessage(message));
      // Only a closing client rejects it, and that is no news.
      subscriber.subscribe(channel).catch(() => {});
    },
    close: async () => {
      suspensions.close();
      for (const each of [client, ...subscribers]) each.disconnect();
      await Promise.resolve();
    },
  };
}

/** Whether Redis itself answered so: it is there, and says no. */
const isAnswer = (error: unknown): boolean =>
  error instanceof Error && error.name === "ReplyError" && !NOT_SERVING.test(error.message);
