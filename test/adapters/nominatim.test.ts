import assert from "node:assert/strict";
import { ProviderOutcome_Kind as OutcomeKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { nominatim } from "../../services/content-fetcher/providers/nominatim.ts";
import { fixture } from "./fixtures.ts";
import { serveAdapter } from "./served-adapter.ts";

const place = (change: object): object => ({
  place_id: 1,
  licence: "Data © OpenStreetMap contributors, ODbL 1.0. http://osm.org/copyright",
  osm_type: "relation",
  osm_id: 4711,
  lat: "36.4072",
  lon: "25.4567",
  category: "place",
  type: "island",
  place_rank: 17,
  importance: 0.6,
  addresstype: "island",
  name: "Santorini",
  display_name: "Santorini, South Aegean, Greece",
  address: { island: "Santorini", state: "South Aegean", country: "Greece", country_code: "gr" },
  extratags: { population: "15 550" },
  boundingbox: ["36.3", "36.5", "25.3", "25.5"],
  ...change,
});

describe("Nominatim", () => {
  const served = serveAdapter(nominatim);
  const find = async (...places: readonly object[]) => {
    served.answerWith(() => ({ body: JSON.stringify(places) }));
    return (await served.adapter().geocode("Santorini")).destinations;
  };

  it("reads a place field by field", async () => {
    const [found] = await find(place({}));
    assert.ok(found);
    assert.equal(found.name, "destinations/osm-r4711");
    assert.equal(found.geonamesId, 0);
    assert.equal(found.displayName, "Santorini");
    assert.equal(found.region, "South Aegean");
    assert.equal(found.countryCode, "GR");
    assert.deepEqual([found.location?.latitude, found.location?.longitude], [36.4072, 25.4567]);
    assert.equal(found.timeZone, "Europe/Athens");
    assert.equal(found.population, 15550);
  });

  it("reads the recorded answer in the older format", async () => {
    served.answerWith(() => ({ body: fixture("nominatim/innsbruck-json-v1.200.json") }));
    const { destinations } = await served.adapter().geocode("Innsbruck");
    assert.equal(destinations.length, 1);
    const [innsbruck] = destinations;
    assert.equal(innsbruck?.name, "destinations/osm-r8182617");
    assert.equal(innsbruck.displayName, "Innsbruck");
    assert.equal(innsbruck.region, "Tyrol");
    assert.equal(innsbruck.countryCode, "AT");
    assert.equal(innsbruck.timeZone, "Europe/Vienna");
    assert.equal(innsbruck.population, 0);
  });

  it("says nothing found for the recorded empty answer", async () => {
    served.answerWith(() => ({ body: fixture("nominatim/nominatim_no_results.txt") }));
    const { destinations, outcomes } = await served.adapter().geocode("asdfqwer");
    assert.deepEqual(destinations, []);
    assert.equal(outcomes[0]?.kind, OutcomeKind.NOTHING_FOUND);
  });

  it("passes over what is no destination, and what has no object behind it", async () => {
    const found = await find(
      place({ category: "shop", osm_id: 1 }),
      place({ category: "boundary", addresstype: "country", osm_id: 2 }),
      place({ osm_type: undefined, osm_id: undefined, category: "place", addresstype: "postcode" }),
      place({ lat: "north", osm_id: 3 }),
      place({ osm_type: "node", osm_id: 4, name: "", extratags: null }),
    );
    assert.deepEqual(
      found.map(({ name, displayName, population }) => [name, displayName, population]),
      [["destinations/osm-n4", "Santorini", 0]],
    );
  });

  it("returns no more than asked for", async () => {
    served.answerWith(() => ({
      body: JSON.stringify([1, 2, 3, 4].map((id) => place({ osm_id: id }))),
    }));
    const { destinations } = await served.adapter().geocode("Santorini", { maxCount: 2 });
    assert.equal(destinations.length, 2);
    assert.equal(served.server().requests[0]?.url.searchParams.get("limit"), "4");
  });

  const OVER_LIMIT = fixture("nominatim/nominatim_over_limit.txt");
  const REFUSALS: readonly (readonly [status: number, body: string, reason: string])[] = [
    [200, OVER_LIMIT, "PROVIDER_RESPONSE_INVALID"],
    [403, OVER_LIMIT, "PROVIDER_ACCESS_DENIED"],
    [429, OVER_LIMIT, "PROVIDER_RATE_LIMITED"],
    [509, OVER_LIMIT, "PROVIDER_UNAVAILABLE"],
    [400, '{"error":{"code":400,"message":"Nothing to search for."}}', "PROVIDER_RESPONSE_INVALID"],
  ];
  for (const [status, body, reason] of REFUSALS) {
    it(`names its refusal with status ${status}`, async () => {
      served.answerWith(() => ({ status, body }));
      const { destinations, outcomes } = await served.adapter().geocode("Santorini");
      assert.deepEqual(destinations, []);
      assert.ok(outcomes[0]);
      assert.equal(toReason(outcomes[0].reason), reason);
    });
  }

  it("keeps to one call a second", () => {
    const { maxConcurrentCount, maxCallsPerMinute, maxBurstCount } = nominatim.limits;
    assert.deepEqual([maxConcurrentCount, maxCallsPerMinute, maxBurstCount], [1, 60, 1]);
  });
});
