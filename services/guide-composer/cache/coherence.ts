import { z } from "zod";
import { encodeMessage, type BusMessage } from "./bus.ts";
import { BUS_CHANNEL, EVICTIONS_KEY } from "./keys.ts";
import type { RedisLink } from "./redis-link.ts";
import { ANNOUNCE, runScript } from "./redis-scripts.ts";
import type { EvictionScope } from "./store.ts";

/** How often the log of evictions is read, because a message can get lost. */
const POLL_EVERY_MS = 500;
/** Evictions that the log remembers: more than anybody misses. */
const MAX_LOG_LENGTH = 1_000;

const scopeSchema = z.object({
  destination: z.string().optional(),
  kind: z.string().optional(),
  provider: z.string().optional(),
});

/** What a composer does to its own memory when something changed elsewhere. */
export interface LocalCopies {
  /** Drops the copy of a value that another process has replaced by one of this stored-at; Infinity for any copy. */
  readonly drop: (key: string, storedMs: number) => void;
  readonly evict: (scope: EvictionScope) => void;
  /** Drops what another process may have refreshed while no message came through. */
  readonly dropRefreshable: () => void;
  readonly dropAll: () => void;
}

/** Keeps the memory of a composer coherent with what the others do: within half a second, mostly at once. */
export interface Coherence {
  /** Resolves when the log has been looked at, or cannot be. */
  readonly start: () => Promise<void>;
  readonly onMessage: (message: BusMessage) => void;
  readonly onReconnected: () => void;
  /** Tells the others of an eviction. Throws when Redis does not answer: they do not know of it then. */
  readonly announce: (scope: EvictionScope) => Promise<void>;
  readonly close: () => void;
}

/**
 * Evictions stand in a Redis stream besides the message about them. Each composer reads on from the last one it knows,
 * when a message comes and every half second, so that one that was cut off catches up.
 */
export function createCoherence(
  link: RedisLink,
  self: string,
  copies: LocalCopies,
  onRedisError: (error: unknown) => void,
): Coherence {
  /** The last entry that has been applied; undefined until the log was read for the first time. */
  let lastId: string | undefined;
  let reading: Promise<void> | undefined;
  let readAgain = false;
  /** Whether this process has been at work without knowing the log. */
  let uninformed = false;

  async function readOnce(): Promise<void> {
    if (lastId === undefined) {
      const newest = await link.run("XREVRANGE", EVICTIONS_KEY, (client) =>
        client.xrevrange(EVICTIONS_KEY, "+", "-", "COUNT", 1),
      );
      lastId = newest[0]?.[0] ?? "0-0";
      if (uninformed) copies.dropAll();
      return;
    }
    const from = lastId;
    // The last one itself again: when it is gone, the log is another one, or more was missed than it remembers.
    const entries = await link.run("XRANGE", EVICTIONS_KEY, (client) =>
      client.xrange(EVICTIONS_KEY, from, "+"),
    );
    if (from !== "0-0" && entries[0]?.[0] !== from) {
      copies.dropAll();
      lastId = entries.at(-1)?.[0] ?? "0-0";
      return;
    }
    for (const [id, [, text = ""]] of entries) {
      if (id === from) continue;
      copies.evict(scopeSchema.parse(JSON.parse(text)));
      lastId = id;
    }
  }

  function read(): Promise<void> {
    if (reading !== undefined) {
      readAgain = true;
      return reading;
    }
    reading = readOnce()
      .catch((error: unknown) => {
        uninformed = true;
        onRedisError(error);
      })
      .finally(() => {
        reading = undefined;
        if (!readAgain) return;
        readAgain = false;
        void read();
      });
    return reading;
  }

  let timer: NodeJS.Timeout | undefined;
  return {
    start: async () => {
      timer = setInterval(() => void read(), POLL_EVERY_MS).unref();
      await read();
    },
    onMessage: (message) => {
      if (message.type === "stored") copies.drop(message.key, message.storedMs);
      if (message.type === "replaced") copies.drop(message.key, Infinity);
      if (message.type === "evicted") void read();
    },
    onReconnected: () => {
      copies.dropRefreshable();
      void read();
    },
    announce: async (scope) => {
      const message = encodeMessage({ type: "evicted", from: self });
      await link.run("EVALSHA", EVICTIONS_KEY, (client) =>
        runScript(
          client,
          ANNOUNCE,
          [EVICTIONS_KEY],
          [MAX_LOG_LENGTH, JSON.stringify(scope), BUS_CHANNEL, message],
        ),
      );
    },
    close: () => clearInterval(timer),
  };
}
