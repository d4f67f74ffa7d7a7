import assert from "node:assert/strict";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { foursquare } from "../../services/content-fetcher/providers/foursquare/foursquare.ts";
import { fixture } from "./fixtures.ts";
import { NOW_MS, queryOf } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";

const CONSTRUCTED = fixture("foursquare/lisbon-constructed.200.json");

describe("Foursquare", () => {
  const served = serveAdapter(foursquare);
  const listingsOf = async (kind: SectionKind, body = CONSTRUCTED): Promise<Listing[]> => {
    served.answerWith(() => ({ body }));
    const { content, outcome } = await served.adapter().fetch(kind);
    assert.ok(
      outcome.kind === OutcomeKind.CONTENT || outcome.kind === OutcomeKind.NOTHING_FOUND,
      outcome.detail,
    );
    return content?.listings ?? [];
  };
  const titles = (listings: readonly Listing[]): string[] => listings.map(({ title }) => title);

  it("reads a restaurant field by field", async () => {
    const [listing] = await listingsOf(SectionKind.RESTAURANTS);
    assert.ok(listing);
    assert.equal(listing.title, "Tasca do Exemplo");
    assert.equal(listing.key, "tasca-do-exemplo@38.711,-9.137");
    assert.deepEqual([listing.summary, listing.languageCode], ["Uma tasca de bairro. Pratos do dia.", "und"]);
    assert.deepEqual([listing.location?.latitude, listing.location?.longitude], [38.711, -9.137]);
    assert.equal(listing.address, "Rua do Exemplo 7 (Rua Modelo), 1100-001 Lisboa");
    assert.equal(listing.phone, "21 000 0001");
    assert.equal(listing.websiteUri, "https://tasca.example/");
    assert.equal(listing.openingHours, "Tu-We 12:00-15:00,19:00-23:00; Sa 18:00-02:00");
    assert.equal(listing.ratingScore, 0.87);
    assert.equal(listing.ratingCount, 345);
    assert.ok(listing.details.case === "restaurant");
    const { cuisines, priceLevel, dietaryTags } = listing.details.value;
    assert.deepEqual([cuisines, priceLevel, dietaryTags], [["portuguese", "seafood"], 2, []]);
    assert.deepEqual(
      listing.providerIds.map(({ provider, id }) => [provider, id]),
      [["providers/foursquare", "ffff00000000000000000001"]],
    );
    const [citation] = listing.citations;
    assert.deepEqual(
      [citation?.uri, citation?.title, citation?.license],
      ["https://foursquare.com/v/ffff00000000000000000001", "Foursquare: Tasca do Exemplo", ""],
    );
    assert.ok(citation?.fetchTime && timestampMs(citation.fetchTime) === NOW_MS);
  });

  it("leaves out what has closed and what is no eatery", async () => {
    assert.deepEqual(titles(await listingsOf(SectionKind.RESTAURANTS)), [
      "Tasca do Exemplo",
      "Café Modelo",
      "Horta Modelo",
    ]);
  });

  it("tells apart from the listings what has closed", async () => {
    served.answerWith(() => ({ body: CONSTRUCTED }));
    const { content } = await served.adapter().fetch(SectionKind.RESTAURANTS, queryOf());
    assert.ok(content && content.closedListings.length > 0);
    const listed = titles(content.listings);
    assert.ok(titles(content.closedListings).every((title) => !listed.includes(title)));
  });

  it("says nothing where Foursquare says nothing that holds", async () => {
    const [, cafe, garden] = await listingsOf(SectionKind.RESTAURANTS);
    assert.ok(cafe?.details.case === "restaurant" && garden?.details.case === "restaurant");
    assert.deepEqual(cafe.details.value.cuisines, ["cafe"]);
    assert.deepEqual(
      [cafe.details.value.priceLevel, cafe.ratingScore, cafe.ratingCount, cafe.phone, cafe.websiteUri],
      [0, undefined, 0, "", ""],
    );
    assert.deepEqual([cafe.summary, cafe.languageCode], ["", ""]);
    assert.equal(cafe.address, "Largo Modelo 1, Lisboa");
    assert.equal(cafe.openingHours, "Mon-Sat 8:00 AM-7:00 PM");
    assert.deepEqual(
      [garden.location, garden.address, garden.openingHours, garden.ratingScore, garden.ratingCount],
      [undefined, "", "", 0.9, 0],
    );
    assert.deepEqual(garden.details.value.dietaryTags, ["vegetarian"]);
  });

  it("passes over a place that cannot be read", async () => {
    const place = { fsq_place_id: "ffff1", name: "すし", categories: [{ name: "Sushi Restaurant" }] };
    const listings = await listingsOf(
      SectionKind.RESTAURANTS,
      JSON.stringify({ results: [{ ...place, fsq_place_id: null }, { ...place, latitude: "38.7" }, place] }),
    );
    assert.deepEqual(titles(listings), ["すし"]);
    assert.equal(listings[0]?.citations[0]?.uri, "https://foursquare.com/v/ffff1");
  });

  it("reads sights, and passes over roads and districts", async () => {
    const listings = await listingsOf(SectionKind.ATTRACTIONS);
    assert.deepEqual(
      listings.map(({ title, details }) => [title, details.case === "attraction" && details.value.category]),
      [
        ["Museu Modelo", "museum"],
        ["Miradouro do Modelo", "viewpoint"],
      ],
    );
    assert.equal(listings[0]?.openingHours, "");
    assert.equal(listings[0]?.ratingScore, 0.92);
  });

  it("asks each section for its categories, around the destination", async () => {
    await listingsOf(SectionKind.RESTAURANTS);
    await listingsOf(SectionKind.ATTRACTIONS);
    const asked = served.server().requests.map(({ url }) => url.searchParams);
    assert.deepEqual(
      asked.map((given) => [given.get("sort"), given.get("radius"), given.get("cursor")]),
      [
        ["RATING", "2500", null],
        ["POPULARITY", "6000", null],
      ],
    );
    const [eateries = [], sights = []] = asked.map(
      (given) => given.get("fsq_category_ids")?.split(",") ?? [],
    );
    assert.ok(eateries.includes("4d4b7105d754a06374d81259"));
    assert.ok(sights.includes("4bf58dd8d48988d181941735"));
    assert.deepEqual(
      eateries.filter((id) => sights.includes(id)),
      [],
    );
  });

  it("does not ask about a destination without a position", async () => {
    const { outcome } = await served
      .adapter()
      .fetch(SectionKind.RESTAURANTS, queryOf({ destination: { location: undefined } }));
    assert.equal(toReason(outcome.reason), "PROVIDER_OUT_OF_COVERAGE");
    assert.equal(served.server().requests.length, 0);
  });
});
