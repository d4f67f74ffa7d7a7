import { create } from "@bufbuild/protobuf";
import { z } from "zod";
import {
  ContentService,
  StreamContentResponseSchema,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { ProviderOutcome_Kind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startServer } from "../../shared/server.ts";

/** A content service that has its answer ready: what is left of a call is the hop. */
const { listingCount } = z.object({ listingCount: z.coerce.number() }).parse({
  listingCount: process.env["LISTING_COUNT"],
});
const server = await startServer({
  listen: { host: "127.0.0.1", port: 0 },
  services: [ContentService],
  routes: (router) =>
    router.service(ContentService, {
      streamContent: async function* ({ targets }) {
        for (const target of targets) {
          yield create(StreamContentResponseSchema, {
            target,
            outcome: { provider: target.provider, kind: ProviderOutcome_Kind.CONTENT },
            content: {
              sectionKind: target.sectionKind,
              provider: target.provider,
              listings: Array.from({ length: listingCount }, (_, index) => ({
                title: `Place number ${index}`,
                description: "A sentence about the place that is as long as such sentences mostly are.",
                location: { latitude: 38.7 + index / 1000, longitude: -9.1 },
                address: `Street ${index}, Lisbon`,
              })),
            },
          });
        }
      },
    }),
  interceptors: [],
  reportDefect: (error) => process.stderr.write(`${String(error)}\n`),
  now: () => performance.now(),
  random: Math.random,
});
process.once("SIGTERM", () => void server.drain(0).then(() => process.exit(0)));
process.send?.({ kind: "serving", address: server.address });
