import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
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
      const { promise, resolve } = Promise.withResolvers<void>();
      watchers.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      watchers.delete(resolve);
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
          if (status === undefined) throw new ConnectError("unknown service", Code.NotFound);
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
