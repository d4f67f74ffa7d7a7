import assert from "node:assert/strict";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { perplexity } from "../../services/content-fetcher/providers/perplexity/perplexity.ts";
import { responseOf, toResponse } from "../providers/perplexity-server.ts";
import type { Reply } from "../support/provider-server.ts";
import { fixture } from "./fixtures.ts";
import { answerOf, RESTAURANT, RESULTS } from "./perplexity-answers.ts";
import { serveAdapter } from "./served-adapter.ts";

const JSON_TEXT = JSON.stringify({ items: [RESTAURANT] });
const errorOf = (code: number, type: string, message = "words of its own"): string =>
  JSON.stringify({ error: { message, type, code } });

describe("Perplexity: what its replies mean", () => {
  const served = serveAdapter(perplexity);
  const ask = async (reply: Reply, kind = SectionKind.RESTAURANTS) => {
    served.answerWith(() => reply);
    const { content, outcome } = await served.adapter().fetch(kind);
    assert.deepEqual(served.adapter().defects, []);
    return { content, outcome, sentCount: served.server().requests.length };
  };

  const ENDS: readonly (readonly [what: string, body: string, reason: string])[] = [
    [
      "failed",
      responseOf("failed", { error: { message: "m", type: "internal_error", code: 500 } }),
      "PROVIDER_UNAVAILABLE",
    ],
    ["failed without a cause", responseOf("failed"), "PROVIDER_UNAVAILABLE"],
    [
      "failed for what was asked",
      responseOf("failed", { error: { message: "m", type: "invalid_request" } }),
      "PROVIDER_RESPONSE_INVALID",
    ],
    [
      "failed for its rate",
      responseOf("failed", { error: { message: "m", type: "request_rate_limit_exceeded" } }),
      "PROVIDER_RATE_LIMITED",
    ],
    ["cancelled", responseOf("cancelled"), "PROVIDER_UNAVAILABLE"],
    [
      "incomplete",
      responseOf("incomplete", {
        incomplete_details: { reason: "max_output_tokens" },
        output: [{ type: "message", content: [{ type: "output_text", text: JSON_TEXT }] }],
      }),
      "PROVIDER_RESPONSE_INVALID",
    ],
    ["in progress", responseOf("in_progress"), "PROVIDER_RESPONSE_INVALID"],
    ["queued", responseOf("queued"), "PROVIDER_RESPONSE_INVALID"],
    ["waiting for a tool", responseOf("requires_action"), "PROVIDER_RESPONSE_INVALID"],
    ["of a status to come", responseOf("Ünknown status"), "PROVIDER_RESPONSE_INVALID"],
    ["completed without output", responseOf("completed", { output: null }), "PROVIDER_RESPONSE_INVALID"],
    [
      "a refusal",
      responseOf("completed", {
        output: [{ type: "message", content: [{ type: "refusal", refusal: "I will not." }] }],
      }),
      "PROVIDER_RESPONSE_INVALID",
    ],
    ["prose", fixture("perplexity/agent-web-search.200.json"), "PROVIDER_RESPONSE_INVALID"],
    ["fenced JSON", toResponse(RESULTS, `\`\`\`json\n${JSON_TEXT}\n\`\`\``), "PROVIDER_RESPONSE_INVALID"],
    ["JSON after words", toResponse(RESULTS, `Here it is: ${JSON_TEXT}`), "PROVIDER_RESPONSE_INVALID"],
    ["JSON after thoughts", toResponse(RESULTS, `<think>…</think>${JSON_TEXT}`), "PROVIDER_RESPONSE_INVALID"],
    ["cut JSON", toResponse(RESULTS, JSON_TEXT.slice(0, -20)), "PROVIDER_RESPONSE_INVALID"],
    ["a bare list", toResponse(RESULTS, JSON.stringify([RESTAURANT])), "PROVIDER_RESPONSE_INVALID"],
    ["an error as content", toResponse(RESULTS, '{"error":"no"}'), "PROVIDER_RESPONSE_INVALID"],
    [
      "an item without its fields",
      toResponse(RESULTS, '{"items":[{"name":"x","sources":["[1]"]}]}'),
      "PROVIDER_RESPONSE_INVALID",
    ],
    [
      "a field that was not asked for",
      toResponse(RESULTS, JSON.stringify({ items: [{ ...RESTAURANT, system_prompt: "x" }] })),
      "PROVIDER_RESPONSE_INVALID",
    ],
    ["no search", toResponse([], JSON_TEXT), "PROVIDER_RESPONSE_INVALID"],
    [
      "nothing that it found",
      toResponse(RESULTS, JSON.stringify({ items: [{ ...RESTAURANT, summary: "x", sources: ["[8]"] }] })),
      "PROVIDER_RESPONSE_INVALID",
    ],
  ];
  for (const [what, body, reason] of ENDS) {
    it(`fails on an answer that is ${what}, and pays once`, async () => {
      const { content, outcome, sentCount } = await ask({ body });
      assert.equal(toReason(outcome.reason), reason, outcome.detail);
      assert.equal(outcome.kind, OutcomeKind.FAILED);
      assert.equal(content, undefined);
      assert.equal(sentCount, 1);
      const [, stated] = /"total_cost": ?([\d.]+)/.exec(body) ?? [];
      const micros = stated === undefined ? 5_000 : Math.round(Number(stated) * 1e6);
      assert.deepEqual(
        [outcome.costUsdMicros, outcome.costEstimated],
        [BigInt(micros), stated === undefined],
      );
      assert.doesNotMatch(outcome.detail, /TypeScript|words of its own|Ünknown|think|I will not/);
    });
  }

  const REFUSALS: readonly (readonly [status: number, body: string, reason: string])[] = [
    [400, errorOf(400, "invalid_request", 'json: unknown field "messages"'), "PROVIDER_RESPONSE_INVALID"],
    [400, fixture("perplexity/error-400-structured-bad-root.json"), "PROVIDER_RESPONSE_INVALID"],
    [400, errorOf(400, "invalid_model"), "PROVIDER_RESPONSE_INVALID"],
    [401, fixture("perplexity/error-401-invalid_api_key.json"), "PROVIDER_ACCESS_DENIED"],
    [403, errorOf(403, "forbidden"), "PROVIDER_ACCESS_DENIED"],
    [404, errorOf(404, "not_found"), "PROVIDER_RESPONSE_INVALID"],
    [408, "", "PROVIDER_UNAVAILABLE"],
    [413, errorOf(413, "request_too_large"), "PROVIDER_RESPONSE_INVALID"],
    [424, errorOf(424, "external_connector_error"), "PROVIDER_UNAVAILABLE"],
    [429, errorOf(429, "request_rate_limit_exceeded"), "PROVIDER_RATE_LIMITED"],
    [500, errorOf(500, "internal_error"), "PROVIDER_UNAVAILABLE"],
    [502, "<html><body><h1>502 Bad Gateway</h1></body></html>", "PROVIDER_UNAVAILABLE"],
    [503, errorOf(503, "upstream_structured_output_failed"), "PROVIDER_UNAVAILABLE"],
    [504, errorOf(504, "gateway_timeout"), "PROVIDER_UNAVAILABLE"],
    [522, "<!DOCTYPE html><title>Connection timed out</title>", "PROVIDER_UNAVAILABLE"],
  ];
  for (const [status, body, reason] of REFUSALS) {
    const type = /"type": ?"(\w+)"/.exec(body)?.[1] ?? "no type";
    // Of the others nobody says that they are free.
    const unserved = status < 500 && status !== 408 && status !== 424;
    const payment = unserved ? "nor pays" : "nor takes it for free";
    it(`names status ${status} with ${type} ${reason}, and neither repeats ${payment}`, async () => {
      const { outcome, sentCount } = await ask({ status, body });
      assert.equal(toReason(outcome.reason), reason);
      assert.deepEqual(
        [outcome.detail, outcome.costUsdMicros, sentCount],
        [`HTTP ${status}`, unserved ? 0n : 20_000n, 1],
      );
    });
  }

  it("comes back when a refusal for the rate says so: that was not paid for", async () => {
    let count = 0;
    served.answerWith(() => {
      count += 1;
      return count === 1
        ? { status: 429, headers: { "retry-after": "0" }, body: errorOf(429, "request_rate_limit_exceeded") }
        : answerOf([RESTAURANT]);
    });
    const { outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
    assert.deepEqual([outcome.kind, outcome.attemptCount], [OutcomeKind.CONTENT, 2]);
  });

  it("stays away until its quota is renewed, when an answer says that it is used up", async () => {
    const headers = {
      "x-ratelimit-limit": "50",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(Date.parse("2026-11-24T12:00:40Z") / 1000),
    };
    await ask({ ...answerOf([RESTAURANT]), headers });
    const { outcome } = await served.adapter().fetch(SectionKind.ATTRACTIONS);
    assert.deepEqual(
      [outcome.kind, toReason(outcome.reason)],
      [OutcomeKind.SKIPPED, "PROVIDER_RATE_LIMITED"],
    );
    const delayMs = durationMs(outcome.retryDelay ?? assert.fail());
    assert.ok(delayMs > 39_000 && delayMs <= 40_000, `${delayMs} ms`);
    assert.equal(served.server().requests.length, 1);
  });

  it("reads the pages of several searches, and passes over kinds of output that it does not know", async () => {
    const [first, second] = RESULTS;
    const output = [
      { type: "reasoning", summary: [], content: "thoughts" },
      { type: "search_results", queries: [], results: [first] },
      { type: "fetch_url_results", contents: [{ url: "https://x.example/" }], results: "none" },
      { type: "search_results", results: [second, { id: null, url: null }] },
      { type: "message", content: [{ type: "output_text", text: "Let me see.", annotations: [] }] },
      {
        type: "message",
        content: [
          { type: "output_text", text: JSON_TEXT.slice(0, 30), annotations: [] },
          { type: "output_text", text: JSON_TEXT.slice(30), annotations: [] },
        ],
      },
    ];
    const { content } = await ask({ body: responseOf("completed", { output }) });
    assert.deepEqual(
      content?.listings.map(({ title }) => title),
      [RESTAURANT.name],
    );
  });
});
