import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import fc from "fast-check";
import { Redis } from "ioredis";
import { decodeEntry } from "../../services/guide-composer/cache/entry-codec.ts";
import {
  ComposeGuideResponseSchema,
  GuideSchema,
  GuideService,
  PersonalizationSchema,
  TripSchema,
  type ComposeGuideResponse,
  type Personalization,
  type Trip,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { startOtlpCollector, type OtlpCollector } from "../support/otlp-collector.ts";
import { startRedisServer, type RedisServer } from "../support/redis/server.ts";
import { startService, type ServiceProcess } from "../support/service-process.ts";

const RUN_COUNT = 8;
const LISBON = { latitude: 38.71667, longitude: -9.13333 };
const DAY_MS = 86_400_000;

/** Marks that stand nowhere by chance: long words, and numbers with all their digits. */
const word = fc.stringMatching(/^[A-Z][a-z]{11,19}$/).map((text) => `Canary ${text}`);
const inMidSecond = (ms: number): number => Math.floor(ms / 1_000) * 1_000 + 457;
const digits = fc.double({ min: 0.000001, max: 0.009999, noNaN: true });
const tripOf = (startMs: number): fc.Arbitrary<Trip> =>
  fc
    .record({
      names: fc.array(word, { minLength: 1, maxLength: 3 }),
      lodging: word,
      north: digits,
      east: digits,
      arrivalMs: fc.integer({ min: 1, max: DAY_MS - 1 }),
      stayMs: fc.integer({ min: DAY_MS, max: 2 * DAY_MS - 1 }),
    })
    .map(({ names, lodging, north, east, arrivalMs, stayMs }) =>
      create(TripSchema, {
        travelerNames: names,
        lodging: {
          displayName: lodging,
          location: { latitude: LISBON.latitude + north, longitude: LISBON.longitude + east },
        },
        arrivalTime: timestampFromMs(inMidSecond(startMs + arrivalMs)),
        departureTime: timestampFromMs(inMidSecond(startMs + arrivalMs + stayMs)),
      }),
    );

/** Everything in a trip as text, as it could stand in a key, a log line or an attribute. */
function textsOf({ travelerNames, lodging, arrivalTime, departureTime }: Trip): string[] {
  const { latitude = 0, longitude = 0 } = lodging?.location ?? {};
  const times = [arrivalTime, departureTime].flatMap((time) => (time === undefined ? [] : timestampMs(time)));
  return [
    ...travelerNames,
    lodging?.displayName ?? "",
    ...[latitude, longitude].map((degrees) => degrees.toFixed(6)),
    ...times.flatMap((ms) => [new Date(ms).toISOString().slice(0, 19), String(ms)]),
  ];
}

/** The same as bytes, as it could stand in a protobuf message. */
function bytesOf(trip: Trip): Buffer[] {
  const { latitude = 0, longitude = 0 } = trip.lodging?.location ?? {};
  const doubles = [latitude, longitude].map((degrees) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(degrees);
    return bytes;
  });
  const times = [trip.arrivalTime, trip.departureTime].flatMap((time) =>
    time === undefined ? [] : Buffer.from(toBinary(TimestampSchema, time)),
  );
  return [...doubles, ...times, ...textsOf(trip).map((text) => Buffer.from(text))];
}

const holds = (bytes: Uint8Array, trip: Trip): boolean =>
  bytesOf(trip).some((mark) => Buffer.from(bytes).includes(mark));

describe("the personal facts of two callers", function () {
  this.timeout(60_000);
  let providers: TestProviders;
  let redis: RedisServer;
  let collector: OtlpCollector;
  let services: ServiceProcess[] = [];
  let clients: readonly Client<typeof GuideService>[] = [];
  let observer: Redis | undefined;
  let monitor: Redis | undefined;
  const commands: string[] = [];

  before(async function () {
    const started = await startRedisServer();
    if (started === undefined) return this.skip();
    redis = started;
    observer = new Redis(redis.url);
    monitor = await observer.monitor();
    monitor.on("monitor", (_time: string, args: readonly string[]) => commands.push(args.join(" ")));
    collector = await startOtlpCollector();
    providers = await startTestProviders({ seed: 1, now: Date.now });
    const telemetry = {
      LOG_LEVEL: "trace",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_TRACES_EXPORTER: "otlp",
    };
    const fetcher = await startService("content-fetcher", { ...providers.settings, ...telemetry });
    services = [fetcher];
    const settings = { ...telemetry, REDIS_URL: redis.url, FETCHER_TARGET: fetcher.address };
    const composers = [
      await startService("guide-composer", settings),
      await startService("guide-composer", settings),
    ];
    services = [...composers, fetcher];
    clients = composers.map(({ address }) =>
      createClient(GuideService, createGrpcTransport({ baseUrl: `http://${address}` })),
    );
  });
  after(async () => {
    await Promise.all(services.map((service) => service.stop()));
    for (const client of [monitor, observer]) client?.disconnect();
    await collector?.close();
    await providers?.close();
    await redis?.close();
  });

  interface Caller {
    readonly trip: Trip;
    /** Which composer is asked. */
    readonly at: number;
    readonly streamed: boolean;
  }
  async function call({ trip, at, streamed }: Caller, startMs: number): Promise<ComposeGuideResponse> {
    const client = clients[at];
    assert.ok(client);
    const day = new Date(startMs);
    const request = {
      spec: {
        destination: { case: "destinationQuery" as const, value: "Lisbon" },
        startDate: { year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, day: day.getUTCDate() },
        dayCount: 3,
      },
      trip,
      explain: true,
    };
    if (!streamed) return await client.composeGuide(request);
    const sections = [];
    for await (const { event } of client.streamGuide({ request })) {
      if (event.case === "section") sections.push(event.value);
      if (event.case !== "completion") continue;
      const { guide, report, personalization } = event.value;
      assert.ok(guide);
      return create(ComposeGuideResponseSchema, {
        guide: { ...guide, sections },
        ...(report && { report }),
        ...(personalization && { personalization }),
      });
    }
    assert.fail("the stream ended without a completion");
  }
  const same = (one: Personalization | undefined, other: Personalization | undefined): boolean =>
    one !== undefined &&
    other !== undefined &&
    Buffer.from(toBinary(PersonalizationSchema, one)).equals(toBinary(PersonalizationSchema, other));

  it("never meet: in no answer but their own, nor in Redis, logs, traces and metrics", async () => {
    const trips: Trip[] = [];
    const firstDayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS;
    let run = 0;
    const caller = fc.record({
      trip: tripOf(firstDayMs),
      at: fc.nat(1),
      streamed: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(caller, caller, fc.boolean(), async (first, second, together) => {
        // Other dates, so that each run begins with guides that nobody has.
        const startMs = firstDayMs + run * DAY_MS;
        run += 1;
        trips.push(first.trip, second.trip);
        const answers = together
          ? await Promise.all([call(first, startMs), call(second, startMs)])
          : [await call(first, startMs), await call(second, startMs)];
        for (const [answer, own, other] of [
          [answers[0], first.trip, second.trip],
          [answers[1], second.trip, first.trip],
        ] as const) {
          assert.ok(answer?.guide !== undefined);
          assert.ok(!holds(toBinary(ComposeGuideResponseSchema, answer), other), "in the other's answer");
          // Nothing of one's own stands in what is shared.
          assert.ok(!holds(toBinary(GuideSchema, answer.guide), own), "in the guide");
          assert.ok(own.travelerNames.every((name) => answer.personalization?.heading.includes(name)));
        }
        assert.equal(answers[0]?.guide?.etag, answers[1]?.guide?.etag);
        // Neither depends on who has called before: distances and days are the caller's own.
        const again = await call({ ...first, streamed: false }, startMs);
        assert.ok(same(again.personalization, answers[0]?.personalization), "changed by the other's call");
      }),
      { numRuns: RUN_COUNT },
    );

    const traceId = (await call({ trip: trips[0] ?? create(TripSchema), at: 0, streamed: false }, firstDayMs))
      .report?.traceId;
    assert.ok(traceId !== undefined);
    await collector.trace(traceId, (spans) => spans.some(({ name }) => name.endsWith("/ComposeGuide")));
    const metrics = await Promise.all(
      services.map(async ({ address }) => await (await fetch(`http://${address}/metrics`)).text()),
    );
    const texts: Readonly<Record<string, readonly string[]>> = {
      "a log line": services.flatMap(({ lines }) => lines),
      "a span": collector.spans.map((span) =>
        JSON.stringify(span, (_key, value: unknown) => (value instanceof Map ? [...value] : value)),
      ),
      "a metric": metrics,
      "a command of Redis": commands,
    };
    for (const [place, lines] of Object.entries(texts)) {
      assert.ok(lines.length > 0, `nothing to look at in ${place}`);
      const marks = trips.flatMap(textsOf);
      const found = lines.find((line) => marks.some((mark) => line.includes(mark)));
      assert.equal(found, undefined, place);
    }
    assert.ok(observer);
    const stored = await valuesIn(observer);
    assert.ok(
      stored.some(({ key }) => key.includes("/guide/")) &&
        stored.some(({ key }) => key.includes("/content/")),
    );
    for (const { key, bytes } of stored)
      assert.ok(!trips.some((trip) => holds(bytes, trip) || holds(Buffer.from(key), trip)), key);
  });
});

/** Everything that Redis has; entries are unpacked. */
async function valuesIn(
  redis: Redis,
): Promise<readonly { readonly key: string; readonly bytes: Uint8Array }[]> {
  const values: { key: string; bytes: Uint8Array }[] = [];
  for (const key of await redis.keys("*")) {
    const type = await redis.type(key);
    if (type === "string") {
      const value = await redis.getBuffer(key);
      if (value !== null) values.push({ key, bytes: decodeEntry(value)?.bytes ?? value });
    } else if (type === "hash")
      values.push({ key, bytes: Buffer.from(JSON.stringify(await redis.hgetall(key))) });
    else if (type === "zset")
      values.push({ key, bytes: Buffer.from((await redis.zrange(key, "0", "-1")).join(" ")) });
    else values.push({ key, bytes: Buffer.from(JSON.stringify(await redis.xrange(key, "-", "+"))) });
  }
  return values;
}
