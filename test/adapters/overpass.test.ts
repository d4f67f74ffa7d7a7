import assert from "node:assert/strict";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import { z } from "zod";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { overpass } from "../../services/content-fetcher/providers/overpass/overpass.ts";
import { fixture } from "./fixtures.ts";
import { NOW_MS, queryOf } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";

const CONSTRUCTED = fixture("overpass/lisbon-constructed.200.json");
const ALL_KINDS = [
  SectionKind.ATTRACTIONS,
  SectionKind.RESTAURANTS,
  SectionKind.NEIGHBORHOODS,
  SectionKind.EXPERIENCES,
];

describe("Overpass", () => {
  const served = serveAdapter(overpass);
  const listingsOf = async (kind: SectionKind, languageCode = "en"): Promise<Listing[]> => {
    served.answerWith(() => ({ body: CONSTRUCTED }));
    const { content, outcome } = await served.adapter().fetch(kind, queryOf({ languageCode }));
    assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
    return content?.listings ?? [];
  };
  const titles = (listings: readonly Listing[]): string[] => listings.map(({ title }) => title);
  const byTitle = (listings: readonly Listing[], title: string): Listing => {
    const found = listings.find((listing) => listing.title === title);
    assert.ok(found, `${title} is among ${titles(listings).join(", ")}`);
    return found;
  };

  it("reads a restaurant field by field", async () => {
    const listing = byTitle(await listingsOf(SectionKind.RESTAURANTS), "Tasca do Exemplo");
    assert.equal(listing.key, "tasca-do-exemplo@38.711,-9.137");
    assert.deepEqual([listing.location?.latitude, listing.location?.longitude], [38.7110001, -9.1370002]);
    assert.equal(listing.address, "Rua do Exemplo 7, 1100-001 Lisboa");
    assert.equal(listing.phone, "+351 21 000 0001");
    assert.equal(listing.websiteUri, "https://tasca.example/");
    assert.equal(listing.openingHours, "Tu-Su 12:00-15:00,19:00-23:00");
    assert.deepEqual(listing.accessibilityTags, ["wheelchair-limited"]);
    assert.deepEqual(
      listing.providerIds.map(({ provider, id }) => [provider, id]),
      [["providers/overpass", "node/1001"]],
    );
    // Stars of a restaurant are no rating of its guests, and nothing says what it costs.
    assert.equal(listing.ratingScore, undefined);
    assert.equal(listing.details.case, "restaurant");
    const { details } = listing;
    assert.ok(details.case === "restaurant");
    assert.deepEqual(details.value.cuisines, ["portuguese", "fish-and-chips"]);
    assert.deepEqual(details.value.dietaryTags, ["gluten-free", "no-halal", "vegan", "vegetarian"]);
    assert.equal(details.value.priceLevel, 0);
    assert.equal(details.value.reservationUri, "https://tasca.example/book");
    const [citation] = listing.citations;
    assert.equal(citation?.uri, "https://www.openstreetmap.org/node/1001");
    assert.equal(citation.title, "OpenStreetMap: Tasca do Exemplo");
    assert.equal(citation.license, "ODbL-1.0");
    assert.ok(citation.fetchTime && timestampMs(citation.fetchTime) === NOW_MS);
  });

  it("writes an address in the order of its country", async () => {
    const addressIn = async (countryCode: string, tags: object): Promise<string | undefined> => {
      const named = { amenity: "restaurant", name: "Grill", ...tags };
      const element = { type: "node", id: 1, lat: 38.71, lon: -9.13, tags: named };
      served.answerWith(() => ({ body: JSON.stringify({ elements: [element] }) }));
      const query = queryOf({ destination: { countryCode } });
      const { content } = await served.adapter().fetch(SectionKind.RESTAURANTS, query);
      return content?.listings[0]?.address;
    };
    const boston = {
      "addr:street": "Huntington Avenue",
      "addr:housenumber": "465",
      "addr:postcode": "02115",
      "addr:city": "Boston",
    };
    assert.equal(await addressIn("US", boston), "465 Huntington Avenue, Boston 02115");
    assert.equal(await addressIn("FR", boston), "465 Huntington Avenue, 02115 Boston");
    assert.equal(await addressIn("DE", boston), "Huntington Avenue 465, 02115 Boston");
    assert.equal(await addressIn("", boston), "Huntington Avenue 465, 02115 Boston");
    // Across a border the place itself says where it is.
    assert.equal(
      await addressIn("CH", { ...boston, "addr:country": "fr" }),
      "465 Huntington Avenue, 02115 Boston",
    );
    assert.equal(await addressIn("US", { "addr:city": "Boston", "addr:place": "Pier 4" }), "Pier 4, Boston");
    assert.equal(await addressIn("US", { "addr:full": "Huntington Avenue 465" }), "Huntington Avenue 465");
  });

  it("names places in the language asked for, and keeps the local name in the citation", async () => {
    const cafe = byTitle(await listingsOf(SectionKind.RESTAURANTS), "Model Café");
    assert.equal(cafe.citations[0]?.title, "OpenStreetMap: Model Café (Café Modelo)");
    assert.equal(cafe.key, "q900000001");
    assert.deepEqual([cafe.summary, cafe.languageCode], ["A café of the 19th century.", "en"]);
    assert.deepEqual([cafe.location?.latitude, cafe.location?.longitude], [38.7095, -9.1335]);
    assert.ok(titles(await listingsOf(SectionKind.RESTAURANTS, "pt-BR")).includes("Café Modelo"));
    assert.ok(titles(await listingsOf(SectionKind.ATTRACTIONS, "de-AT")).includes("Musterburg"));
  });

  it("leaves out what is closed, gone, nameless or no place, and keeps what found a new use", async () => {
    assert.deepEqual(titles(await listingsOf(SectionKind.RESTAURANTS)).sort(), [
      "Model Café",
      "Novo Uso",
      "Tasca do Exemplo",
    ]);
  });

  it("tells apart from the listings what is closed or gone", async () => {
    served.answerWith(() => ({ body: CONSTRUCTED }));
    const { content } = await served.adapter().fetch(SectionKind.RESTAURANTS, queryOf());
    assert.deepEqual(titles(content?.closedListings ?? []).sort(), ["Antigo", "Fechado"]);
    assert.equal(content?.closedListings[0]?.providerIds[0]?.provider, "providers/overpass");
  });

  it("says of wheelchairs and diets what is known to be missing", async () => {
    const cafe = byTitle(await listingsOf(SectionKind.RESTAURANTS), "Model Café");
    assert.deepEqual(cafe.accessibilityTags, ["no-wheelchair"]);
    assert.deepEqual(cafe.details.case === "restaurant" && cafe.details.value.dietaryTags, ["no-vegetarian"]);
    const vegan = byTitle(await listingsOf(SectionKind.RESTAURANTS), "Novo Uso");
    assert.deepEqual(vegan.details.case === "restaurant" && vegan.details.value.dietaryTags, [
      "vegan",
      "vegetarian",
    ]);
  });

  it("reads attractions, each once, the best described first", async () => {
    const listings = await listingsOf(SectionKind.ATTRACTIONS);
    assert.deepEqual(titles(listings), [
      "Exemplary Castle",
      "Mesquita Modelo",
      "Sé Exemplar",
      "Jardim Modelo",
      "Miradouro do Modelo",
    ]);
    const [castle, mosque, cathedral, garden, viewpoint] = listings.map(({ details }) => {
      assert.ok(details.case === "attraction");
      return details.value;
    });
    assert.equal(castle?.category, "castle");
    assert.equal(castle.fee?.text, "12.50 EUR");
    assert.deepEqual(
      [castle.fee.minAmount?.currencyCode, castle.fee.minAmount?.units, castle.fee.minAmount?.nanos],
      ["EUR", 12n, 500_000_000],
    );
    assert.deepEqual(castle.fee.maxAmount, castle.fee.minAmount);
    assert.equal(cathedral?.category, "cathedral");
    assert.equal(cathedral.fee?.text, "children free, others 5 euro");
    assert.equal(cathedral.fee.minAmount, undefined);
    assert.equal(mosque?.category, "mosque");
    assert.equal(garden?.category, "garden");
    assert.equal(viewpoint?.category, "viewpoint");
    assert.equal(viewpoint.fee?.text, "free");
    assert.equal(viewpoint.fee.minAmount?.units, 0n);
    assert.equal(byTitle(listings, "Jardim Modelo").wikidataId, "Q900000004");
    const { summary, languageCode } = byTitle(listings, "Miradouro do Modelo");
    assert.deepEqual([summary, languageCode], ["Vista sobre o rio", "und"]);
  });

  it("describes districts by what the map says of them", async () => {
    const listings = await listingsOf(SectionKind.NEIGHBORHOODS);
    assert.deepEqual(
      listings.map(({ title, summary, languageCode }) => [title, summary, languageCode]),
      [
        ["Bairro Modelo", "Suburb, 12,345 inhabitants", "en"],
        ["Vila Exemplo", "", ""],
      ],
    );
  });

  it("reads things to do with their price", async () => {
    const listings = await listingsOf(SectionKind.EXPERIENCES);
    assert.deepEqual(titles(listings).sort(), ["Sala Fechada", "Teatro Modelo"]);
    const theatre = byTitle(listings, "Teatro Modelo");
    assert.equal(theatre.address, "Praça Modelo 1, Lisboa");
    assert.ok(theatre.details.case === "experience");
    assert.equal(theatre.details.value.category, "theatre");
    assert.equal(theatre.details.value.price?.minAmount?.units, 20n);
  });

  it("asks once for all kinds of an RPC", async () => {
    served.answerWith(() => ({ body: CONSTRUCTED }));
    const results = await served.adapter().fetchAll(ALL_KINDS);
    assert.ok(results.every(({ outcome }) => outcome.kind === OutcomeKind.CONTENT));
    assert.equal(served.server().requests.length, 1);
    const data = new URLSearchParams(served.server().requests[0]?.body).get("data") ?? "";
    for (const word of ["amenity", "tourism", "place", "leisure"])
      assert.ok(data.includes(`"${word}"`), word);
    // Sorted by place, a cut would keep one corner of the town.
    assert.doesNotMatch(data, /\bqt\b/);
  });

  it("gives the same order whatever the order of the answer", async () => {
    const parsed = z
      .object({ elements: z.array(z.record(z.string(), z.unknown())) })
      .parse(JSON.parse(CONSTRUCTED));
    const expected = titles(await listingsOf(SectionKind.ATTRACTIONS));
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(parsed.elements, { minLength: parsed.elements.length }),
        async (elements) => {
          served.answerWith(() => ({ body: JSON.stringify({ elements }) }));
          const { content } = await served.adapter().fetch(SectionKind.ATTRACTIONS);
          assert.deepEqual(titles(content?.listings ?? []), expected);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("returns no more listings than asked for", async () => {
    served.answerWith(() => ({ body: CONSTRUCTED }));
    const { content } = await served
      .adapter()
      .fetch(SectionKind.ATTRACTIONS, queryOf({ maxListingCount: 2 }));
    assert.deepEqual(titles(content?.listings ?? []), ["Exemplary Castle", "Mesquita Modelo"]);
  });

  for (const name of [
    "overpass-ts-node.json",
    "overpass-ts-way.json",
    "overpass-ts-count.json",
    "overpy-node-01.json",
    "overpy-area-01.json",
    "overpy-result-way-01.json",
  ]) {
    it(`reads the recorded ${name}, which has nothing for a guide`, async () => {
      served.answerWith(() => ({ body: fixture(`overpass/${name}`) }));
      for (const kind of ALL_KINDS) {
        const { content, outcome } = await served.adapter().fetch(kind);
        assert.equal(outcome.kind, OutcomeKind.NOTHING_FOUND, outcome.detail);
        assert.equal(content, undefined);
      }
    });
  }

  const OUT_OF_MEMORY = fixture("overpass/overpass-ts-remark-oom.raw.txt");
  const REMARKS: Readonly<Record<string, string>> = {
    "a query that timed out": fixture("overpass/overpy-remark-runtime-error-01.json"),
    "a remark of another kind": fixture("overpass/overpy-remark-runtime-remark-01.json"),
    "a remark of no kind": fixture("overpass/overpy-remark-unknown-01.json"),
    // Headers first, then the body.
    "a query that ran out of memory": OUT_OF_MEMORY.slice(OUT_OF_MEMORY.indexOf('{\n  "version"')),
    "a remark beside elements": CONSTRUCTED.replace(/\}\s*$/, ',"remark":"runtime error: x"}'),
  };
  for (const [what, body] of Object.entries(REMARKS)) {
    it(`takes ${what} for a failure, although the status is 200`, async () => {
      served.answerWith(() => ({ body }));
      const { content, outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
      assert.equal(outcome.kind, OutcomeKind.FAILED);
      assert.equal(toReason(outcome.reason), "PROVIDER_RESPONSE_INVALID");
      assert.equal(content, undefined);
      assert.doesNotMatch(outcome.detail, /runtime|Test remark/);
    });
  }

  for (const tags of ["none", ["a list"], { name: "Casa", level: 2 }, null]) {
    it(`takes ${JSON.stringify(tags)} for no tags`, async () => {
      const element = { type: "node", id: 1, lat: 38.7, lon: -9.1, tags };
      served.answerWith(() => ({ body: JSON.stringify({ elements: [element] }) }));
      const { outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
      assert.equal(toReason(outcome.reason), "PROVIDER_RESPONSE_INVALID");
      assert.match(outcome.detail, /elements\.0\.tags/);
    });
  }

  for (const [status, reason] of [
    [429, "PROVIDER_RATE_LIMITED"],
    [504, "PROVIDER_UNAVAILABLE"],
  ] as const) {
    it(`stays away for 30 s after a ${status}`, async () => {
      served.answerWith(() => ({ status, headers: { "content-type": "text/html" }, body: "busy" }));
      const { outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
      assert.equal(toReason(outcome.reason), reason);
      assert.equal(outcome.retryDelay?.seconds, 30n);
      assert.equal(outcome.attemptCount, 1);
    });
  }

  const STATUSES: readonly (readonly [status: number, body: string, reason: string])[] = [
    [400, fixture("overpass/overpy-bad-request.html"), "PROVIDER_RESPONSE_INVALID"],
    [400, fixture("overpass/overpy-bad-request-encoding.html"), "PROVIDER_RESPONSE_INVALID"],
    [406, "Not Acceptable", "PROVIDER_ACCESS_DENIED"],
    [504, "<html>too busy</html>", "PROVIDER_UNAVAILABLE"],
  ];
  for (const [status, body, reason] of STATUSES) {
    it(`names a ${status} with a web page ${reason}`, async () => {
      served.answerWith(() => ({ status, headers: { "content-type": "text/html" }, body }));
      const { outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
      assert.equal(toReason(outcome.reason), reason);
    });
  }
});
