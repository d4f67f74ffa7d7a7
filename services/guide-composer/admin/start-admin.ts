import { GuideAdminService } from "../../../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import type { ListenAddress } from "../../../shared/config.ts";
import { startServer, type RunningServer, type ServerOptions } from "../../../shared/server.ts";
import { createGuideAdminService, type AdminDependencies } from "./rpc.ts";

/** Serves GuideAdminService on a listener of its own: whoever reaches it may do what it offers. */
export const startAdmin = (
  listen: ListenAddress,
  dependencies: AdminDependencies,
  server: Pick<ServerOptions, "interceptors" | "reportDefect" | "now" | "random">,
): Promise<RunningServer> =>
  startServer({
    ...server,
    listen,
    services: [GuideAdminService],
    addServices: (add) => add(GuideAdminService, createGuideAdminService(dependencies)),
  });
