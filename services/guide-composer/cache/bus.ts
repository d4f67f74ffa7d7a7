import { z } from "zod";
import { BUS_CHANNEL } from "./keys.ts";
import type { RedisLink } from "./redis-link.ts";

const outcome = z.discriminatedUnion("type", [
  /** A value was written: whoever waits for it can read it, and older copies in memory are out of date. */
  z.object({ type: z.literal("stored"), key: z.string(), from: z.string(), storedMs: z.number() }),
  /** A load ended with something that is shared with those who wait, and kept by nobody. */
  z.object({
    type: z.literal("shared"),
    key: z.string(),
    from: z.string(),
    bytes: z.base64(),
    storedMs: z.number(),
  }),
  /** A load ended without anything to share: whoever waits has to take over. */
  z.object({ type: z.literal("released"), key: z.string(), from: z.string() }),
  /** A value was replaced by one of the same moment: copies in memory are out of date whatever their stored-at. */
  z.object({ type: z.literal("replaced"), key: z.string(), from: z.string() }),
  /** Something was evicted: the log of evictions says what. */
  z.object({ type: z.literal("evicted"), from: z.string() }),
]);

/** What composers tell each other. `from` is the process that tells it. */
export type BusMessage = z.infer<typeof outcome>;

export const encodeMessage = (message: BusMessage): Buffer => Buffer.from(JSON.stringify(message), "utf8");

function decodeMessage(bytes: Buffer): BusMessage | undefined {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined; // not ours, or cut off: a lost message is what every reader is prepared for
  }
  return outcome.safeParse(json).data;
}

/** Messages between the composers of a cluster. They may get lost: nothing rests on one alone. */
export interface Bus {
  /** Calls `listener` with each message about `key` until the function that is returned is called. */
  readonly onKey: (key: string, listener: (message: BusMessage) => void) => () => void;
}

/**
 * @param onMessage told of every message of another process
 * @param onReconnected told when messages may have been missed
 */
export function createBus(
  link: RedisLink,
  self: string,
  onMessage: (message: BusMessage) => void,
  onReconnected: () => void,
): Bus {
  const listeners = new Map<string, Set<(message: BusMessage) => void>>();
  link.subscribe(
    BUS_CHANNEL,
    (bytes) => {
      const message = decodeMessage(bytes);
      if (message === undefined) return;
      if (message.from !== self) onMessage(message);
      if ("key" in message) for (const listener of listeners.get(message.key) ?? []) listener(message);
    },
    onReconnected,
  );
  return {
    onKey: (key, listener) => {
      const own = listeners.get(key) ?? new Set();
      listeners.set(key, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(key) === own) listeners.delete(key);
      };
    },
  };
}
