import assert from "node:assert/strict";
import { timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  Evidence_Kind,
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  Verification_Verdict,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { perplexity } from "../../services/content-fetcher/providers/perplexity/perplexity.ts";
import { NOW_MS, queryOf, type QueryParts } from "./harness.ts";
import { answerOf, RESTAURANT, RESULTS } from "./perplexity-answers.ts";
import { serveAdapter } from "./served-adapter.ts";

describe("Perplexity", () => {
  const served = serveAdapter(perplexity);
  const fetch = async (kind: SectionKind, items: readonly object[], parts: QueryParts = {}) => {
    served.answerWith(() => answerOf(items));
    return await served.adapter().fetch(kind, queryOf(parts));
  };
  const listingsOf = async (kind: SectionKind, items: readonly object[]): Promise<Listing[]> => {
    const { content, outcome } = await fetch(kind, items);
    assert.deepEqual(served.adapter().defects, []);
    assert.ok(outcome.kind !== OutcomeKind.FAILED, outcome.detail);
    return content?.listings ?? [];
  };
  const restaurantOf = async (parts: object): Promise<Listing> => {
    const [listing] = await listingsOf(SectionKind.RESTAURANTS, [{ ...RESTAURANT, ...parts }]);
    assert.ok(listing);
    return listing;
  };
  const titlesOf = async (kind: SectionKind, items: readonly object[]): Promise<string[]> =>
    (await listingsOf(kind, items)).map(({ title }) => title);

  it("reads a restaurant field by field", async () => {
    const listing = await restaurantOf({
      summary: "Grilled fish at **marble** tables [2][3]. Open since [1947](https://tasca.example/story).",
      cuisines: ["Portuguese", "sea food"],
      price_level: 2,
      diets: ["Vegetarian"],
      dishes: ["Bacalhau à Brás[2]", "N/A"],
      address: "Rua do Exemplo 7 [2]",
      sources: ["[2]"],
    });
    assert.equal(listing.key, "tasca-do-exemplo");
    assert.equal(listing.summary, "Grilled fish at marble tables. Open since 1947.");
    assert.equal(listing.languageCode, "en");
    assert.equal(listing.address, "Rua do Exemplo 7");
    assert.ok(listing.details.case === "restaurant");
    const { cuisines, priceLevel, dietaryTags, signatureDishes } = listing.details.value;
    assert.deepEqual(cuisines, ["portuguese", "sea-food"]);
    assert.deepEqual([priceLevel, dietaryTags, signatureDishes], [2, ["vegetarian"], ["Bacalhau à Brás"]]);
    assert.deepEqual(
      listing.citations.map(({ uri, title, publishTime }) => [
        uri,
        title,
        publishTime && timestampDate(publishTime).toISOString().slice(0, 10),
      ]),
      [
        ["https://www.tasca.example/en/", "Tasca do Exemplo", "2026-08-09"],
        ["https://city.example/a?page=3#top", "city.example", "2025-01-02"],
      ],
    );
    assert.equal(timestampMs(listing.citations[0]?.fetchTime ?? assert.fail()), NOW_MS);
  });

  it("says that its places are plausible, because pages that it cites were found", async () => {
    assert.equal(perplexity.languageModel, true);
    const { verification } = await restaurantOf({ sources: ["[1]", "[2]"] });
    assert.equal(verification?.verdict, Verification_Verdict.PLAUSIBLE);
    assert.deepEqual(
      verification.evidence.map(({ kind, provider, reference }) => [kind, provider, reference]),
      RESULTS.slice(0, 2).map(({ url }) => [Evidence_Kind.CITED_PAGE_FOUND, "providers/perplexity", url]),
    );
  });

  it("drops citations of pages that were not found, and leaves out what has no other", async () => {
    const items = [
      { ...RESTAURANT, name: "Kept", summary: "x", sources: ["https://eat.example/lisbon/", "[9]"] },
      { ...RESTAURANT, name: "Number nine", summary: "Good.[9]", sources: ["[9]"] },
      { ...RESTAURANT, name: "Elsewhere", summary: "x", sources: ["https://other.example/page"] },
      { ...RESTAURANT, name: "Uncited", summary: "x", sources: [] },
    ];
    const listings = await listingsOf(SectionKind.RESTAURANTS, items);
    assert.deepEqual(
      listings.map(({ title, citations }) => [title, citations.map(({ uri }) => uri)]),
      [["Kept", ["https://eat.example/lisbon"]]],
    );
  });

  it("takes no number that means two pages", async () => {
    served.answerWith(() =>
      answerOf(
        [
          { ...RESTAURANT, name: "Both", sources: ["[1]"] },
          { ...RESTAURANT, name: "One", summary: "x", sources: ["[2]"] },
        ],
        [...RESULTS, { id: 1, url: "https://second.example/search" }],
      ),
    );
    const { content } = await served.adapter().fetch(SectionKind.RESTAURANTS);
    assert.deepEqual(
      content?.listings.map(({ title }) => title),
      ["One"],
    );
  });

  it("leaves out names of nothing, and the same place twice", async () => {
    const names = [
      ..."N/A|Unknown|TBD|-|[Name]|{restaurant}|Local restaurant|A popular restaurant|Restaurant 3|Explore Lisbon".split(
        "|",
      ),
      ..."Lisbon|restaurant B|The Hotel Restaurant|No events found|x|As an AI I cannot say|Belcanto|Belcanto".split(
        "|",
      ),
    ];
    const items = names.map((name) => ({ ...RESTAURANT, name }));
    assert.deepEqual(await titlesOf(SectionKind.RESTAURANTS, items), ["Belcanto"]);
  });

  it("leaves empty what is not said", async () => {
    const listing = await restaurantOf({
      summary: "Contact hotel concierge for details.[1]",
      cuisines: ["unknown"],
      price_level: 7,
      address: "Not specified.",
    });
    assert.deepEqual([listing.summary, listing.languageCode, listing.address], ["", "", ""]);
    assert.ok(listing.details.case === "restaurant");
    assert.deepEqual([listing.details.value.cuisines, listing.details.value.priceLevel], [[], 0]);
  });

  it("cuts long summaries at a sentence", async () => {
    const { summary } = await restaurantOf({ summary: "A sentence of words.[1] ".repeat(60) });
    assert.ok(summary.length <= 600 && summary.length > 500 && summary.endsWith("words."));
    assert.ok(!summary.includes("["));
  });
});
