import type { Redis } from "ioredis";
import { reconnectDelayMs } from "./redis-client.ts";
import { within } from "./within.ts";

/** How often a subscriber asks whether its Redis is there: a connection that has silently gone says nothing. */
const PING_EVERY_MS = 1_000;
const PING_TIMEOUT_MS = 1_000;

/** Listens to one channel for as long as it is open, over one connection after the other. */
export interface RedisSubscriber {
  readonly close: () => void;
}

/**
 * @param connect a new connection for each attempt, counted from 0; undefined when there is nobody to connect to
 * @param onMessage told of every message that came through
 * @param onReconnected told when it listens again, and messages may have been missed
 * @param monotonicNow milliseconds
 */
export function startSubscriber(
  connect: (attempt: number) => Redis | undefined,
  channel: string,
  onMessage: (message: Buffer) => void,
  onReconnected: () => void,
  monotonicNow: () => number,
): RedisSubscriber {
  let client: Redis | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let listenedBefore = false;
  let attempt = 0;
  let failureCount = 0;

  function again(): void {
    if (closed) return;
    failureCount += 1;
    timer = setTimeout(listen, reconnectDelayMs(failureCount)).unref();
  }

  function listen(): void {
    client = connect(attempt);
    attempt += 1;
    if (client === undefined) return again();
    const own = client;
    // Each of them ends the connection, and that is what is acted upon.
    own.on("error", () => {});
    own.once("end", () => {
      clearTimeout(timer);
      again();
    });
    own.on("messageBuffer", (_channel: Buffer, message: Buffer) => onMessage(message));
    own.subscribe(channel).then(
      () => {
        failureCount = 0;
        if (listenedBefore) onReconnected();
        listenedBefore = true;
        if (!closed) askAgain(own);
      },
      () => own.disconnect(),
    );
  }

  function askAgain(own: Redis): void {
    timer = setTimeout(() => {
      within(own.ping(), PING_TIMEOUT_MS, monotonicNow).then(
        () => {
          if (!closed && own === client) askAgain(own);
        },
        () => own.disconnect(),
      );
    }, PING_EVERY_MS).unref();
  }

  listen();
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
      client?.disconnect();
    },
  };
}
