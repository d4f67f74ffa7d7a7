import assert from "node:assert/strict";
import { z } from "zod";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const HEADERS = {
  authorization: "Bearer made-up-key-of-foursquare",
  "x-places-api-version": "2025-06-17",
};
const RESTAURANTS = "ll=38.71667,-9.13333&radius=2500&fsq_category_ids=4d4b7105d754a06374d81259";
const pageSchema = z.object({
  results: z.array(
    z.object({
      fsq_place_id: z.string(),
      name: z.string().optional(),
      rating: z.number().optional(),
      categories: z.array(z.object({ name: z.string() })).optional(),
    }),
  ),
});

describe("the test provider of rated places", () => {
  let providers: TestProviders;
  before(async () => {
    providers = await startTestProviders({ seed: 1, now: () => Date.UTC(2026, 10, 24, 12) });
  });
  after(async () => {
    await providers.close();
  });

  const get = async (query: string, headers: Record<string, string> = HEADERS, path = "/places/search") => {
    const response = await fetch(`${providers.server("foursquare").baseUrl}${path}?${query}`, { headers });
    const body: unknown = await response.json();
    return { status: response.status, link: response.headers.get("link"), body };
  };
  const search = async (query: string) => {
    const { status, link, body } = await get(query);
    assert.equal(status, 200, JSON.stringify(body));
    return { link, results: pageSchema.parse(body).results };
  };

  it("finds the map's places of a category, the best first, in the fields asked for", async () => {
    const { results } = await search(
      `${RESTAURANTS}&sort=RATING&limit=20&fields=fsq_place_id,name,rating,categories`,
    );
    assert.equal(results.length, 20);
    assert.ok(results.every(({ categories }) => categories?.[0]?.name !== "Café"));
    const ratings = results.flatMap(({ rating }) => rating ?? []);
    assert.deepEqual(
      ratings.toSorted((a, b) => b - a),
      ratings,
    );
    const [bare] = (await search(`${RESTAURANTS}&limit=1&fields=fsq_place_id`)).results;
    assert.deepEqual(Object.keys(bare ?? {}), ["fsq_place_id"]);
  });

  it("leads on to the next page until there is none", async () => {
    const ids: string[] = [];
    let query: string | undefined = `${RESTAURANTS}&limit=10&fields=fsq_place_id`;
    while (query !== undefined) {
      const { results, link }: Awaited<ReturnType<typeof search>> = await search(query);
      ids.push(...results.map(({ fsq_place_id: id }) => id));
      query = /<https:\/\/places-api\.foursquare\.com\/places\/search\?([^>]*)>; rel="next"/.exec(
        link ?? "",
      )?.[1];
    }
    assert.ok(ids.length > 10);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("refuses what the true one refuses, with a message", async () => {
    const refused = async (
      query: string,
      headers: Record<string, string>,
      path?: string,
    ): Promise<number> => {
      const { status, body } = await get(query, headers, path);
      assert.ok(z.object({ message: z.string().min(1) }).safeParse(body).success);
      return status;
    };
    const { authorization } = HEADERS;
    assert.equal(await refused(RESTAURANTS, {}), 401);
    assert.equal(await refused(RESTAURANTS, { authorization: "made-up-key-of-foursquare" }), 401);
    assert.equal(await refused(RESTAURANTS, { authorization }), 400);
    assert.equal(await refused(RESTAURANTS, HEADERS, "/v3/places/search"), 404);
    for (const query of ["ll=here", "limit=51", "radius=100001", "sort=BEST", "fields=name,secret"])
      assert.equal(await refused(`${query.startsWith("ll") ? "" : "ll=1,2&"}${query}`, HEADERS), 400, query);
  });
});
