import assert from "node:assert/strict";
import { readSettings, ConfigError } from "../shared/config.ts";
import { createLog } from "../shared/log.ts";
import { startPair, type RunningPair } from "../services/pair.ts";
import { startProviderServer, type ProviderServer } from "./support/provider-server.ts";

/** What the tests read of an answer. */
interface Answer {
  readonly guide: {
    readonly sections: readonly { kind: string }[];
    readonly omissions: readonly { kind: string; reason: string }[];
  };
  readonly report: { readonly guideDecisions: readonly string[] };
  readonly details: readonly { readonly debug: { readonly reason: string } }[];
}

const ORIGINS = [
  "OPEN_METEO_FORECAST_BASE_URL",
  "OPEN_METEO_ARCHIVE_BASE_URL",
  "OPEN_METEO_GEOCODING_BASE_URL",
  "MET_NORWAY_BASE_URL",
  "WIKIVOYAGE_BASE_URL",
  "OVERPASS_BASE_URL",
  "NOMINATIM_BASE_URL",
];

describe("the pair, all providers down", () => {
  let provider: ProviderServer;
  let pair: RunningPair;

  before(async () => {
    provider = await startProviderServer(() => ({ status: 503, body: "" }));
    const environment = Object.fromEntries(ORIGINS.map((name) => [name, provider.baseUrl]));
    pair = await startPair(environment, createLog("test", "silent"), readSettings);
  });
  after(async () => {
    await pair.close(1000);
    await provider.close();
  });
  beforeEach(() => provider.reset());

  const call = async (method: string, body: unknown): Promise<{ status: number; body: Answer }> => {
    const response = await fetch(`http://${pair.composer}/wayfarer.guide.v1.GuideService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer };
  };

  it("has what is embedded and names the reason for the rest", async () => {
    const { status, body } = await call("ComposeGuide", { spec: { destinationQuery: "Lisbon" } });
    assert.equal(status, 200);
    const kinds = body.guide.sections.map(({ kind }) => kind);
    assert.ok(kinds.includes("SECTION_KIND_OVERVIEW") && kinds.includes("SECTION_KIND_PRACTICAL"));
    const weather = body.guide.omissions.find(({ kind }) => kind === "SECTION_KIND_WEATHER");
    assert.equal(weather?.reason, "ERROR_REASON_PROVIDER_UNAVAILABLE");
    assert.deepEqual(body.report.guideDecisions, ["CACHE_DECISION_MISS_COLD", "CACHE_DECISION_NOT_STORABLE"]);
  });

  it("reports all violations at once and calls no provider", async () => {
    const { status, body } = await call("ComposeGuide", {
      spec: { destinationQuery: "", dayCount: 31, startDate: { year: 2020, month: 1, day: 1 } },
    });
    assert.equal(status, 400);
    const text = JSON.stringify(body);
    for (const field of ["spec.destination_query", "spec.day_count", "spec.start_date"])
      assert.ok(text.includes(field), field);
    assert.equal(provider.requests.length, 0);
  });

  it("asks no provider about an ambiguous name", async () => {
    const { body } = await call("ComposeGuide", { spec: { destinationQuery: "Springfield" } });
    assert.equal(body.details[0]?.debug.reason, "DESTINATION_AMBIGUOUS");
    assert.equal(provider.requests.length, 0);
  });

  it("refuses a bad configuration with every problem in one message", async () => {
    await assert.rejects(
      startPair(
        { OVERPASS_BASE_URL: "ftp://x", MET_NORWAY_BASE_URL: "no url" },
        createLog("test", "silent"),
        readSettings,
      ),
      (error) => error instanceof ConfigError && error.problems.length === 2,
    );
  });
});
