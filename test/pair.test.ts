import assert from "node:assert/strict";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { z } from "zod";
import { readSettings, ConfigError } from "../shared/config.ts";
import { BadRequestSchema } from "../shared/gen/google/rpc/error_details_pb.ts";
import { GuideService } from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
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

  it("names a day that is over at the destination by its path in the message", async () => {
    const over = new Date(Date.now() - 86_400_000);
    const startDate = {
      year: over.getUTCFullYear(),
      month: over.getUTCMonth() + 1,
      day: over.getUTCDate(),
    };
    const { body } = await call({ spec: { destinationQuery: "Lisbon", startDate } });
    assert.ok(JSON.stringify(body).includes('"field":"spec.start_date"'));
    const client = createClient(
      GuideService,
      createConnectTransport({ baseUrl: `http://${pair.composer}`, httpVersion: "1.1" }),
    );
    const spec = { destination: { case: "destinationQuery" as const, value: "Lisbon" }, startDate };
    const fields: string[] = [];
    try {
      for await (const response of client.streamGuide({ request: { spec } }))
        assert.fail(response.event.case);
    } catch (error) {
      const details = ConnectError.from(error).findDetails(BadRequestSchema);
      fields.push(...details.flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field)));
    }
    assert.deepEqual(fields, ["request.spec.start_date"]);
  });

  it("asks no provider about an ambiguous name", async () => {
    const { body } = await call({ spec: { destinationQuery: "Springfield" } });
    assert.equal(errorSchema.parse(body).details[0]?.debug.reason, "DESTINATION_AMBIGUOUS");
    assert.equal(pair.provider.requests.length, 0);
  });

  it("refuses a bad configuration with every problem in one message", async () => {
    await assert.rejects(
      startPair(
        { OVERPASS_BASE_URL: "ftp://x", MET_NORWAY_BASE_URL: "no url", REDIS_URL: "http://x" },
        createLog("test", "silent"),
        readSettings,
      ),
      (error) => error instanceof ConfigError && error.problems.length === 3,
    );
  });
});

describe("a pair that cannot start", () => {
  it("leaves nothing open when the second of the two cannot start", async () => {
    await assert.rejects(
      startPair({ WARM_DESTINATIONS: "asdfqwer" }, createLog("test", "silent"), readSettings),
      (error) => error instanceof ConfigError && error.problems.length === 1,
    );
  });
});
