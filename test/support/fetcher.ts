import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { create } from "@bufbuild/protobuf";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import { startFetcher, type FetcherOptions } from "../../services/content-fetcher/service.ts";
import {
  ContentQuerySchema,
  ContentService,
  type ContentQuery,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { createLog } from "../../shared/log.ts";

/** A content-fetcher in this process with providers of the test's own, and a gRPC client of it. */
export interface FetcherUnderTest {
  readonly address: string;
  readonly client: Client<typeof ContentService>;
  readonly close: (graceMs?: number) => Promise<void>;
}

export async function startFetcherFor(
  providers: readonly Provider[],
  originUrls: Readonly<Record<string, string>>,
  change: Partial<FetcherOptions> = {},
): Promise<FetcherUnderTest> {
  const fetcher = await startFetcher({
    settings: {
      FETCHER_LISTEN: { host: "127.0.0.1", port: 0 },
      OPERATOR_CONTACT: undefined,
      HEDGING: "off",
      MAX_CONCURRENT_CALLS: 1_000,
      SHUTDOWN_DELAY_MS: 0,
    },
    originUrls,
    providerSettings: { keys: new Map(), switchedOn: new Set() },
    providers,
    log: createLog("test", "silent"),
    telemetry: { serveMetrics: () => false },
    now: Date.now,
    monotonicNow: () => performance.now(),
    random: Math.random,
    ...change,
  });
  return {
    address: fetcher.address,
    client: createClient(ContentService, createGrpcTransport({ baseUrl: `http://${fetcher.address}` })),
    close: (graceMs = 0) => fetcher.close(graceMs),
  };
}

/** Three days in Lisbon from today. */
export const lisbonQuery = (): ContentQuery =>
  create(ContentQuerySchema, {
    destination: {
      name: "destinations/2267057",
      displayName: "Lisbon",
      countryCode: "PT",
      timeZone: "Europe/Lisbon",
      location: { latitude: 38.71667, longitude: -9.13333 },
    },
  });
