import assert from "node:assert/strict";
import { z } from "zod";
import { readSettings, ConfigError } from "../shared/config.ts";
import { createLog } from "../shared/log.ts";
import { startPair } from "../services/pair.ts";
import { startQuietPair, type QuietPair } from "./support/quiet-pair.ts";

/** What the tests read of an answer. */
const answerSchema = z.object({
  guide: z.object({
    sections: z.array(z.object({ kind: z.string() })),
    omissions: z.array(z.object({ kind: z.string(), reason: z.string() })),
  }),
  report: z.object({ guideDecisions: z.array(z.string()) }),
});
const errorSchema = z.object({
  details: z.array(z.object({ debug: z.looseObject({ reason: z.string().optional() }) })),
});

describe("the pair, all providers down", () => {
  let pair: QuietPair;

  before(async () => {
    pair = await startQuietPair();
  });
  after(() => pair.stop());
  beforeEach(() => pair.provider.reset());

  const call = async (body: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`http://${pair.composer}/wayfarer.guide.v1.GuideService/ComposeGuide`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };

  it("has what is embedded and names the reason for the rest", async () => {
    const { status, body } = await call({ spec: { destinationQuery: "Lisbon" } });
    assert.equal(status, 200);
    const { guide, report } = answerSchema.parse(body);
    const kinds = guide.sections.map(({ kind }) => kind);
    assert.ok(kinds.includes("SECTION_KIND_OVERVIEW") && kinds.includes("SECTION_KIND_PRACTICAL"));
    const weather = guide.omissions.find(({ kind }) => kind === "SECTION_KIND_WEATHER");
    assert.equal(weather?.reason, "ERROR_REASON_PROVIDER_UNAVAILABLE");
    assert.deepEqual(report.guideDecisions, ["CACHE_DECISION_MISS_COLD", "CACHE_DECISION_NOT_STORABLE"]);
  });

  it("reports all violations at once and calls no provider", async () => {
    const { status, body } = await call({
      spec: { destinationQuery: "", dayCount: 31, startDate: { year: 2020, month: 1, day: 1 } },
    });
    assert.equal(status, 400);
    const text = JSON.stringify(body);
    for (const field of ["spec.destination_query", "spec.day_count", "spec.start_date"])
      assert.ok(text.includes(field), field);
    assert.equal(pair.provider.requests.length, 0);
  });

  it("asks no provider about an ambiguous name", async () => {
    const { body } = await call({ spec: { destinationQuery: "Springfield" } });
    assert.equal(errorSchema.parse(body).details[0]?.debug.reason, "DESTINATION_AMBIGUOUS");
    assert.equal(pair.provider.requests.length, 0);
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
