import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { startFetcher } from "../../services/content-fetcher/service.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { createLog } from "../../shared/log.ts";
import { plainProvider } from "../support/plain-provider.ts";

/** content-fetcher with a provider that has its answer ready: what is left of a call is ours. */
const { listingCount } = z.object({ listingCount: z.coerce.number() }).parse({
  listingCount: process.env["LISTING_COUNT"],
});
const PROVIDER = "providers/bench";
const SETTING = "BENCH_BASE_URL";
const answer = Buffer.from(
  JSON.stringify({
    places: Array.from({ length: listingCount }, (_, index) => ({
      title: `Place number ${index}`,
      latitude: 38.7 + index / 1000,
      address: `Street ${index}, Lisbon`,
    })),
  }),
);
const place = z.object({ title: z.string(), latitude: z.number(), address: z.string() });
const schema = z.object({ places: z.array(place) });

const upstream = createServer((_request, response) => void response.end(answer));
await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
const adapter = plainProvider(
  "bench",
  {},
  {
    origins: [{ setting: SETTING, defaultUrl: "https://bench.test" }],
    offerings: [{ kind: SectionKind.ATTRACTIONS, dependsOn: [] }],
    fetch: async (_kind, _query, { http }) => {
      const { body } = await http.json({ origin: SETTING, path: "/places" }, schema);
      const citations = [{ provider: PROVIDER, uri: "https://bench.test/", title: "Bench" }];
      const listings = body.places.map(({ title, latitude, address }) => ({
        title,
        description: "A sentence about the place that is as long as such sentences mostly are.",
        location: { latitude, longitude: -9.1 },
        address,
        citations,
      }));
      return { state: "content", content: { listings }, partial: false };
    },
  },
);
const fetcher = await startFetcher({
  settings: {
    FETCHER_LISTEN: { host: "127.0.0.1", port: 0 },
    OPERATOR_CONTACT: undefined,
    HEDGING: "off",
    SHUTDOWN_DELAY_MS: 0,
    MAX_CONCURRENT_CALLS: 1_000,
  },
  originUrls: { [SETTING]: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` },
  providerSettings: { keys: new Map(), switchedOn: new Set() },
  providers: [adapter],
  log: createLog("bench", "error"),
  telemetry: { serveMetrics: () => false },
  now: Date.now,
  monotonicNow: () => performance.now(),
  random: Math.random,
});
process.once("SIGTERM", () => void fetcher.close(0).then(() => process.exit(0)));
process.send?.({ kind: "serving", address: fetcher.address });
