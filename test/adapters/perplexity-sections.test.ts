import assert from "node:assert/strict";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { perplexity } from "../../services/content-fetcher/providers/perplexity/perplexity.ts";
import { queryOf, type QueryParts } from "./harness.ts";
import { answerOf, ATTRACTION, EVENT, RESTAURANT } from "./perplexity-answers.ts";
import { serveAdapter } from "./served-adapter.ts";

describe("Perplexity: sections", () => {
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

  it("leads to tickets on hosts that the search has found only", async () => {
    const [first, second] = await listingsOf(SectionKind.EVENTS, [
      { ...EVENT, name: "Found", tickets: "https://city.example/tickets" },
      { ...EVENT, name: "Unseen", tickets: "https://unseen.example/" },
    ]);
    assert.ok(first?.details.case === "event" && second?.details.case === "event");
    assert.equal(first.details.value.ticketUri, "https://city.example/tickets");
    assert.equal(second.details.value.ticketUri, "");
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
});
