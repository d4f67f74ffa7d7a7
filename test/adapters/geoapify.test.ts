import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import {
  ListingSchema,
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { geoapify } from "../../services/content-fetcher/providers/geoapify/geoapify.ts";
import { mergeListings } from "../../services/guide-composer/assemble/listings/merge.ts";
import { fixture } from "./fixtures.ts";
import { queryOf, TEST_KEY } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";

const CONSTRUCTED = fixture("geoapify/lisbon-constructed.200.json");

describe("Geoapify", () => {
  const served = serveAdapter(geoapify);
  const listingsOf = async (
    kind: SectionKind,
    body = CONSTRUCTED,
    languageCode = "en",
  ): Promise<Listing[]> => {
    served.answerWith(() => ({ body }));
    const { content, outcome } = await served.adapter().fetch(kind, queryOf({ languageCode }));
    assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
    return content?.listings ?? [];
  };
  const byTitle = (listings: readonly Listing[], title: string): Listing => {
    const found = listings.find((listing) => listing.title === title);
    assert.ok(found, `${title} is among ${listings.map((listing) => listing.title).join(", ")}`);
    return found;
  };
  const idsOf = ({ providerIds }: Listing): string[] =>
    providerIds.map(({ provider, id }) => `${provider} ${id}`);

  it("reads a restaurant from its raw tags", async () => {
    const listing = byTitle(await listingsOf(SectionKind.RESTAURANTS), "Tasca do Exemplo");
    assert.equal(listing.key, "tasca-do-exemplo@38.711,-9.137");
    assert.deepEqual([listing.location?.latitude, listing.location?.longitude], [38.7110001, -9.1370002]);
    assert.equal(listing.address, "Rua do Exemplo 7, 1100-001 Lisboa");
    assert.equal(listing.phone, "+351 21 000 0001");
    assert.equal(listing.websiteUri, "https://tasca.example/");
    assert.equal(listing.openingHours, "Tu-Su 12:00-15:00,19:00-23:00");
    assert.deepEqual(listing.accessibilityTags, ["wheelchair-limited"]);
    assert.deepEqual(idsOf(listing), [
      "providers/geoapify 51f1f9bc3d2b4622c059dbf8b8db02b64340f00103f901e903000000000000920310546173636120646f204578656d706c6f",
      "providers/overpass node/1001",
    ]);
    assert.ok(listing.details.case === "restaurant");
    assert.deepEqual(listing.details.value.cuisines, ["portuguese", "fish-and-chips"]);
    assert.deepEqual(listing.details.value.dietaryTags, ["no-halal", "vegan", "vegetarian"]);
    const [citation] = listing.citations;
    assert.equal(citation?.provider, "providers/geoapify");
    assert.equal(citation.uri, "https://www.openstreetmap.org/node/1001");
    assert.equal(citation.title, "OpenStreetMap: Tasca do Exemplo");
    assert.equal(citation.license, "ODbL-1.0");
  });

  it("reads a cafe from its properties where there are no raw tags", async () => {
    const listing = byTitle(await listingsOf(SectionKind.RESTAURANTS), "Café Modelo");
    assert.equal(listing.address, "Praça Modelo 1, 1100-002 Lisbon");
    assert.equal(listing.openingHours, "Mo-Su 08:00-20:00");
    assert.equal(listing.websiteUri, "https://cafe.example/");
    assert.deepEqual(listing.accessibilityTags, ["wheelchair"]);
    assert.ok(listing.details.case === "restaurant");
    assert.deepEqual(listing.details.value.dietaryTags, ["vegan", "vegetarian"]);
    // The object is read from the id.
    assert.equal(listing.citations[0]?.uri, "https://www.openstreetmap.org/way/1002");
    assert.ok(idsOf(listing).includes("providers/overpass way/1002"));
  });

  it("lists nothing that is closed, commonplace, nameless or under other terms, and nothing twice", async () => {
    const titles = async (kind: SectionKind) => (await listingsOf(kind)).map(({ title }) => title);
    assert.deepEqual(await titles(SectionKind.RESTAURANTS), ["Tasca do Exemplo", "Café Modelo"]);
    assert.deepEqual(await titles(SectionKind.ATTRACTIONS), ["Exemplary Castle", "Torre do Exemplo"]);
  });

  it("reads attractions by their tags, or else by their categories", async () => {
    const listings = await listingsOf(SectionKind.ATTRACTIONS);
    const castle = byTitle(listings, "Exemplary Castle");
    assert.equal(castle.key, "q900000002");
    assert.equal(castle.wikidataId, "Q900000002");
    assert.equal(castle.citations[0]?.title, "OpenStreetMap: Exemplary Castle (Castelo Exemplar)");
    assert.deepEqual(castle.accessibilityTags, ["no-wheelchair"]);
    assert.ok(castle.details.case === "attraction");
    assert.equal(castle.details.value.category, "castle");
    assert.equal(castle.details.value.fee?.text, "12.50 EUR");
    const tower = byTitle(listings, "Torre do Exemplo");
    assert.equal(tower.wikidataId, "Q900000005");
    assert.deepEqual([tower.location?.latitude, tower.location?.longitude], [38.7, -9.14]);
    assert.ok(tower.details.case === "attraction");
    assert.equal(tower.details.value.category, "tower");
    assert.equal(tower.details.value.fee?.text, "free");
    // No object is known: its place on the map is the page.
    assert.equal(tower.citations[0]?.uri, "https://www.openstreetmap.org/#map=19/38.7/-9.14");
    assert.deepEqual(idsOf(tower), ["providers/geoapify not one of theirs"]);
  });

  const featureOf = (properties: object, geometry?: object): object => ({
    type: "Feature",
    properties: {
      datasource: { sourcename: "openstreetmap" },
      categories: ["catering.restaurant"],
      ...properties,
    },
    geometry,
  });
  const read = (...features: readonly object[]): Promise<Listing[]> =>
    listingsOf(SectionKind.RESTAURANTS, JSON.stringify({ type: "FeatureCollection", features }));

  it("reads names and numbers that are numbers in the answer", async () => {
    const [listing] = await read(
      featureOf({
        name: 1900,
        datasource: {
          sourcename: "openstreetmap",
          raw: {
            name: 1900,
            amenity: "restaurant",
            osm_id: 5,
            osm_type: "n",
            phone: 351210000001,
            "addr:street": "Rua do Exemplo",
            "addr:housenumber": 12,
          },
        },
      }),
    );
    assert.deepEqual(
      [listing?.title, listing?.phone, listing?.address],
      ["1900", "351210000001", "Rua do Exemplo 12"],
    );
  });

  it("reads diets and names by language from the properties", async () => {
    const [listing] = await read(
      featureOf({
        name: "ビーガン食堂",
        name_international: { en: "Vegan Diner", ko: "비건 식당" },
        categories: ["catering.cafe", "catering.cafe.coffee_shop"],
        catering: { diet: { vegan: true, halal: false, kosher: null } },
      }),
    );
    assert.equal(listing?.title, "Vegan Diner");
    assert.equal(listing.citations[0]?.title, "OpenStreetMap: Vegan Diner (ビーガン食堂)");
    assert.ok(listing.details.case === "restaurant");
    assert.deepEqual(listing.details.value.cuisines, ["coffee-shop"]);
    assert.deepEqual(listing.details.value.dietaryTags, ["no-halal", "vegan", "vegetarian"]);
  });

  it("passes over a place that cannot be read, and lists one that is nowhere", async () => {
    const listings = await read(
      featureOf({ name: "Odd", categories: "catering.restaurant" }),
      featureOf({ name: "Casa" }, { type: "Polygon", coordinates: [[[1, 2]]] }),
    );
    assert.deepEqual(
      listings.map(({ title, location }) => [title, location]),
      [["Casa", undefined]],
    );
  });

  it("is one with what Overpass says of the same object, under another name and far from its point", async () => {
    const [tasca] = await listingsOf(SectionKind.RESTAURANTS);
    assert.ok(tasca);
    const overpass = create(ListingSchema, {
      key: "restaurante-do-exemplo",
      title: "Restaurante Velho",
      location: { latitude: 38.712, longitude: -9.136 },
      address: "Rua Outra 99, 1100-001 Lisboa",
      providerIds: [{ provider: "providers/overpass", id: "node/1001" }],
      citations: [{ provider: "providers/overpass", uri: "https://www.openstreetmap.org/node/1001" }],
      details: { case: "restaurant", value: {} },
    });
    const merged = mergeListings([[overpass], [tasca]], "en");
    assert.equal(merged.length, 1);
    assert.deepEqual(
      merged[0]?.citations.map(({ provider }) => provider),
      ["providers/overpass", "providers/geoapify"],
    );
  });

  it("asks for the categories of one kind around the centre, in the language alone", async () => {
    await listingsOf(SectionKind.RESTAURANTS, CONSTRUCTED, "pt-BR");
    const given = served.server().requests[0]?.url.searchParams;
    assert.equal(
      given?.get("categories"),
      "catering.restaurant,catering.cafe,catering.fast_food,catering.food_court,catering.ice_cream",
    );
    assert.equal(given.get("filter"), "circle:-9.13333,38.71667,2500");
    assert.equal(given.get("lang"), "pt");
    assert.equal(given.get("apiKey"), TEST_KEY);
  });

  it("says nothing found for the recorded empty answer", async () => {
    served.answerWith(() => ({ body: fixture("geoapify/geoapify_no_results.json") }));
    const { outcome } = await served.adapter().fetch(SectionKind.ATTRACTIONS);
    assert.equal(outcome.kind, OutcomeKind.NOTHING_FOUND);
    const { destinations } = await served.adapter().geocode("thistextcannotbefoundfromthegeoapifyapi");
    assert.deepEqual(destinations, []);
  });

  const REFUSALS: readonly (readonly [status: number, body: string, reason: string])[] = [
    [401, fixture("geoapify/geoapify_invalid_key.json"), "PROVIDER_ACCESS_DENIED"],
    [403, '{"statusCode":403,"error":"Forbidden","message":"Forbidden"}', "PROVIDER_ACCESS_DENIED"],
    [
      400,
      '{"statusCode":400,"error":"Bad Request","message":"\\"categories\\" is required"}',
      "PROVIDER_RESPONSE_INVALID",
    ],
    [
      429,
      '{"statusCode":429,"error":"Too Many Requests","message":"Rate limit exceeded"}',
      "PROVIDER_RATE_LIMITED",
    ],
    [500, fixture("geoapify/geoapify_invalid_request.json"), "PROVIDER_UNAVAILABLE"],
  ];
  for (const [status, body, reason] of REFUSALS) {
    it(`names its refusal with status ${status}`, async () => {
      served.answerWith(() => ({ status, body }));
      const { outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
      assert.equal(toReason(outcome.reason), reason);
      assert.doesNotMatch(outcome.detail, /apiKey|categories|again/);
    });
  }

  describe("geocoding", () => {
    const found = (change: object): object => ({
      type: "Feature",
      properties: {
        datasource: { sourcename: "openstreetmap", license: "Open Database License" },
        city: "Nagoya",
        state: "Aichi Prefecture",
        country: "Japan",
        country_code: "jp",
        lon: 136.8998438,
        lat: 35.1851045,
        result_type: "city",
        formatted: "Nagoya, Aichi Prefecture, Japan",
        address_line1: "Nagoya",
        category: "administrative",
        place_id: "5145903985cb1c614059d5eb1681b1974140f00101f901aad6450000000000c00208",
        ...change,
      },
    });
    const find = async (...features: readonly object[]) => {
      served.answerWith(() => ({ body: JSON.stringify({ type: "FeatureCollection", features }) }));
      return (await served.adapter().geocode("Nagoya")).destinations;
    };

    it("reads a place field by field", async () => {
      const [nagoya] = await find(found({}));
      assert.ok(nagoya);
      assert.equal(nagoya.name, "destinations/osm-r4576938");
      assert.equal(nagoya.displayName, "Nagoya");
      assert.equal(nagoya.region, "Aichi Prefecture");
      assert.equal(nagoya.countryCode, "JP");
      assert.equal(nagoya.timeZone, "Asia/Tokyo");
      assert.deepEqual([nagoya.location?.latitude, nagoya.location?.longitude], [35.1851045, 136.8998438]);
    });

    it("passes over what is no destination, and what has no object of OpenStreetMap", async () => {
      const names = await find(
        found({ result_type: "country", name: "Japan" }),
        found({ result_type: "street", name: "Nagoya Street" }),
        found({ result_type: "postcode", category: "administrative" }),
        found({ result_type: "amenity", category: "catering.restaurant", name: "Nagoya" }),
        found({ place_id: "512c6519e2580554c0595c2041f163944440c00206e2031e77686f736f6e66697273743a" }),
        found({ result_type: "unknown", category: "natural.island", name: "Nagoya Island" }),
        found({ result_type: "state", name: "Aichi Prefecture" }),
      );
      assert.deepEqual(
        names.map(({ displayName, region }) => [displayName, region]),
        [
          ["Nagoya Island", "Aichi Prefecture"],
          ["Aichi Prefecture", ""],
        ],
      );
    });

    for (const name of ["geoapify_madison_square_garden.json", "geoapify_reverse.json"]) {
      it(`reads the recorded ${name}, which is about no destination`, async () => {
        served.answerWith(() => ({ body: fixture(`geoapify/${name}`) }));
        const { destinations, outcomes } = await served.adapter().geocode("Madison Square Garden");
        assert.deepEqual(destinations, []);
        assert.equal(outcomes[0]?.kind, OutcomeKind.NOTHING_FOUND);
      });
    }

    it("reads the recorded attraction as a place too, by the object in its id", async () => {
      const body = fixture("geoapify/geoapify_madison_square_garden.json").replace(
        '"category": "tourism.attraction"',
        '"categories": ["tourism", "tourism.attraction"]',
      );
      const [garden] = await listingsOf(SectionKind.ATTRACTIONS, body);
      assert.equal(garden?.title, "Madison Square Garden");
      assert.equal(garden.citations[0]?.uri, "https://www.openstreetmap.org/way/138141251");
      assert.equal(garden.address, "4 Pennsylvania Plaza, New York 10001");
    });
  });
});
