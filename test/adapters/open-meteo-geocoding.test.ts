import assert from "node:assert/strict";
import { ProviderOutcome_Kind as OutcomeKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { openMeteo } from "../../services/content-fetcher/providers/open-meteo/open-meteo.ts";
import { fixture } from "./fixtures.ts";
import { serveAdapter } from "./served-adapter.ts";

describe("Open-Meteo geocoding", () => {
  const served = serveAdapter(openMeteo);

  it("reads the recorded answer: no more than asked, the larger of equal names first", async () => {
    served.answerWith(() => ({ body: fixture("open-meteo/search-hollywood.200.json") }));
    const { destinations } = await served.adapter().geocode("Hollywood", { maxCount: 3 });
    assert.deepEqual(
      destinations.map(({ name, region, population }) => [name, region, population]),
      [
        ["destinations/5357527", "California", 167664],
        ["destinations/4158928", "Florida", 149728],
        ["destinations/4582042", "South Carolina", 4962],
      ],
    );
    const [first] = destinations;
    assert.equal(first?.displayName, "Hollywood");
    assert.equal(first.geonamesId, 5357527);
    assert.equal(first.countryCode, "US");
    assert.equal(first.timeZone, "America/Los_Angeles");
    assert.deepEqual([first.location?.latitude, first.location?.longitude], [34.09834, -118.32674]);
  });

  it("says nothing found for the recorded answer without results", async () => {
    served.answerWith(() => ({ body: fixture("open-meteo/geocoding-no-results.200.json") }));
    const { destinations, outcomes } = await served.adapter().geocode("asdfqwer");
    assert.deepEqual(destinations, []);
    assert.equal(outcomes[0]?.kind, OutcomeKind.NOTHING_FOUND);
  });

  it("passes over countries, divisions and airports", async () => {
    const place = (id: number, code: string) => ({
      id,
      name: "Bali",
      latitude: -8.3,
      longitude: 115.1,
      feature_code: code,
      country_code: "ID",
      timezone: "Asia/Makassar",
    });
    served.answerWith(() => ({
      body: JSON.stringify({
        results: [
          place(1, "ADM1"),
          place(2, "ISL"),
          place(3, "AIRP"),
          place(4, "PCLI"),
          { ...place(5, "PPL"), timezone: undefined },
        ],
      }),
    }));
    const { destinations } = await served.adapter().geocode("Bali", { languageCode: "de-AT" });
    assert.deepEqual(
      destinations.map(({ geonamesId }) => geonamesId),
      [2],
    );
    assert.equal(served.server().requests[0]?.url.searchParams.get("language"), "de");
  });

  it("names the documented refusal of its parameters", async () => {
    served.answerWith(() => ({ status: 400, body: fixture("open-meteo/geocoding-error-400.json") }));
    const { outcomes } = await served.adapter().geocode("Lisbon");
    assert.ok(outcomes[0]);
    assert.equal(toReason(outcomes[0].reason), "PROVIDER_RESPONSE_INVALID");
  });
});
