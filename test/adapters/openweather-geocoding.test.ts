import assert from "node:assert/strict";
import { ProviderOutcome_Kind as OutcomeKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { openWeather } from "../../services/content-fetcher/providers/openweather/openweather.ts";
import { serveAdapter } from "./served-adapter.ts";

describe("OpenWeather's geocoding", () => {
  const served = serveAdapter(openWeather);
  const london = {
    name: "London",
    local_names: { en: "London", fr: "Londres", feature_name: "London" },
    lat: 51.5073219,
    lon: -0.1276474,
    country: "GB",
    state: "England",
  };
  const inCanada = { name: "London", lat: 42.9836747, lon: -81.2496068, country: "CA", state: "Ontario" };
  const find = async (query: string, found: readonly object[], languageCode = "en") => {
    served.answerWith(() => ({ body: JSON.stringify(found) }));
    return await served.adapter().geocode(query, { languageCode });
  };

  it("reads a place field by field", async () => {
    const { destinations } = await find("London,UK", [london], "fr");
    const [found] = destinations;
    assert.equal(found?.name, "destinations/at-n515073-w1276");
    assert.equal(found.displayName, "Londres");
    assert.deepEqual([found.region, found.countryCode, found.timeZone], ["England", "GB", "Europe/London"]);
    assert.deepEqual([found.location?.latitude, found.location?.longitude], [51.5073219, -0.1276474]);
    assert.deepEqual([found.geonamesId, found.population], [0, 0]);
    assert.equal(served.server().requests[0]?.url.searchParams.get("q"), "London,UK");
  });

  it("compares with what it finds the qualifiers that the provider cannot read", async () => {
    const names = async (query: string, languageCode?: string): Promise<string[]> =>
      (await find(query, [london, inCanada], languageCode)).destinations.map(
        ({ countryCode }) => countryCode,
      );
    assert.deepEqual(await names("London, Ontario"), ["CA"]);
    assert.deepEqual(await names("London, United Kingdom"), ["GB"]);
    assert.deepEqual(await names("London, England, UK"), ["GB"]);
    assert.deepEqual(await names("Londres, Royaume-Uni", "fr"), ["GB"]);
    assert.deepEqual(await names("London, France"), []);
    assert.deepEqual(await names("London"), ["GB", "CA"]);
  });

  it("sends the short name of a country as its code", async () => {
    const inOhio = { name: "London", lat: 39.88645, lon: -83.44825, country: "US", state: "Ohio" };
    const asked = async (query: string) => {
      const { destinations } = await find(query, [inOhio]);
      assert.equal(destinations.length, 1, query);
      return served.server().requests.at(-1)?.url.searchParams.get("q");
    };
    assert.equal(await asked("London, OH, USA"), "London,OH,US");
    assert.equal(await asked("London, Ohio, USA"), "London");
  });

  it("takes nothing that is only similar", async () => {
    const { destinations, outcomes } = await find("Londn", [london]);
    assert.deepEqual(destinations, []);
    assert.equal(outcomes[0]?.kind, OutcomeKind.NOTHING_FOUND);
  });

  it("passes over a place that cannot be read", async () => {
    const { destinations } = await find("London", [
      { ...london, lat: null },
      { ...inCanada, state: null },
    ]);
    assert.deepEqual(
      destinations.map(({ countryCode, region }) => [countryCode, region]),
      [["CA", ""]],
    );
  });

  it("says nothing found for the empty answer", async () => {
    const { outcomes } = await find("Nowhereville", []);
    assert.equal(outcomes[0]?.kind, OutcomeKind.NOTHING_FOUND);
  });

  for (const [status, reason] of [
    [401, "PROVIDER_ACCESS_DENIED"],
    [429, "PROVIDER_RATE_LIMITED"],
    [400, "PROVIDER_RESPONSE_INVALID"],
  ] as const) {
    it(`names its refusal with status ${status}`, async () => {
      served.answerWith(() => ({ status, body: JSON.stringify({ cod: status, message: "no" }) }));
      const { outcomes } = await served.adapter().geocode("London");
      assert.equal(toReason(outcomes[0]?.reason ?? 0), reason);
    });
  }
});
