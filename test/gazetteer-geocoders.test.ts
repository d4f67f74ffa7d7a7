import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { openMeteo } from "../services/content-fetcher/providers/open-meteo/open-meteo.ts";
import { nominatim } from "../services/content-fetcher/providers/nominatim.ts";
import { startFetcher, type RunningFetcher } from "../services/content-fetcher/service.ts";
import type { Cache } from "../services/guide-composer/cache/cache.ts";
import { loadGazetteer } from "../services/guide-composer/destination/gazetteer.ts";
import { createContentClient, type ContentClient } from "../services/guide-composer/fetch/content-client.ts";
import {
  createDestinationResolver,
  type DestinationResolver,
} from "../services/guide-composer/resolve-destination.ts";
import {
  AmbiguousDestinationSchema,
  GuideSpecSchema,
  UnknownDestinationSchema,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Destination } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../shared/errors.ts";
import { createLog } from "../shared/log.ts";
import { createTestCache } from "./cache/harness.ts";
import { startProviderServer, type ProviderServer } from "./support/provider-server.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Places as Open-Meteo's geocoder has them: GeoNames, islands and divisions included. */
const place = (
  id: number,
  name: string,
  code: string,
  country: string,
  [latitude, longitude]: readonly [number, number],
  population?: number,
) => ({
  id,
  name,
  latitude,
  longitude,
  feature_code: code,
  country_code: country,
  timezone: "UTC",
  ...(population !== undefined && { population }),
});
const OPEN_METEO_PLACES = [
  place(252_919, "Santorini", "ISL", "GR", [36.41, 25.43], 15_550),
  place(2_235_194, "Bali", "PPL", "CM", [5.89, 10.01], 72_606),
  place(1_650_535, "Bali", "ISL", "ID", [-8.33, 115.17], 3_890_757),
  place(9_000_001, "Twinham", "PPL", "GB", [51.1, -1.2], 900),
  place(9_000_002, "Twinham", "PPL", "US", [41.1, -91.2], 700),
  place(9_000_003, "Twinham", "PPL", "GB", [51.15, -1.25], 850),
  place(9_000_004, "Amalfi Coastal Village", "PPL", "AU", [-33, 151], 5_000),
];
const NOMINATIM_PLACES = [
  {
    osm_type: "relation",
    osm_id: 8_640_437,
    lat: "40.6333",
    lon: "14.6029",
    name: "Amalfi Coast",
    display_name: "Amalfi Coast, Salerno, Campania, Italy",
    category: "boundary",
    address: { state: "Campania", country_code: "it" },
  },
];

describe("destinations that only geocoders know", () => {
  let geocoders: ProviderServer;
  let fetcher: RunningFetcher;
  let client: ContentClient;
  let cache: Cache;
  let resolver: DestinationResolver;
  let nowMs = 1_800_000_000_000;
  const gazetteer = loadGazetteer();

  before(async () => {
    geocoders = await startProviderServer(({ url }) => {
      const wanted = (url.searchParams.get("name") ?? url.searchParams.get("q") ?? "").toLowerCase();
      const results = OPEN_METEO_PLACES.filter(({ name }) => name.toLowerCase().startsWith(wanted));
      return url.pathname === "/v1/search"
        ? { body: JSON.stringify(results.length > 0 ? { results } : { generationtime_ms: 1 }) }
        : {
            body: JSON.stringify(NOMINATIM_PLACES.filter(({ name }) => name.toLowerCase() === wanted)),
          };
    });
    fetcher = await startFetcher({
      settings: {
        FETCHER_LISTEN: { host: "127.0.0.1", port: 0 },
        OPERATOR_CONTACT: undefined,
        HEDGING: "off",
        MAX_CONCURRENT_CALLS: 1_000,
        SHUTDOWN_DELAY_MS: 0,
      },
      originUrls: {
        OPEN_METEO_FORECAST_BASE_URL: geocoders.baseUrl,
        OPEN_METEO_ARCHIVE_BASE_URL: geocoders.baseUrl,
        OPEN_METEO_GEOCODING_BASE_URL: geocoders.baseUrl,
        NOMINATIM_BASE_URL: geocoders.baseUrl,
      },
      providerSettings: { keys: new Map(), switchedOn: new Set() },
      // Without the rule of one call a second: what is asked for here is asked for once anyway.
      providers: [openMeteo, { ...nominatim, limits: { ...nominatim.limits, maxCallsPerMinute: undefined } }],
      log: createLog("test", "silent"),
      telemetry: { serveMetrics: () => false },
      now: Date.now,
      monotonicNow: () => performance.now(),
      random: () => 0,
    });
    client = createContentClient(fetcher.address, [], Date.now);
  });
  beforeEach(async () => {
    geocoders.reset();
    cache = await createTestCache(undefined, { now: () => nowMs });
    resolver = createDestinationResolver(gazetteer, client, cache.lookup, () => nowMs);
  });
  afterEach(() => cache.close());
  after(async () => {
    client.close();
    await fetcher.close(100);
    await geocoders.close();
  });

  const { signal } = new AbortController();
  const ask = (query: string): Promise<Destination> =>
    resolver.resolve(
      create(GuideSpecSchema, { destination: { case: "destinationQuery", value: query } }),
      signal,
    );
  const askByName = (name: string): Promise<Destination> =>
    resolver.resolve(
      create(GuideSpecSchema, { destination: { case: "destinationName", value: name } }),
      signal,
    );
  async function failureOf(promise: Promise<unknown>): Promise<ServiceError> {
    try {
      await promise;
    } catch (error) {
      assert.ok(error instanceof ServiceError, String(error));
      return error;
    }
    return assert.fail("it did not fail");
  }

  it("are asked for once by all callers, in any spelling, and kept for a week", async () => {
    const answers = await Promise.all(["Santorini", "santorini", "SANTORINI "].map(ask));
    assert.deepEqual(
      answers.map(({ name }) => name),
      Array.from({ length: 3 }, () => "destinations/252919"),
    );
    assert.equal(geocoders.requestCount(), 1);
    nowMs += 7 * DAY_MS - 1;
    await ask("Santorini");
    assert.equal(geocoders.requestCount(), 1);
    nowMs += 1;
    await ask("Santorini");
    assert.equal(geocoders.requestCount(), 2);
  });

  it("must lie in the region that the query names", async () => {
    const bali = await ask("Bali");
    assert.deepEqual([bali.name, bali.countryCode], ["destinations/1650535", "ID"]);
  });

  it("come from the next geocoder when the first has none of that name", async () => {
    const coast = await ask("Amalfi Coast");
    assert.equal(coast.name, "destinations/osm-r8640437");
    assert.equal((await askByName("destinations/osm-r8640437")).displayName, "Amalfi Coast");
  });

  it("are candidates when several are meant, each of which can be asked for by its name", async () => {
    const failure = await failureOf(ask("Twinham"));
    assert.equal(failure.reason, "DESTINATION_AMBIGUOUS");
    const detail = failure.details.find(({ desc }) => desc === AmbiguousDestinationSchema)?.value;
    const { candidates } = create(AmbiguousDestinationSchema, detail ?? {});
    // The third one lies ten kilometres from the first.
    assert.deepEqual(
      candidates.map(({ name }) => name),
      ["destinations/9000001", "destinations/9000002"],
    );
    for (const { name } of candidates) assert.equal((await askByName(name)).name, name);
    nowMs += 7 * DAY_MS;
    assert.equal((await failureOf(askByName("destinations/9000001"))).reason, "DESTINATION_NOT_FOUND");
  });

  it("that have one sign are asked for too, and not found when nobody knows them", async () => {
    const count = geocoders.requestCount();
    assert.equal((await failureOf(ask("÷"))).reason, "DESTINATION_NOT_FOUND");
    assert.equal(geocoders.requestCount(), count + 2);
  });

  it("that nobody knows are believed not to exist for an hour", async () => {
    assert.equal((await failureOf(ask("asdfqwer"))).reason, "DESTINATION_NOT_FOUND");
    const count = geocoders.requestCount();
    assert.equal(count, 2);
    nowMs += HOUR_MS - 1;
    await failureOf(ask("asdfqwer"));
    assert.equal(geocoders.requestCount(), count);
    nowMs += 1;
    await failureOf(ask("asdfqwer"));
    assert.equal(geocoders.requestCount(), 2 * count);
  });

  it("are unresolved while no geocoder answers, and found as soon as one does", async () => {
    geocoders.setFault({ kind: "status", status: 404 });
    const failure = await failureOf(ask("Santorini"));
    assert.equal(failure.reason, "DESTINATION_UNRESOLVED");
    assert.ok((failure.retryDelayMs ?? 0) > 0);
    geocoders.setFault(undefined);
    assert.equal((await ask("Santorini")).name, "destinations/252919");
  });

  it("are not asked for when the query is a country, an ambiguous name or a name that was never given", async () => {
    const country = await failureOf(ask("Portugal"));
    assert.equal(country.reason, "DESTINATION_NOT_FOUND");
    const detail = country.details.find(({ desc }) => desc === UnknownDestinationSchema)?.value;
    assert.equal(create(UnknownDestinationSchema, detail ?? {}).suggestions[0]?.displayName, "Lisbon");
    assert.equal((await failureOf(ask("Springfield"))).reason, "DESTINATION_AMBIGUOUS");
    assert.equal((await failureOf(askByName("destinations/osm-r1"))).reason, "DESTINATION_NOT_FOUND");
    assert.equal(geocoders.requestCount(), 0);
  });
});
