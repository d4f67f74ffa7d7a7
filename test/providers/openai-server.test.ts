import assert from "node:assert/strict";
import { z } from "zod";
import { openAiSubjectOf } from "./openai-server.ts";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const DESTINATION = { name: "Lisbon", latitude: 38.71667, longitude: -9.13333 };
const ASKED = {
  model: "gpt-4.1-mini",
  messages: [
    { role: "system", content: "Name places." },
    {
      role: "user",
      content: `Sights.\n<request>\n${JSON.stringify({ destination: DESTINATION, max_items: 4 })}\n</request>`,
    },
  ],
  max_completion_tokens: 900,
  response_format: {
    type: "json_schema",
    json_schema: { name: "attractions", strict: true, schema: { type: "object" } },
  },
};

const completionSchema = z.object({
  choices: z.tuple([
    z.object({ message: z.object({ content: z.string() }), finish_reason: z.literal("stop") }),
  ]),
});
const itemsSchema = z.object({
  items: z.array(z.strictObject({ name: z.string(), summary: z.string(), category: z.string() })),
});
const errorSchema = z.object({
  error: z.object({ message: z.string(), type: z.string(), code: z.string().nullable() }),
});

describe("the test provider of a language model", () => {
  let providers: TestProviders;
  before(async () => {
    providers = await startTestProviders({ seed: 1, now: () => Date.UTC(2026, 10, 24, 12) });
  });
  after(() => providers.close());

  const post = async (json: unknown, path = "/v1/chat/completions", authorization = "Bearer x") => {
    const response = await fetch(`${providers.server("openai-compatible").baseUrl}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization !== "" && { authorization }) },
      body: JSON.stringify(json),
    });
    const body: unknown = await response.json();
    return { status: response.status, body };
  };

  it("answers from the world, without marks of sources", async () => {
    const { status, body } = await post(ASKED);
    assert.equal(status, 200);
    const [{ message }] = completionSchema.parse(body).choices;
    assert.equal(itemsSchema.parse(JSON.parse(message.content)).items.length, 4);
    assert.doesNotMatch(message.content, /\[\d+\]/);
    assert.deepEqual(openAiSubjectOf(JSON.stringify(ASKED)), { kind: "attractions", destination: "Lisbon" });
  });

  it("refuses what the true one refuses", async () => {
    const limit = await post({ ...ASKED, max_completion_tokens: undefined, max_tokens: 5 });
    assert.deepEqual(
      [limit.status, errorSchema.parse(limit.body).error.code],
      [400, "unsupported_parameter"],
    );
    const model = await post({ ...ASKED, model: undefined });
    assert.deepEqual(
      [model.status, errorSchema.parse(model.body).error.type],
      [400, "invalid_request_error"],
    );
    assert.equal((await post(ASKED, "/v2/chat")).status, 404);
    assert.equal((await post(ASKED, undefined, "")).status, 401);
  });
});
