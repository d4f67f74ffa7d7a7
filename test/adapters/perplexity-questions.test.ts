import assert from "node:assert/strict";
import { BudgetLevel, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { perplexity } from "../../services/content-fetcher/providers/perplexity/perplexity.ts";
import { dataIn } from "../providers/perplexity-server.ts";
import { agentSchema } from "../providers/perplexity-request.ts";
import { queryOf, TEST_KEY, type QueryParts } from "./harness.ts";
import { answerOf, EVENT, RESTAURANT } from "./perplexity-answers.ts";
import { serveAdapter } from "./served-adapter.ts";

describe("Perplexity: questions", () => {
  const served = serveAdapter(perplexity);
  const fetch = async (kind: SectionKind, items: readonly object[], parts: QueryParts = {}) => {
    served.answerWith(() => answerOf(items));
    return await served.adapter().fetch(kind, queryOf(parts));
  };

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
