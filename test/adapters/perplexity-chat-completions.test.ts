import assert from "node:assert/strict";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { perplexity } from "../../services/content-fetcher/providers/perplexity/perplexity.ts";
import type { Reply } from "../support/provider-server.ts";
import { fixture } from "./fixtures.ts";
import { RESTAURANT, RESULTS } from "./perplexity-answers.ts";
import { serveAdapter } from "./served-adapter.ts";

const JSON_TEXT = JSON.stringify({ items: [RESTAURANT] });

describe("Perplexity: Chat Completions", () => {
  const served = serveAdapter(perplexity, ["PERPLEXITY_API"]);
  const ask = async (reply: Reply) => {
    served.answerWith(() => reply);
    return await served.adapter().fetch(SectionKind.RESTAURANTS);
  };
  const completionOf = (content: string | null, parts: object = {}, finishReason = "stop"): Reply => ({
    body: JSON.stringify({
      id: "x",
      model: "sonar",
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: finishReason }],
      ...parts,
    }),
  });
  const citations = RESULTS.map(({ url }) => url);

  it("is asked by its own fields, with the same question", async () => {
    await ask(completionOf('{"items":[]}'));
    const [request] = served.server().requests;
    assert.equal(request?.url.pathname, "/chat/completions");
    const body: unknown = JSON.parse(request.body);
    assert.ok(typeof body === "object" && body !== null);
    assert.deepEqual(Object.keys(body), [
      "model",
      "messages",
      "max_tokens",
      "response_format",
      "web_search_options",
    ]);
  });

  it("cites by the numbers of its search results, or of its citations where it has no others", async () => {
    const text = JSON.stringify({ items: [{ ...RESTAURANT, summary: "x[2]", sources: [] }] });
    const usage = { cost: { input_tokens_cost: 1e-5, request_cost: 0.005, total_cost: 0.00501 } };
    for (const parts of [
      { citations, search_results: RESULTS, usage },
      { citations, usage },
    ]) {
      const { content, outcome } = await ask(completionOf(text, parts));
      assert.deepEqual(
        content?.listings[0]?.citations.map(({ uri }) => uri),
        [RESULTS[1].url],
      );
      assert.deepEqual([outcome.costUsdMicros, outcome.costEstimated], [5010n, false]);
    }
  });

  const BAD: readonly (readonly [what: string, reply: Reply, reason: string])[] = [
    ["cut off", completionOf(JSON_TEXT, { citations }, "length"), "PROVIDER_RESPONSE_INVALID"],
    ["empty", completionOf("", { citations }), "PROVIDER_RESPONSE_INVALID"],
    ["without content", completionOf(null, { citations }), "PROVIDER_RESPONSE_INVALID"],
    ["without pages", completionOf(JSON_TEXT), "PROVIDER_RESPONSE_INVALID"],
    ["prose", { body: fixture("perplexity/sonar-chat-perplexity-text.json") }, "PROVIDER_RESPONSE_INVALID"],
    [
      "a word",
      { body: fixture("perplexity/sonar-chat-usage-cost-live.200.json") },
      "PROVIDER_RESPONSE_INVALID",
    ],
    [
      "retired",
      { status: 403, body: fixture("perplexity/error-403-chat_completions_not_available.json") },
      "PROVIDER_ACCESS_DENIED",
    ],
  ];
  for (const [what, reply, reason] of BAD) {
    it(`fails once when it is ${what}`, async () => {
      const { outcome } = await ask(reply);
      assert.equal(toReason(outcome.reason), reason, outcome.detail);
      assert.deepEqual([outcome.kind, outcome.attemptCount], [OutcomeKind.FAILED, 1]);
    });
  }
});
