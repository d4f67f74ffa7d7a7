import assert from "node:assert/strict";
import { z } from "zod";
import { GENERATED_PLACE_COUNT } from "./world/generated-city.ts";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const answerSchema = z.object({
  version: z.literal(0.6),
  remark: z.string().optional(),
  elements: z.array(
    z.object({
      type: z.enum(["node", "way", "relation", "count"]),
      id: z.number(),
      lat: z.number().optional(),
      lon: z.number().optional(),
      center: z.object({ lat: z.number(), lon: z.number() }).optional(),
      tags: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
const LISBON = "38.71667,-9.13333";

describe("the test provider of Overpass", () => {
  let providers: TestProviders;
  before(async () => {
    providers = await startTestProviders({ seed: 1, now: () => Date.UTC(2026, 10, 24) });
  });
  after(async () => {
    await providers.close();
  });
  beforeEach(() => providers.reset());

  const post = async (data: string, userAgent = "Wayfarer/0.1 (ops@example.org)"): Promise<Response> =>
    await fetch(`${providers.server("overpass").baseUrl}/api/interpreter`, {
      method: "POST",
      headers: { "user-agent": userAgent },
      body: new URLSearchParams({ data }),
    });
  const ask = async (data: string): Promise<z.infer<typeof answerSchema>> => {
    const response = await post(`[out:json][timeout:9][maxsize:67108864];${data}`);
    assert.equal(response.status, 200);
    return answerSchema.parse(await response.json());
  };

  it("answers statements by tag and place, nodes with their position and areas with a centre", async () => {
    const { elements } = await ask(
      `nwr["amenity"~"^(restaurant|cafe|food_court)$"]["name"](around:2500,${LISBON});out tags center qt 250;` +
        `(nwr["tourism"="museum"](around:6000,${LISBON});nwr["historic"~"^(castle|monument)$"]["wikidata"](around:6000,${LISBON}););out tags center qt 250;` +
        `node["place"~"^(suburb|neighbourhood)$"]["name"](around:10000,${LISBON});out tags center qt 250;`,
    );
    const having = (key: string) => elements.filter(({ tags }) => tags !== undefined && key in tags);
    assert.ok(having("cuisine").length >= 10);
    assert.ok(having("tourism").length >= 10);
    assert.ok(having("place").length >= 5);
    for (const { type, lat, center } of elements)
      assert.ok(
        type === "node"
          ? lat !== undefined && center === undefined
          : lat === undefined && center !== undefined,
      );
    assert.ok(elements.some(({ type }) => type === "way"));
    assert.equal(new Set(elements.map(({ type, id }) => `${type}/${id}`)).size, elements.length);
  });

  it("gives no position where the query asks for tags only, and no more elements than asked", async () => {
    const bare = await ask(`node["place"](around:10000,${LISBON});out tags;`);
    assert.ok(bare.elements.length >= 5 && bare.elements.every(({ lat }) => lat === undefined));
    const capped = await ask(`nwr["name"](around:10000,${LISBON});out tags center qt 3;`);
    assert.equal(capped.elements.length, 3);
    const counted = await ask(`nwr["name"](around:10000,${LISBON});out count;`);
    assert.equal(counted.elements[0]?.type, "count");
  });

  it("understands negation, case and named sets", async () => {
    const { elements } = await ask(
      `nwr["amenity"]["name"~"RAMIRO",i]["disused:amenity"!~"."](around:10000,${LISBON})->.a;nwr["amenity"][!"cuisine"](around:10000,${LISBON})->.b;.a out center;.b out center;`,
    );
    assert.equal(elements[0]?.tags?.["name"], "Ramiro");
    assert.ok(elements.slice(1).every(({ tags }) => tags !== undefined && !("cuisine" in tags)));
  });

  it(`knows ${GENERATED_PLACE_COUNT} places around any other destination, the same for the same seed`, async () => {
    // Porto, whose places nobody wrote down.
    const query = `nwr["name"](around:20000,41.14961,-8.61099);out tags center;`;
    const first = await ask(query);
    assert.equal(first.elements.length, GENERATED_PLACE_COUNT);
    const other = await startTestProviders({ seed: 2, now: () => 0 });
    try {
      const again = await startTestProviders({ seed: 1, now: () => 0 });
      const elementsOf = async (server: TestProviders) =>
        answerSchema.parse(
          await (
            await fetch(`${server.server("overpass").baseUrl}/api/interpreter`, {
              method: "POST",
              headers: { "user-agent": "Wayfarer/0.1" },
              body: new URLSearchParams({ data: `[out:json];${query}` }),
            })
          ).json(),
        ).elements;
      assert.deepEqual(await elementsOf(again), first.elements);
      assert.notDeepEqual(await elementsOf(other), first.elements);
      await again.close();
    } finally {
      await other.close();
    }
  });

  it("refuses clients without a name of their own, parallel queries and what it cannot read", async () => {
    assert.equal((await post("[out:json];", "undici")).status, 406);
    const wrong = await post("[out:json];\nnode[place](around:1,2,3) out;");
    assert.equal(wrong.status, 400);
    assert.match(await wrong.text(), /line 2: parse error: ';' expected - 'out' found\./);
    providers.setLatencyMs(15);
    const query = `[out:json];node["place"](around:10,${LISBON});out;`;
    const statuses = (await Promise.all([post(query), post(query), post(query)])).map(({ status }) => status);
    assert.deepEqual(
      statuses.sort((a, b) => a - b),
      [200, 429, 429],
    );
    assert.equal((await post(query)).status, 200);
  });

  it("stops in a 200 with a remark when told to", async () => {
    providers.setFault("overpass", { kind: "remark" }, 1);
    const { remark, elements } = await ask(`node["place"](around:10000,${LISBON});out;`);
    assert.match(remark ?? "", /timed out/);
    assert.equal(elements.length, 0);
    assert.ok((await ask(`node["place"](around:10000,${LISBON});out;`)).elements.length > 0);
  });
});
