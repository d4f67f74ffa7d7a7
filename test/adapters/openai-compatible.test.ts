import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  Verification_Verdict,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { openAiCompatible } from "../../services/content-fetcher/providers/openai-compatible/openai-compatible.ts";
import { toChatCompletion } from "../providers/openai-server.ts";
import { dataIn } from "../providers/perplexity-server.ts";
import type { Reply } from "../support/provider-server.ts";
import { fixture } from "./fixtures.ts";
import { queryOf, TEST_TEXT } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";

const PLACE = { name: "Tasca do Exemplo", summary: "Grilled fish.", cuisines: ["Portuguese"] };
const TEXT = JSON.stringify({ items: [PLACE] });
const CORPUS = new URL("../fixtures/prompt-injection/", import.meta.url);

const completion = (message: object, finishReason: string | null = "stop", more: object = {}): Reply => ({
  body: JSON.stringify({
    id: "x",
    object: "chat.completion",
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: finishReason }],
    ...more,
  }),
});
const requestSchema = z.looseObject({
  messages: z.tuple([
    z.object({ role: z.literal("system"), content: z.string() }),
    z.object({ role: z.literal("user"), content: z.string() }),
  ]),
  response_format: z.looseObject({ type: z.string() }).optional(),
});

describe("an OpenAI-compatible server", () => {
  const served = serveAdapter(openAiCompatible);
  const ask = async (...replies: readonly Reply[]) => {
    let turn = 0;
    served.answerWith(() => replies[Math.min(turn++, replies.length - 1)] ?? { body: "" });
    const { content, outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
    assert.deepEqual(served.adapter().defects, []);
    return { content, outcome, sent: served.server().requests.map(({ body }) => body) };
  };

  it("names places that nothing vouches for yet, cited from the model itself", async () => {
    const { content, outcome } = await ask({ body: toChatCompletion(TEXT) });
    assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
    const [listing] = content?.listings ?? [];
    assert.ok(listing?.details.case === "restaurant");
    assert.deepEqual([listing.title, listing.summary], ["Tasca do Exemplo", "Grilled fish."]);
    assert.deepEqual(listing.details.value.cuisines, ["portuguese"]);
    assert.deepEqual([listing.location, listing.address, listing.openingHours], [undefined, "", ""]);
    assert.equal(listing.verification?.verdict, Verification_Verdict.UNVERIFIABLE);
    assert.deepEqual(listing.verification.evidence, []);
    assert.deepEqual(
      listing.citations.map(({ uri, title }) => [uri, title]),
      [["", "Language model gpt-4.1-mini-2025-04-14, without sources"]],
    );
    assert.equal(openAiCompatible.languageModel, true);
    assert.deepEqual([outcome.costUsdMicros, outcome.costEstimated], [1000n, true]);
  });

  it("leaves out names of nothing, and text that is filler", async () => {
    const items = [
      { ...PLACE, name: "Local restaurant" },
      { ...PLACE, name: "N/A" },
      { ...PLACE, name: "Lisbon" },
      { ...PLACE, summary: "Contact hotel concierge for details." },
    ];
    const { content } = await ask({ body: toChatCompletion(JSON.stringify({ items })) });
    assert.deepEqual(
      content?.listings.map(({ title, summary }) => [title, summary]),
      [["Tasca do Exemplo", ""]],
    );
  });

  it("counts the cost that a server states", async () => {
    const { outcome } = await ask(completion({ content: TEXT }, "stop", { usage: { cost: 0.00042 } }));
    assert.deepEqual([outcome.costUsdMicros, outcome.costEstimated], [420n, false]);
    const cut = await ask(completion({ content: TEXT }, "length", { usage: { cost: 0.00042 } }));
    assert.deepEqual([cut.outcome.costUsdMicros, cut.outcome.costEstimated], [420n, false]);
  });

  const UNUSABLE: Readonly<Record<string, Reply>> = {
    prose: { body: fixture("openai-compatible/chat-text.200.json") },
    "a refusal": completion({ content: null, refusal: "I cannot." }),
    "cut off": completion({ content: TEXT }, "length"),
    filtered: completion({ content: TEXT }, "content_filter"),
    "a call of a tool": completion({ content: null, tool_calls: [{ id: "1" }] }, "tool_calls"),
    unfinished: completion({ content: TEXT }, null),
    empty: completion({ content: "" }),
    "thoughts only": completion({ content: null, reasoning_content: TEXT }),
    "fenced JSON": completion({ content: `\`\`\`json\n${TEXT}\n\`\`\`` }),
    "of another form": completion({ content: JSON.stringify([PLACE]) }),
    "without a choice": { body: '{"object":"chat.completion","choices":[]}' },
  };
  for (const [what, reply] of Object.entries(UNUSABLE)) {
    it(`fails once on an answer that is ${what}`, async () => {
      const { content, outcome, sent } = await ask(reply);
      assert.equal(toReason(outcome.reason), "PROVIDER_RESPONSE_INVALID", outcome.detail);
      assert.deepEqual([content, sent.length], [undefined, 1]);
      assert.doesNotMatch(outcome.detail, /Tasca|Galaxy|cannot\./);
    });
  }

  const errorOf = (type: string, code: string | null): string =>
    JSON.stringify({ error: { message: "words of its own", type, param: null, code } });
  const REFUSALS: readonly (readonly [status: number, body: string, reason: string])[] = [
    [400, errorOf("invalid_request_error", null), "PROVIDER_RESPONSE_INVALID"],
    [401, errorOf("invalid_request_error", "invalid_api_key"), "PROVIDER_ACCESS_DENIED"],
    [403, errorOf("forbidden", null), "PROVIDER_ACCESS_DENIED"],
    [404, errorOf("invalid_request_error", "model_not_found"), "PROVIDER_RESPONSE_INVALID"],
    [404, '{"error":"model \\"m\\" not found, try pulling it first"}', "PROVIDER_RESPONSE_INVALID"],
    [409, "", "PROVIDER_UNAVAILABLE"],
    [422, '{"object":"error","message":"no","code":422}', "PROVIDER_RESPONSE_INVALID"],
    [429, errorOf("requests", "rate_limit_exceeded"), "PROVIDER_RATE_LIMITED"],
    [500, errorOf("server_error", null), "PROVIDER_UNAVAILABLE"],
    [503, "<html>overloaded</html>", "PROVIDER_UNAVAILABLE"],
  ];
  for (const [status, body, reason] of REFUSALS) {
    it(`names status ${status} ${reason}, without a second request: ${body.length} characters`, async () => {
      const { outcome, sent } = await ask({ status, body });
      assert.equal(toReason(outcome.reason), reason);
      assert.deepEqual(
        [outcome.detail, outcome.costUsdMicros, sent.length],
        // Nobody says that a failure of the server is free.
        [`HTTP ${status}`, status < 500 ? 0n : 12_000n, 1],
      );
    });
  }

  it("stays away for an hour when its credits are used up", async () => {
    const { outcome } = await ask({ status: 429, body: errorOf("insufficient_quota", "insufficient_quota") });
    assert.equal(toReason(outcome.reason), "PROVIDER_RATE_LIMITED");
    assert.equal(durationMs(outcome.retryDelay ?? assert.fail()), 3_600_000);
  });

  it("tries what a server knows when it refuses a field, and pays only for the answer", async () => {
    const unknownLimit = {
      status: 400,
      body: errorOf("Unsupported parameter: 'max_completion_tokens'", "unsupported_parameter"),
    };
    const unknownFormat = { status: 422, body: '{"detail":[{"loc":["body","response_format"]}]}' };
    const answer = { body: toChatCompletion(TEXT) };
    const { outcome, sent } = await ask(unknownLimit, unknownFormat, unknownFormat, answer);
    assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
    const bodies = sent.map((body) => requestSchema.parse(JSON.parse(body)));
    assert.deepEqual(
      bodies.map((body) => ["max_tokens" in body, body.response_format?.type]),
      [
        [false, "json_schema"],
        [true, "json_schema"],
        [true, "json_object"],
        [true, undefined],
      ],
    );
    assert.match(bodies[3]?.messages[0].content ?? "", /"additionalProperties":false/);
    assert.equal(outcome.costUsdMicros, 1000n);
  });

  it("gives up on a server that refuses every dialect", async () => {
    const { outcome, sent } = await ask({ status: 400, body: errorOf("max_tokens response_format", null) });
    assert.equal(toReason(outcome.reason), "PROVIDER_RESPONSE_INVALID");
    assert.ok(sent.length <= 4);
  });

  it("is sent the same instructions and form, whatever strangers write", async () => {
    const send = async (text: string | undefined) => {
      served.server().reset();
      served.answerWith(() => ({ body: toChatCompletion('{"items":[]}') }));
      const preferences =
        text === undefined ? {} : { interests: [text], mustSee: [text], cuisines: [text], avoid: [text] };
      const destination = text === undefined ? {} : { displayName: text, region: text };
      const query = queryOf({ preferences, destination });
      await served.adapter().fetch(SectionKind.ATTRACTIONS, query);
      const body = requestSchema.parse(JSON.parse(served.server().requests[0]?.body ?? ""));
      const [system, { content }] = body.messages;
      return { input: content, rest: JSON.stringify({ ...body, messages: [system] }) };
    };
    const plain = await send(undefined);
    assert.ok(plain.rest.includes(`"model":"${TEST_TEXT}"`));
    for (const name of readdirSync(CORPUS)) {
      const { input, rest } = await send(readFileSync(new URL(name, CORPUS), "utf8"));
      assert.equal(rest, plain.rest, name);
      const lines = input.split(/[\n\r\u0085\u2028\u2029]/);
      assert.deepEqual(
        [lines.length, lines[0], lines[1], lines[3]],
        [4, plain.input.split("\n")[0], "<request>", "</request>"],
      );
      assert.doesNotMatch(lines[2] ?? "", /[<>&]/, name);
      assert.deepEqual(Object.keys(dataIn(input)), Object.keys(dataIn(plain.input)), name);
    }
  });
});
