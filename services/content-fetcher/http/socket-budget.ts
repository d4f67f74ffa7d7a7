import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { buildConnector } from "undici";
import { ServiceError } from "../../../shared/errors.ts";
import type { Clock } from "../resilience/clock.ts";
import type { CallScope } from "../resilience/policy.ts";
import { createWaitingRoom } from "../resilience/waiting-room.ts";

export interface SocketLimits {
  /** Sockets to all hosts together, those that are connecting included. */
  readonly maxTotalCount: number;
  /** Sockets to one host name, whatever its ports and addresses. */
  readonly maxPerHostCount: number;
  /** Attempts that may wait for a socket. */
  readonly maxWaitingCount: number;
  /** Longest wait of an attempt for a socket, milliseconds; shorter than any attempt timeout. */
  readonly maxWaitMs: number;
}

export interface SocketCounts {
  /** Connecting, busy or idle. */
  readonly open: number;
  /** Attempts that hold the right to a socket. */
  readonly busy: number;
  /** Attempts that wait for one. */
  readonly queued: number;
}

/**
 * Keeps undici to a number of sockets: it knows a cap per origin, but none in all and none per host. An attempt first
 * claims the right to one socket, so that no more are busy than may be open; a new connection then makes an idle one
 * of another host close when all are open.
 */
export interface SocketBudget {
  /**
   * Waits for the right to one socket of a host; what is returned gives it back.
   *
   * @throws ServiceError OVERLOADED when too many wait or the wait is too long; the signal's reason
   */
  readonly claim: (host: string, scope: CallScope) => Promise<() => void>;
  /** Opens what `inner` opens, within the limits. */
  readonly within: (inner: buildConnector.connector) => buildConnector.connector;
  readonly counts: () => SocketCounts;
  /** Ends the subscriptions; sockets are undici's to close. */
  readonly close: () => void;
}

const SEND_HEADERS = "undici:client:sendHeaders";
const ENDS = ["undici:request:trailers", "undici:request:error"] as const;

export function createSocketBudget(limits: SocketLimits, clock: Clock): SocketBudget {
  const claims = createTally();
  /** Hosts of sockets and of those that are still connecting. */
  const opened = createTally();
  const hostOf = new Map<Socket, string>();
  /** Longest idle first. */
  const idle = new Set<Socket>();
  const carrierOf = new Map<object, Socket>();
  const postponed: { readonly host: string; readonly start: () => void }[] = [];
  const room = createWaitingRoom<string>({
    maxCount: limits.maxWaitingCount,
    maxWaitMs: limits.maxWaitMs,
    clock,
    refusal: () =>
      new ServiceError("OVERLOADED", "all sockets for providers are busy", {
        retryDelayMs: limits.maxWaitMs,
      }),
  });
  const hasRoom = (tally: Tally, host: string): boolean =>
    tally.total() < limits.maxTotalCount && tally.of(host) < limits.maxPerHostCount;

  function release(host: string): void {
    claims.remove(host);
    const next = room.admit((waiting) => hasRoom(claims, waiting));
    if (next !== undefined) claims.add(next);
  }

  /** Starts the connections that were postponed and have room now, and makes room for the first of the others. */
  function connectPostponed(): void {
    // What is refused fails while it starts, and whoever waited for it may ask for another connection within that.
    const next = (): number => postponed.findIndex(({ host }) => hasRoom(opened, host));
    for (let index = next(); index !== -1; index = next()) postponed.splice(index, 1)[0]?.start();
    const [first] = postponed;
    if (first !== undefined) closeIdle(first.host);
  }

  function closeIdle(host: string): void {
    const crowded = opened.of(host) >= limits.maxPerHostCount;
    const oldest = [...idle].find((socket) => !crowded || hostOf.get(socket) === host);
    if (oldest === undefined) return;
    idle.delete(oldest);
    oldest.destroy();
  }

  function onOpen(socket: Socket, host: string): void {
    hostOf.set(socket, host);
    // Until its first request is sent: that may have gone while the socket was connecting.
    idle.add(socket);
    socket.once("close", () => {
      hostOf.delete(socket);
      idle.delete(socket);
      opened.remove(host);
      connectPostponed();
    });
  }

  // The channels tell of every undici in the process, Node's own `fetch` included: only sockets of ours count.
  const onSend = (message: unknown): void => {
    const { request, socket } = message as { readonly request: object; readonly socket: Socket };
    if (!hostOf.has(socket)) return;
    idle.delete(socket);
    carrierOf.set(request, socket);
  };
  const onEnd = (message: unknown): void => {
    const { request } = message as { readonly request: object };
    const socket = carrierOf.get(request);
    if (socket === undefined) return;
    carrierOf.delete(request);
    if (socket.destroyed || !hostOf.has(socket)) return;
    idle.add(socket);
    if (postponed.length > 0) connectPostponed();
  };
  subscribe(SEND_HEADERS, onSend);
  for (const channel of ENDS) subscribe(channel, onEnd);

  return {
    claim: async (host, scope) => {
      if (hasRoom(claims, host)) claims.add(host);
      else await room.wait(host, scope);
      return () => release(host);
    },
    within: (inner) => (options, callback) => {
      const host = options.hostname;
      const start = (): void => {
        opened.add(host);
        inner(options, (...result) => {
          const [error, socket] = result;
          if (error !== null) {
            opened.remove(host);
            callback(error, null);
            connectPostponed();
            return;
          }
          onOpen(socket, host);
          callback(null, socket);
        });
      };
      if (hasRoom(opened, host)) return start();
      postponed.push({ host, start });
      closeIdle(host);
    },
    counts: () => ({ open: opened.total(), busy: claims.total(), queued: room.count() }),
    close: () => {
      unsubscribe(SEND_HEADERS, onSend);
      for (const channel of ENDS) unsubscribe(channel, onEnd);
    },
  };
}

interface Tally {
  readonly add: (host: string) => void;
  readonly remove: (host: string) => void;
  readonly of: (host: string) => number;
  readonly total: () => number;
}

/** Counts by host; a host with none is forgotten. */
function createTally(): Tally {
  const counts = new Map<string, number>();
  let total = 0;
  const of = (host: string): number => counts.get(host) ?? 0;
  return {
    of,
    total: () => total,
    add: (host) => {
      total += 1;
      counts.set(host, of(host) + 1);
    },
    remove: (host) => {
      total -= 1;
      if (of(host) > 1) counts.set(host, of(host) - 1);
      else counts.delete(host);
    },
  };
}
