import assert from "node:assert/strict";
import { status, type Client } from "@grpc/grpc-js";
import fc from "fast-check";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ComposeGuideRequestSchema,
  SearchDestinationsRequestSchema,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { callBytes, createGrpcClient, type Ending } from "../support/grpc-caller.ts";
import { startQuietPair, type QuietPair } from "../support/quiet-pair.ts";

const COMPOSE = "/wayfarer.guide.v1.GuideService/ComposeGuide";
const SEARCH = "/wayfarer.guide.v1.GuideService/SearchDestinations";
/** What no request may end with, whatever it holds. */
const DEFECTS: readonly status[] = [status.INTERNAL, status.UNKNOWN, status.UNIMPLEMENTED, status.DATA_LOSS];

/** Mostly what is valid, so that requests get past the checks, and now and then anything. */
const mostly = <T>(good: fc.Arbitrary<T>, any: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: good, weight: 40 }, { arbitrary: any, weight: 1 });

const anyText = fc.string({ unit: "grapheme", maxLength: 250 }).map((value) => value.toWellFormed());
const anyInt32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const anyInt64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
// Numbers that name no value are what is tried here.
const enumUpTo = (max: number): fc.Arbitrary<never> =>
  mostly(fc.integer({ min: 0, max }), fc.integer({ min: -1, max: 99 })).map((value) => value as never);
const point = mostly(
  fc.record({ latitude: fc.integer({ min: -90, max: 90 }), longitude: fc.integer({ min: -180, max: 180 }) }),
  fc.record({ latitude: fc.double(), longitude: fc.double() }),
);
const duration = mostly(
  fc.record({ seconds: fc.bigInt({ min: 0n, max: 604_800n }), nanos: fc.constant(0) }),
  fc.record({ seconds: anyInt64, nanos: anyInt32 }),
);
const time = mostly(
  fc.record({
    seconds: fc.nat(300).map((days) => BigInt(Math.floor(Date.now() / 1000) + days * 86_400)),
    nanos: fc.nat(999_999_999),
  }),
  fc.record({ seconds: anyInt64, nanos: anyInt32 }),
);
const language = mostly(fc.constantFrom("", "en", "de", "pt-BR"), anyText);
const place = mostly(
  fc.constantFrom("Lisbon", "東京", "München", "Springfield", "asdfqwer", "Paris, TX"),
  anyText,
);
const words = fc.array(mostly(fc.constantFrom("museums", "must see", "Ünïcode", "食"), anyText), {
  maxLength: 9,
});
const kinds = fc.uniqueArray(enumUpTo(8), { maxLength: 8 });

const destination = fc.oneof(
  { arbitrary: fc.record({ case: fc.constant("destinationQuery" as const), value: place }), weight: 5 },
  fc.record({
    case: fc.constant("destinationName" as const),
    value: mostly(fc.constantFrom("destinations/2267057", "destinations/x"), anyText),
  }),
  fc.record({ case: fc.constant("destinationLocation" as const), value: point }),
  fc.constant({ case: undefined }),
);
const preferences = fc.record(
  {
    budgetLevel: enumUpTo(3),
    pace: enumUpTo(3),
    travelGroup: enumUpTo(3),
    cuisines: words,
    dietaryTags: words,
    interests: words,
    accessibilityNeeds: words,
    mustSee: words,
    avoid: words,
  },
  { requiredKeys: [] },
);
const date = mostly(
  fc.record({
    year: fc.constant(new Date().getUTCFullYear() + 1),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 28 }),
  }),
  fc.record({ year: anyInt32, month: anyInt32, day: anyInt32 }),
);
const spec = fc.record(
  {
    destination,
    sectionKinds: kinds,
    languageCode: language,
    startDate: date,
    dayCount: mostly(fc.integer({ min: 0, max: 30 }), anyInt32),
    preferences,
  },
  { requiredKeys: ["destination"] },
);
const trip = fc.record(
  {
    lodging: fc.record({ displayName: mostly(fc.constant("Hotel"), anyText), location: point }),
    arrivalTime: time,
    departureTime: time,
    travelerNames: words,
  },
  { requiredKeys: [] },
);
const composeRequest = fc.record(
  {
    spec,
    cacheMode: enumUpTo(3),
    reviewMode: enumUpTo(3),
    readMask: fc.record({
      paths: fc.array(mostly(fc.constantFrom("name", "sections.listings", "destination"), anyText), {
        maxLength: 4,
      }),
    }),
    requiredSectionKinds: fc.oneof(fc.constant([]), kinds),
    maxStale: duration,
    maxAge: duration,
    trip,
    explain: fc.boolean(),
  },
  { requiredKeys: ["spec"] },
);
const searchRequest = fc.record(
  {
    query: place,
    languageCode: language,
    countryCode: mostly(fc.constantFrom("", "PT", "de"), anyText),
    nearLocation: point,
    pageSize: mostly(fc.nat(60), anyInt32),
    pageToken: mostly(fc.constant(""), anyText),
  },
  { requiredKeys: [] },
);

describe("any request whatever", () => {
  let pair: QuietPair;
  let client: Client;

  before(async () => {
    pair = await startQuietPair();
    client = createGrpcClient(pair.composer);
  });
  after(async () => {
    client.close();
    await pair.stop();
  });

  async function send(path: string, bytes: Uint8Array, again = false): Promise<Ending> {
    pair.provider.reset();
    const ending = await callBytes(client, path, { bytes: Buffer.from(bytes), timeoutMs: 1_000 });
    assert.ok(!DEFECTS.includes(ending.code), `${status[ending.code]}: ${ending.message}`);
    // At its deadline the client may end the call before the server's answer arrives, which has a reason.
    if (ending.code !== status.OK && ending.code !== status.DEADLINE_EXCEEDED)
      assert.ok(ending.reason, `${status[ending.code]} without a reason`);
    if (ending.reason === "REQUEST_INVALID") {
      assert.ok(ending.fields.length > 0);
      // A call that the caller before left at its deadline may reach the provider only now: then it is seen once.
      if (pair.provider.requests.length > 0 && !again) return await send(path, bytes, true);
      assert.equal(pair.provider.requests.length, 0, "a provider was called for an invalid request");
    }
    return ending;
  }

  it("to compose ends with a guide or a reason, and costs nothing when it is invalid", async function () {
    this.timeout(20_000);
    const counts = { valid: 0, invalid: 0 };
    await fc.assert(
      fc.asyncProperty(composeRequest, async (request) => {
        // fast-check leaves keys out, which its types cannot tell from undefined.
        const message = create(
          ComposeGuideRequestSchema,
          request as MessageInitShape<typeof ComposeGuideRequestSchema>,
        );
        const ending = await send(COMPOSE, toBinary(ComposeGuideRequestSchema, message));
        counts[ending.reason === "REQUEST_INVALID" ? "invalid" : "valid"] += 1;
      }),
      { numRuns: 100 },
    );
    assert.ok(counts.valid > 10 && counts.invalid > 10, `it has seen both: ${JSON.stringify(counts)}`);
  });

  it("to search ends with matches or a reason", async () => {
    await fc.assert(
      fc.asyncProperty(searchRequest, async (request) => {
        const message = create(
          SearchDestinationsRequestSchema,
          request as MessageInitShape<typeof SearchDestinationsRequestSchema>,
        );
        await send(SEARCH, toBinary(SearchDestinationsRequestSchema, message));
      }),
      { numRuns: 100 },
    );
  });

  it("of random bytes ends with a reason", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        await send(COMPOSE, bytes);
        await send(SEARCH, bytes);
      }),
      { numRuns: 100 },
    );
  });

  it("that is a good one with bytes changed ends with a guide or a reason", async () => {
    const good = toBinary(
      ComposeGuideRequestSchema,
      create(ComposeGuideRequestSchema, {
        spec: { destination: { case: "destinationQuery", value: "Lisbon" }, dayCount: 3, sectionKinds: [1] },
        readMask: { paths: ["name"] },
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const bytes = Uint8Array.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          await send(COMPOSE, bytes);
        },
      ),
      { numRuns: 100 },
    );
  });
});
