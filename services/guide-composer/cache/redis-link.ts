import calculateSlot from "cluster-key-slot";
import { Cluster, type Redis } from "ioredis";
import { createCommandClient, createSubscriberClient, type RedisClient } from "./redis-client.ts";
import { startSubscriber, type RedisSubscriber } from "./redis-subscriber.ts";
import { createSuspensions } from "./redis-suspension.ts";
import { RedisUnavailableError } from "./redis-unavailable.ts";
import type { RedisAddress, RedisTarget } from "./redis-url.ts";
import { within } from "./within.ts";

/** Runs a command as a part of the trace that it belongs to. */
export type InRedisSpan = <T>(
  operation: string,
  node: RedisAddress | undefined,
  command: () => Promise<T>,
) => Promise<T>;

export interface RedisLinkOptions {
  /** Milliseconds. */
  readonly monotonicNow: () => number;
  /** Told when a node is suspended, with the cause, and when it is back. */
  readonly onStateChanged: (node: string, cause: unknown) => void;
  readonly inSpan: InRedisSpan;
}

export interface RedisLink {
  /**
   * Runs commands whose keys all lie in the slot of `key`. While that node is suspended it throws at once.
   *
   * @param operation their name, as traces show it
   * @throws RedisUnavailableError; an error that Redis answered with, as it is
   */
  readonly run: <T>(
    operation: string,
    key: string,
    command: (client: RedisClient) => Promise<T>,
  ) => Promise<T>;
  /**
   * Does the same on every node that holds data, for what has no key; on all of them, even if one fails.
   *
   * @throws what the first node failed with; RedisUnavailableError for one that cannot be reached
   */
  readonly onEveryMaster: <T>(work: (node: Redis) => Promise<T>) => Promise<T[]>;
  /** Whether no node is suspended; with a key, whether its node is not. */
  readonly available: (key?: string) => boolean;
  /** Nodes that are left alone now. */
  readonly suspendedCount: () => number;
  /** Resolves when it answers, or after `maxMs`. */
  readonly firstAnswer: (maxMs: number) => Promise<void>;
  /** Hands over every message of the channel; whoever is told of a reconnection may have missed some. */
  readonly subscribe: (
    channel: string,
    onMessage: (message: Buffer) => void,
    onReconnected: () => void,
  ) => void;
  readonly close: () => void;
}

/** What one request may lose to a Redis that does not answer: policy 7 says 50 ms, and the loop needs some of it. */
export const COMMAND_TIMEOUT_MS = 40;

/** Errors that Redis answers with and that mean that this node does not serve its keys now. */
const NOT_SERVING = /^(CLUSTERDOWN|LOADING|MASTERDOWN|MOVED)\b/;

/** Stands for the node of keys that nobody holds. */
const NOBODY = "nobody";

function addressOf(name: string): RedisAddress | undefined {
  const colon = name.lastIndexOf(":");
  return colon < 0 ? undefined : { host: name.slice(0, colon), port: Number(name.slice(colon + 1)) };
}

/**
 * Connects to Redis in the background and keeps trying for ever. A node that does not answer within 40 ms, or whose
 * connection is gone, is suspended at once: from then on calls fail without waiting, and a probe in the background
 * finds out when it is back.
 */
export function createRedisLink(target: RedisTarget, options: RedisLinkOptions): RedisLink {
  const { monotonicNow, inSpan } = options;
  const { topology } = target;
  const client = createCommandClient(target, monotonicNow);
  const subscribers: RedisSubscriber[] = [];
  /** Why there is no connection, which a command that finds none does not know. */
  let connectionError: unknown;
  client.on("error", (error: unknown) => (connectionError = error));

  const only =
    topology.mode === "standalone" ? `${topology.address.host}:${topology.address.port}` : topology.mode;
  const nodeOf = (key: string): string =>
    client instanceof Cluster ? (client.slots[calculateSlot(key)]?.[0] ?? NOBODY) : only;

  /** A key of each suspended node: what a probe asks for takes the way that the next command would take. */
  const sampleKeys = new Map<string, string>();
  const suspensions = createSuspensions(async (name) => {
    const key = sampleKeys.get(name);
    // Whoever holds the key now is another node, which has done nothing wrong.
    if (key !== undefined && nodeOf(key) === name)
      await within(client.exists(key), COMMAND_TIMEOUT_MS, monotonicNow);
  }, options.onStateChanged);

  client.on("ready", () => {
    connectionError = undefined;
    suspensions.probeNow();
  });

  return {
    run: async (operation, key, command) => {
      const node = nodeOf(key);
      if (suspensions.isSuspended(node)) throw new RedisUnavailableError("Redis is suspended");
      return await inSpan(operation, addressOf(node), async () => {
        try {
          return await within(command(client), COMMAND_TIMEOUT_MS, monotonicNow);
        } catch (error) {
          if (isAnswer(error)) throw error;
          sampleKeys.set(node, key);
          suspensions.suspend(node, connectionError ?? error);
          throw error instanceof RedisUnavailableError
            ? error
            : new RedisUnavailableError("Redis cannot be reached", error);
        }
      });
    },
    onEveryMaster: async (work) => {
      const settled = await Promise.allSettled(
        mastersOf(client).map(async (node) => {
          if (node === undefined) throw new RedisUnavailableError("a node of Redis cannot be reached");
          return await work(node);
        }),
      );
      return settled.map((each) => {
        if (each.status === "rejected") throw each.reason;
        return each.value;
      });
    },
    available: (key) =>
      key === undefined ? suspensions.count() === 0 : !suspensions.isSuspended(nodeOf(key)),
    suspendedCount: suspensions.count,
    firstAnswer: async (maxMs) => {
      if (client.status === "ready") return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, maxMs);
      client.once("ready", resolve);
      await promise;
      clearTimeout(timer);
      client.off("ready", resolve);
    },
    subscribe: (channel, onMessage, onReconnected) => {
      const connect = (attempt: number): Redis | undefined => {
        const known = client instanceof Cluster ? client.nodes().map(({ options }) => options) : [];
        const nodes = known.length > 0 || topology.mode !== "cluster" ? known : topology.nodes;
        return createSubscriberClient(target, nodes[attempt % nodes.length]);
      };
      subscribers.push(startSubscriber(connect, channel, onMessage, onReconnected, monotonicNow));
    },
    close: () => {
      suspensions.close();
      client.disconnect();
      for (const subscriber of subscribers) subscriber.close();
    },
  };
}

/** The nodes that hold data; undefined for one that there is no connection to. */
function mastersOf(client: RedisClient): readonly (Redis | undefined)[] {
  if (!(client instanceof Cluster)) return [client];
  const nodes = new Map(client.nodes("master").map((node) => [nameOf(node), node]));
  const names = new Set(client.slots.flatMap((owners) => owners.slice(0, 1)));
  return names.size === 0 ? [undefined] : [...names].map((name) => nodes.get(name));
}

const nameOf = ({ options: { host, port } }: Redis): string => `${host}:${port}`;

/** Whether Redis itself answered so: it is there, and says no. */
const isAnswer = (error: unknown): boolean =>
  error instanceof Error && error.name === "ReplyError" && !NOT_SERVING.test(error.message);
