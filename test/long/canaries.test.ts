import assert from "node:assert/strict";
import { toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Redis } from "ioredis";
import { decodeEntry } from "../../services/guide-composer/cache/entry-codec.ts";
import {
  ContentService,
  ListProvidersResponseSchema,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  CacheMode,
  CallReportSchema,
  GuideService,
  ReviewMode,
  type ComposeGuideResponse,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { isProviderId } from "../providers/servers.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { startOtlpCollector, type OtlpCollector } from "../support/otlp-collector.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { startService, type ServiceProcess } from "../support/service-process.ts";

/** What a caller writes that nobody else may read; long words that stand nowhere by chance. */
const PERSONAL = {
  traveler: "Zquxtraveler Ada",
  lodging: "Zquxlodging Inn",
  interest: "zquxinterest",
  mustSee: "Zquxmustsee Tower",
  avoid: "Zquxavoid crowds",
} as const;
const TOKEN = "zquxtoken0123456789";

describe("canaries in keys, tokens and personal text, after a run with all providers", function () {
  this.timeout(90_000);
  let providers: TestProviders;
  let redis: RedisServer;
  let collector: OtlpCollector;
  let services: ServiceProcess[] = [];
  let guides: Client<typeof GuideService>;
  let contents: Client<typeof ContentService>;
  let observer: Redis | undefined;
  let canaries: readonly string[] = [];

  before(async function () {
    const started = await startRedisServer();
    if (started === undefined) return this.skip();
    redis = started;
    observer = new Redis(redis.url);
    collector = await startOtlpCollector();
    providers = await startTestProviders({ seed: 1, now: Date.now });
    const telemetry = {
      LOG_LEVEL: "trace",
      OTEL_LOG_LEVEL: "verbose",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_BSP_SCHEDULE_DELAY: "10",
    };
    const fetcher = await startService("content-fetcher", {
      ...providers.settings,
      ...providers.keys,
      ...telemetry,
    });
    services = [fetcher];
    const composer = await startService("guide-composer", {
      ...telemetry,
      REDIS_URL: redis.url,
      FETCHER_TARGET: fetcher.address,
      REVIEWER: "providers/openai-compatible",
      WARMING_CALLS_PER_MINUTE: "0",
    });
    services = [composer, fetcher];
    guides = createClient(GuideService, createGrpcTransport({ baseUrl: `http://${composer.address}` }));
    contents = createClient(ContentService, createGrpcTransport({ baseUrl: `http://${fetcher.address}` }));
    const keys = Object.entries(providers.keys).flatMap(([name, value]) =>
      name.endsWith("_API_KEY") ? [value] : [],
    );
    assert.ok(keys.length >= 6, "the providers that want a key have one");
    canaries = [...keys, ...Object.values(PERSONAL), TOKEN];
  });
  after(async () => {
    await Promise.all(services.map((service) => service.stop()));
    observer?.disconnect();
    await collector?.close();
    await providers?.close();
    await redis?.close();
  });

  const request = (cacheMode: CacheMode) => ({
    spec: {
      destination: { case: "destinationQuery" as const, value: "Lisbon" },
      preferences: {
        interests: [PERSONAL.interest],
        mustSee: [PERSONAL.mustSee],
        avoid: [PERSONAL.avoid],
      },
    },
    trip: { travelerNames: [PERSONAL.traveler], lodging: { displayName: PERSONAL.lodging } },
    cacheMode,
    reviewMode: ReviewMode.BLOCKING,
    explain: true,
  });
  const headers = { authorization: `Bearer ${TOKEN}`, "x-api-key": TOKEN, cookie: `session=${TOKEN}` };

  /** Everything that Redis has: keys, and values of whatever type, entries as they were before they were packed. */
  async function stored(client: Redis): Promise<readonly string[]> {
    const texts: string[] = [];
    for (const key of await client.keys("*")) {
      texts.push(key);
      const type = await client.type(key);
      const values =
        type === "string"
          ? [await client.getBuffer(key)]
          : type === "hash"
            ? Object.values(await client.hgetallBuffer(key))
            : type === "zset"
              ? (await client.zrange(key, "0", "-1")).map((member) => Buffer.from(member))
              : type === "set"
                ? await client.smembersBuffer(key)
                : assert.fail(`nobody reads values of the type ${type} here`);
      for (const value of values) {
        if (value === null) continue;
        texts.push(value.toString("latin1"), Buffer.from(decodeEntry(value)?.bytes ?? []).toString("latin1"));
      }
    }
    return texts;
  }

  it("finds none in logs, spans, metrics, errors, reports or stored values", async () => {
    const told: string[] = [];
    const compose = async (
      cacheMode: CacheMode = CacheMode.REFRESH,
    ): Promise<ComposeGuideResponse | undefined> => {
      try {
        const response = await guides.composeGuide(request(cacheMode), { headers });
        if (response.report) told.push(toJsonString(CallReportSchema, response.report));
        return response;
      } catch (error) {
        const failure = ConnectError.from(error);
        assert.notEqual(failure.code, Code.Internal);
        told.push(failure.message, JSON.stringify(failure.details), JSON.stringify([...failure.metadata]));
        return undefined;
      }
    };
    const first = await compose();
    assert.ok(first?.guide?.qualityReview?.modelReview, "it was reviewed");
    assert.equal(first?.personalization?.heading.includes(PERSONAL.traveler), true, "it reaches its caller");
    const asked = new Set(providers.requests().map(({ provider }) => provider));
    assert.ok(asked.size >= 8, [...asked].join(" "));
    // Each provider fails in several ways, and may send back what it was sent.
    for (const kind of ["status", "html", "cut", "reset", "rate-limit"] as const) {
      for (const id of Object.keys(providers.requestCounts())) {
        assert.ok(isProviderId(id));
        const { url, headers: sent } = providers.requests().find(({ provider }) => provider === id) ?? {};
        const echo = `${url?.search ?? ""} ${JSON.stringify(sent ?? {})} ${PERSONAL.interest}`;
        providers.setFault(id, kind === "status" ? { kind, status: 400, body: echo } : { kind });
      }
      await compose();
    }
    providers.reset();
    await compose(CacheMode.PREFER_CACHE);
    told.push(toJsonString(ListProvidersResponseSchema, await contents.listProviders({})));
    const metrics = await Promise.all(
      services.map(async ({ address }) => await (await fetch(`http://${address}/metrics`)).text()),
    );
    assert.ok(observer);
    const kept = await stored(observer);
    assert.ok(
      kept.some((text) => text.includes("Lisb")),
      "something is stored",
    );
    for (const service of services) assert.equal(await service.stop(), 0);
    const spans = collector.spans.map(({ attributes, events, resource, ...span }) =>
      JSON.stringify([span, [...attributes], [...resource], events.map((event) => [...event.attributes])]),
    );
    const lines = services.flatMap((service) => [...service.lines]);
    assert.ok(spans.length > 50 && lines.length > 10 && metrics.every((text) => text.includes("rpc_")));

    const places = { told, metrics, kept, spans, lines };
    for (const [place, texts] of Object.entries(places)) {
      for (const canary of canaries) {
        const forms = [
          canary,
          encodeURIComponent(canary),
          Buffer.from(canary).toString("base64").slice(0, -4),
        ];
        for (const form of forms) {
          const found = texts.find((text) => text.toLowerCase().includes(form.toLowerCase()));
          assert.equal(found, undefined, `${place} hold ${form}`);
        }
      }
    }
  });
});
