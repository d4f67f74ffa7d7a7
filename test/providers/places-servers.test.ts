import assert from "node:assert/strict";
import { z } from "zod";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const LISBON = { latitude: 38.71667, longitude: -9.13333 };
const CIRCLE = "filter=circle:-9.13333,38.71667,2500";
const MASK = "places.id,places.displayName,places.regularOpeningHours.weekdayDescriptions";
const NEARBY = {
  includedTypes: ["restaurant"],
  maxResultCount: 5,
  locationRestriction: { circle: { center: LISBON, radius: 2500 } },
};

const hapiError = z.object({ statusCode: z.number(), error: z.string(), message: z.string() });
const rpcError = z.object({ error: z.object({ code: z.number(), status: z.string(), message: z.string() }) });
const features = z.object({
  features: z.array(
    z.object({
      properties: z.object({
        distance: z.number(),
        categories: z.array(z.string()),
        place_id: z.string(),
        datasource: z.object({ raw: z.object({ osm_id: z.number(), osm_type: z.enum(["n", "w", "r"]) }) }),
      }),
    }),
  ),
});

describe("the test providers of places that want a key", () => {
  let providers: TestProviders;
  before(async () => {
    providers = await startTestProviders({ seed: 1, now: () => Date.UTC(2026, 10, 24, 12) });
  });
  after(() => providers.close());

  describe("geoapify", () => {
    const get = async (path: string): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${providers.server("geoapify").baseUrl}${path}`);
      return { status: response.status, body: await response.json() };
    };

    it("answers the nearest places of the categories", async () => {
      const { status, body } = await get(
        `/v2/places?categories=catering.restaurant&${CIRCLE}&limit=10&apiKey=x`,
      );
      assert.equal(status, 200);
      const found = features.parse(body).features.map(({ properties }) => properties);
      assert.equal(found.length, 10);
      assert.deepEqual(
        found.map(({ distance }) => distance),
        found.map(({ distance }) => distance).sort((a, b) => a - b),
      );
      for (const { categories, place_id: placeId, datasource } of found) {
        assert.ok(categories.includes("catering") && categories.includes("catering.restaurant"));
        const id = Buffer.alloc(8);
        id.writeBigUInt64LE(BigInt(datasource.raw.osm_id));
        assert.ok(placeId.includes(`f901${id.toString("hex")}`), placeId);
      }
    });

    const REFUSED: Readonly<Record<string, number>> = {
      "/v2/places?categories=catering": 401,
      "/v1/geocode/search?text=Santorini": 401,
      [`/v2/places?${CIRCLE}&apiKey=x`]: 400,
      [`/v2/places?categories=food&${CIRCLE}&apiKey=x`]: 400,
      "/v2/places?categories=catering&apiKey=x": 400,
      [`/v2/places?categories=catering&${CIRCLE}&limit=501&apiKey=x`]: 400,
      "/v1/geocode/search?apiKey=x": 400,
      "/v3/places?apiKey=x": 404,
    };
    for (const [path, expected] of Object.entries(REFUSED)) {
      it(`refuses ${path} with ${expected}`, async () => {
        const { status, body } = await get(path);
        assert.equal(status, expected);
        assert.equal(hapiError.parse(body).statusCode, expected);
      });
    }
  });

  describe("google-places", () => {
    const post = async (
      method: string,
      json: object,
      headers: Record<string, string> = { "x-goog-api-key": "x", "x-goog-fieldmask": MASK },
    ): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${providers.server("google-places").baseUrl}/v1/places:${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(json),
      });
      return { status: response.status, body: await response.json() };
    };

    it("answers the fields of the mask and no other", async () => {
      const { status, body } = await post("searchNearby", NEARBY);
      assert.equal(status, 200);
      const hours = z.strictObject({ weekdayDescriptions: z.array(z.string()).length(7) });
      const place = z.strictObject({
        id: z.string(),
        displayName: z.object({ text: z.string() }),
        regularOpeningHours: hours.optional(),
      });
      assert.equal(z.object({ places: z.array(place) }).parse(body).places.length, 5);
    });

    it("answers with nothing in it where there is nothing", async () => {
      const { status, body } = await post("searchText", {
        textQuery: "klingon restaurant",
        includedType: "restaurant",
        locationRestriction: { rectangle: { low: { latitude: 38.69, longitude: -9.16 }, high: LISBON } },
      });
      assert.equal(status, 200);
      assert.deepEqual(body, {});
    });

    const KEY = { "x-goog-api-key": "x" };
    const REFUSED: readonly (readonly [
      what: string,
      json: object,
      headers: Record<string, string>,
      status: number,
    ])[] = [
      ["no key", NEARBY, { "x-goog-fieldmask": MASK }, 403],
      ["no mask", NEARBY, KEY, 400],
      ["a field that there is not", NEARBY, { ...KEY, "x-goog-fieldmask": "places.title" }, 400],
      ["too many places", { ...NEARBY, maxResultCount: 21 }, { ...KEY, "x-goog-fieldmask": MASK }, 400],
      [
        "an unknown type",
        { ...NEARBY, includedTypes: ["eatery"] },
        { ...KEY, "x-goog-fieldmask": MASK },
        400,
      ],
      ["nowhere", { includedTypes: ["restaurant"] }, { ...KEY, "x-goog-fieldmask": MASK }, 400],
    ];
    for (const [what, json, headers, expected] of REFUSED) {
      it(`refuses ${what} with ${expected}`, async () => {
        const { status, body } = await post("searchNearby", json, headers);
        assert.equal(status, expected);
        assert.equal(rpcError.parse(body).error.code, expected);
      });
    }
  });
});
