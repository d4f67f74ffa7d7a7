import assert from "node:assert/strict";
import { z } from "zod";
import { INVENTED_NAME } from "./perplexity-answers.ts";
import { perplexitySubjectOf } from "./perplexity-server.ts";
import { profileLatencyMs } from "./profiles.ts";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const LISBON = { country: "PT", latitude: 38.71667, longitude: -9.13333 };
const SEARCH = { type: "web_search", user_location: LISBON };
const ITEMS = {
  type: "object",
  properties: { items: { type: "array", items: { type: "object" } } },
  required: ["items"],
  additionalProperties: false,
};
const formOf = (name: string, schema: object = ITEMS): object => ({
  type: "json_schema",
  json_schema: { name, schema },
});
const ASKED = {
  preset: "fast",
  input:
    'Restaurants.\n<request>\n{"destination":{"name":"Lisbon"},"max_items":6,"cuisines":["seafood"]}\n</request>',
  tools: [SEARCH],
  tool_choice: { type: "web_search" },
  response_format: formOf("restaurants"),
};

const responseSchema = z.object({
  status: z.literal("completed"),
  output: z.array(z.looseObject({ type: z.string() })),
  usage: z.object({ cost: z.object({ currency: z.literal("USD"), total_cost: z.number().positive() }) }),
});
const resultsSchema = z.object({ results: z.array(z.object({ id: z.number(), url: z.url() })) });
const messageSchema = z.object({ content: z.tuple([z.object({ text: z.string() })]) });
const errorSchema = z.object({
  error: z.object({ message: z.string(), type: z.string(), code: z.number(), param: z.string().optional() }),
});
const itemsSchema = z.object({
  items: z.array(z.looseObject({ name: z.string(), sources: z.array(z.string()) })),
});

describe("the test provider of answers from a web search", () => {
  let providers: TestProviders;
  let inventive: TestProviders;
  before(async () => {
    const now = () => Date.UTC(2026, 10, 24, 12);
    providers = await startTestProviders({ seed: 1, now });
    inventive = await startTestProviders({ seed: 1, now, inventsPlaces: true });
  });
  after(async () => {
    await providers.close();
    await inventive.close();
  });

  const post = async (
    json: unknown,
    { path = "/v1/agent", from = providers, authorization = "Bearer x" } = {},
  ): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${from.server("perplexity").baseUrl}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization !== "" && { authorization }) },
      body: JSON.stringify(json),
    });
    return { status: response.status, body: await response.json() };
  };
  const itemsOf = (body: unknown) => {
    const { output } = responseSchema.parse(body);
    const [{ text }] = messageSchema.parse(output.at(-1)).content;
    return itemsSchema.parse(JSON.parse(text)).items;
  };

  it("answers from the world, each item with a page that was found", async () => {
    const { status, body } = await post(ASKED);
    assert.equal(status, 200);
    const [search] = responseSchema.parse(body).output;
    const ids = new Set(resultsSchema.parse(search).results.map(({ id }) => `[${id}]`));
    const items = itemsOf(body);
    assert.equal(items.length, 6);
    for (const { sources } of items) assert.ok(sources.every((source) => ids.has(source)));
    assert.ok(items.some(({ name }) => name === "Ramiro"));
    assert.deepEqual((await post(ASKED, { path: "/v1/responses" })).body, body);
  });

  it("names places that there are not only when told to", async () => {
    const names = itemsOf((await post(ASKED, { from: inventive })).body).map(({ name }) => name);
    assert.ok(names.includes(INVENTED_NAME));
    assert.equal(names.length, 6);
    const plain = itemsOf((await post(ASKED)).body).map(({ name }) => name);
    assert.ok(!plain.includes(INVENTED_NAME));
    assert.equal(names.filter((name) => !plain.includes(name)).length, 2);
  });

  it("draws a profile's latencies by the predecessor's kinds of question", () => {
    const subjectOf = (name: string) =>
      perplexitySubjectOf(JSON.stringify({ ...ASKED, response_format: formOf(name) }));
    assert.deepEqual(subjectOf("attractions"), { kind: "content", destination: "Lisbon" });
    assert.deepEqual(subjectOf("events"), { kind: "events", destination: "Lisbon" });
    assert.deepEqual(subjectOf("neighborhoods"), { kind: "neighborhoods", destination: "Lisbon" });
    const draw = { seed: 1, provider: "perplexity", n: 1, ...subjectOf("restaurants") };
    assert.equal(profileLatencyMs("lognormal", "text", draw).toFixed(1), "5258.6");
  });

  it("does not search when it is only offered to", async () => {
    const { body } = await post({ ...ASKED, tool_choice: "auto" });
    assert.deepEqual(
      responseSchema.parse(body).output.map(({ type }) => type),
      ["message"],
    );
  });

  const { preset: _, ...modelless } = ASKED;
  const REFUSED: readonly (readonly [what: string, json: object, status: number, type: string])[] = [
    ["a field of Chat Completions", { ...ASKED, messages: [] }, 400, "invalid_request"],
    [
      "a field in the wrong place",
      { ...ASKED, tools: [{ ...SEARCH, search_recency_filter: "year" }] },
      400,
      "invalid_request",
    ],
    ["a question without a model", modelless, 400, "invalid_request"],
    ["no question", { ...ASKED, input: undefined }, 400, "invalid_parameter"],
    [
      "a schema whose root is a list",
      { ...ASKED, response_format: formOf("x", { type: "array" }) },
      400,
      "invalid_parameter",
    ],
    ["too few tokens", { ...ASKED, max_output_tokens: 8 }, 400, "invalid_parameter"],
  ];
  for (const [what, json, expected, type] of REFUSED) {
    it(`refuses ${what} with ${expected}`, async () => {
      const { status, body } = await post(json);
      assert.equal(status, expected);
      const { error } = errorSchema.parse(body);
      assert.deepEqual([error.code, error.type], [expected, type]);
    });
  }

  it("names the field that it does not know", async () => {
    const { body } = await post({ ...ASKED, max_tokens: 5 });
    const { error } = errorSchema.parse(body);
    assert.deepEqual([error.message, error.param], ['json: unknown field "max_tokens"', "max_tokens"]);
  });

  it("refuses callers without a key, and Chat Completions for everybody", async () => {
    const unknown = await post(ASKED, { authorization: "" });
    assert.deepEqual([unknown.status, errorSchema.parse(unknown.body).error.type], [401, "invalid_api_key"]);
    const retired = await post({ model: "sonar", messages: [] }, { path: "/chat/completions" });
    assert.deepEqual(
      [retired.status, errorSchema.parse(retired.body).error.type],
      [403, "chat_completions_not_available"],
    );
  });
});
