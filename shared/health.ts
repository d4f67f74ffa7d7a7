import type { ConnectRouter } from "@connectrpc/connect";
import { ServiceError } from "./errors.ts";
import {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as Status,
} from "./gen/grpc/health/v1/health_pb.ts";

/** State of the services of one server, as grpc.health.v1 tells it. The empty name stands for the whole server. */
export interface Health {
  readonly setAll: (serving: boolean) => void;
  /** Ends every Watch after its last state, so that a drain does not wait for them. */
  readonly endWatches: () => void;
  readonly addRoutes: (router: ConnectRouter) => void;
}

export function createHealth(services: readonly string[]): Health {
  const statuses = new Map<string, Status>(["", ...services].map((name) => [name, Status.NOT_SERVING]));
  const watchers = new Set<() => void>();
  let ending = false;
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };

  /** Resolves when a status may have changed, or the call has ended. */
  async function untilWoken(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const watcher = (): void => resolve();
    watchers.add(watcher);
    signal.addEventListener("abort", watcher);
    await promise;
    signal.removeEventListener("abort", watcher);
    watchers.delete(watcher);
  }

  async function* watch(service: string, signal: AbortSignal): AsyncGenerator<{ status: Status }> {
    let last: Status | undefined;
    while (!signal.aborted) {
      const status = statuses.get(service) ?? Status.SERVICE_UNKNOWN;
      if (status !== last) {
        last = status;
        yield { status };
        continue;
      }
      if (ending) return;
      await untilWoken(signal);
    }
  }

  return {
    setAll: (serving) => {
      for (const name of statuses.keys()) statuses.set(name, serving ? Status.SERVING : Status.NOT_SERVING);
      wake();
    },
    endWatches: () => {
      ending = true;
      wake();
    },
    addRoutes: (router) => {
      router.service(HealthService, {
        check: ({ service }) => {
          const status = statuses.get(service);
          if (status === undefined) throw unknownService(service);
          return { status };
        },
        list: () => ({
          statuses: Object.fromEntries([...statuses].map(([name, status]) => [name, { status }])),
        }),
        watch: ({ service }, call) => watch(service, call.signal),
      });
    },
  };
}

/** A full name of protobuf; anything else is text of a caller, which does not belong into an error. */
const SERVICE_NAME = /^[\w.]{1,200}$/;

const unknownService = (service: string): ServiceError =>
  new ServiceError("RESOURCE_NOT_FOUND", "The server has no such service", {
    metadata: { name: SERVICE_NAME.test(service) ? service : "" },
  });
