import assert from "node:assert/strict";
import { timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  BudgetLevel,
  Evidence_Kind,
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  Verification_Verdict,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { perplexity } from "../../services/content-fetcher/providers/perplexity/perplexity.ts";
import { dataIn } from "../providers/perplexity-server.ts";
import { agentSchema } from "../providers/perplexity-request.ts";
import { NOW_MS, queryOf, TEST_KEY, type QueryParts } from "./harness.ts";
import { answerOf, ATTRACTION, EVENT, RESTAURANT, RESULTS } from "./perplexity-answers.ts";
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
      latitude: 38.711,
      longitude: -9.137,
      opening_hours: "Tu-Su 12:00-22:00",
      website: "https://tasca.example/",
      sources: ["[2]"],
    });
    assert.equal(listing.key, "tasca-do-exemplo@38.711,-9.137");
    assert.equal(listing.summary, "Grilled fish at marble tables. Open since 1947.");
    assert.equal(listing.languageCode, "en");
    assert.deepEqual([listing.address, listing.openingHours], ["Rua do Exemplo 7", "Tu-Su 12:00-22:00"]);
    assert.equal(listing.websiteUri, "https://tasca.example/");
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

  const POSITIONS: readonly (readonly [latitude: number | null, longitude: number | null, known: boolean])[] =
    [
      [38.7, -9.1, true],
      [0, 9.5, true],
      [null, -9.1, false],
      [38.7, null, false],
      [0, 0, false],
      [91, 0.5, false],
      [38.7, -181, false],
    ];
  for (const [latitude, longitude, known] of POSITIONS) {
    it(`${known ? "takes" : "does not take"} ${latitude}, ${longitude} for a position`, async () => {
      const { location } = await restaurantOf({ latitude, longitude });
      assert.equal(location !== undefined, known);
    });
  }

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
      opening_hours: "varies",
      website: "https://unseen.example/",
    });
    assert.deepEqual([listing.summary, listing.languageCode, listing.address], ["", "", ""]);
    assert.deepEqual([listing.openingHours, listing.websiteUri, listing.phone], ["", "", ""]);
    assert.ok(listing.details.case === "restaurant");
    assert.deepEqual([listing.details.value.cuisines, listing.details.value.priceLevel], [[], 0]);
  });

  it("cuts long summaries at a sentence", async () => {
    const { summary } = await restaurantOf({ summary: "A sentence of words.[1] ".repeat(60) });
    assert.ok(summary.length <= 600 && summary.length > 500 && summary.endsWith("words."));
    assert.ok(!summary.includes("["));
  });

  it("reads an attraction's fee, visit and category as stated", async () => {
    const parts = { category: "Art Museum", fee: "€12", best_time: "early morning", visit_minutes: 90 };
    const [listing] = await listingsOf(SectionKind.ATTRACTIONS, [{ ...ATTRACTION, ...parts }]);
    assert.ok(listing?.details.case === "attraction");
    const { category, fee, bestTime, visitDuration } = listing.details.value;
    assert.deepEqual([category, fee?.text, bestTime], ["art-museum", "€12", "early morning"]);
    assert.deepEqual([fee?.minAmount?.currencyCode, fee?.minAmount?.units], ["EUR", 12n]);
    assert.equal(visitDuration?.seconds, 5400n);
  });

  it("reads events that overlap the dates: whole days, or from a time on", async () => {
    const items = [
      { ...EVENT, name: "One day" },
      { ...EVENT, name: "At night", start_time: "21:30", venue: "Coliseu", price: "from €20" },
      { ...EVENT, name: "Long", first_day: "2026-11-20", last_day: "2027-01-06", start_time: "10:00" },
      { ...EVENT, name: "Open end", last_day: null },
      { ...EVENT, name: "Slip", last_day: "2026-11-02" },
      { ...EVENT, name: "Before", first_day: "2026-11-29", last_day: "2026-11-30" },
      { ...EVENT, name: "Open end before", first_day: "2026-11-30", last_day: null },
      { ...EVENT, name: "After", first_day: "2026-12-05", last_day: "2026-12-06" },
      { ...EVENT, name: "No such day", first_day: "2026-12-32", last_day: null },
      { ...EVENT, name: "Some time", first_day: "December", last_day: null },
    ];
    const listings = await listingsOf(SectionKind.EVENTS, items);
    const seen = listings.map(({ title, details }) => {
      assert.ok(details.case === "event");
      const { startTime, endTime, allDay = false } = details.value.window ?? {};
      const iso = (time: typeof startTime) => time && timestampDate(time).toISOString().slice(0, 16);
      return [title, iso(startTime), iso(endTime), allDay];
    });
    assert.deepEqual(seen, [
      ["One day", "2026-12-02T00:00", "2026-12-03T00:00", true],
      ["At night", "2026-12-02T21:30", undefined, false],
      ["Long", "2026-11-20T00:00", "2027-01-07T00:00", true],
      ["Open end", "2026-12-02T00:00", undefined, true],
      ["Slip", "2026-12-02T00:00", undefined, true],
    ]);
    const night = listings[1]?.details;
    assert.ok(night?.case === "event");
    assert.deepEqual([night.value.venue, night.value.price?.text], ["Coliseu", "from €20"]);
    assert.equal(night.value.price?.minAmount, undefined);
  });

  it("says nothing found when no event falls on the dates", async () => {
    const { outcome } = await fetch(SectionKind.EVENTS, [
      { ...EVENT, first_day: "2025-12-02", last_day: null },
    ]);
    assert.equal(outcome.kind, OutcomeKind.NOTHING_FOUND);
    assert.ok(outcome.costUsdMicros > 0n && !outcome.costEstimated);
  });

  it("reads passages as CommonMark, one for each topic", async () => {
    const passage = (topic: string, text: string) => ({
      topic,
      heading: "Getting in",
      text,
      sources: ["[1]"],
    });
    const { content } = await fetch(SectionKind.PRACTICAL, [
      passage("money", "2 * 3 < 7 & <b>cards</b> [1]."),
      passage("get-in", "The metro runs until 01:00.[1][2]"),
      passage("get-in", "Again.[1]"),
      passage("respect", "Research local customs.[1]"),
    ]);
    assert.deepEqual(
      content?.narratives.map(({ key, heading, text, languageCode }) => [key, heading, text, languageCode]),
      [
        ["get-in", "Getting in", "The metro runs until 01:00.", "en"],
        ["money", "Getting in", String.raw`2 \* 3 \< 7 \& cards.`, "en"],
      ],
    );
    assert.equal(content.narratives[0]?.citations.length, 2);
  });

  it("counts what the answer says that it has cost", async () => {
    const recorded = { currency: "USD", total_cost: 0.00119 };
    const { body } = answerOf([RESTAURANT]);
    served.answerWith(() => ({
      body: JSON.stringify({ ...JSON.parse(String(body)), usage: { cost: recorded } }),
    }));
    const { outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
    assert.deepEqual([outcome.costUsdMicros, outcome.costEstimated], [1190n, false]);
    served.answerWith(() => ({ body: JSON.stringify({ ...JSON.parse(String(body)), usage: null }) }));
    const unpriced = await served.adapter().fetch(SectionKind.RESTAURANTS);
    assert.deepEqual([unpriced.outcome.costUsdMicros, unpriced.outcome.costEstimated], [5000n, true]);
  });

  it("asks one question by the fields that the Agent API knows, the search forced", async () => {
    const preferences = { budgetLevel: BudgetLevel.MODERATE, cuisines: ["sushi"], dietaryTags: ["vegan"] };
    await fetch(SectionKind.RESTAURANTS, [RESTAURANT], { preferences, maxListingCount: 3 });
    const { requests } = served.server();
    const [request] = requests;
    assert.equal(requests.length, 1);
    assert.equal(request?.url.pathname, "/v1/agent");
    assert.equal(request.headers.authorization, `Bearer ${TEST_KEY}`);
    const body = agentSchema.parse(JSON.parse(request.body));
    assert.deepEqual(body.tool_choice, { type: "web_search" });
    assert.ok((body.max_output_tokens ?? Infinity) <= 1500);
    assert.deepEqual(body.tools, [
      {
        type: "web_search",
        search_context_size: "low",
        user_location: { country: "PT", latitude: 38.71667, longitude: -9.13333 },
      },
    ]);
    assert.deepEqual(dataIn(body.input), {
      destination: { name: "Lisbon", region: "Lisbon", country_code: "PT" },
      language: "en",
      max_items: 3,
      budget: "moderate",
      cuisines: ["sushi"],
      diets: ["vegan"],
    });
  });

  it("asks for events of the dates, among pages of the last year", async () => {
    await fetch(SectionKind.EVENTS, [EVENT]);
    const body = agentSchema.parse(JSON.parse(served.server().requests[0]?.body ?? ""));
    assert.deepEqual(body.tools?.[0]?.filters, { search_recency_filter: "year" });
    const { first_day: first, last_day: last } = dataIn(body.input);
    assert.deepEqual([first, last], ["2026-12-01", "2026-12-04"]);
  });

  it("asks with a schema that strict structured output takes", async () => {
    const strict = (schema: unknown, path: string): void => {
      if (typeof schema !== "object" || schema === null) return;
      if ("type" in schema && schema.type === "object") {
        assert.ok("additionalProperties" in schema && schema.additionalProperties === false, path);
        assert.ok("properties" in schema && "required" in schema, path);
        assert.deepEqual(schema.required, Object.keys(schema.properties ?? {}), path);
      }
      for (const [key, value] of Object.entries(schema)) strict(value, `${path}.${key}`);
    };
    for (const { kind } of perplexity.offerings) {
      served.server().reset();
      await fetch(kind, []);
      const body = agentSchema.parse(JSON.parse(served.server().requests[0]?.body ?? ""));
      const form = body.response_format?.json_schema;
      assert.match(form?.name ?? "", /^[A-Za-z0-9_-]{1,64}$/);
      assert.deepEqual([form?.strict, form?.schema["type"]], [true, "object"]);
      strict(form?.schema, form?.name ?? "");
    }
  });
});
