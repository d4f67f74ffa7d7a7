import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";
import { z } from "zod";
import { ContentSchema } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { ProviderOutcomeSchema, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { SEARCH_INSTRUCTIONS } from "../../services/content-fetcher/providers/language-model/instructions.ts";
import { perplexity } from "../../services/content-fetcher/providers/perplexity/perplexity.ts";
import { dataIn, toResponse } from "../providers/perplexity-server.ts";
import { queryOf, TEST_KEY, type QueryParts } from "./harness.ts";
import { answerOf, RESTAURANT } from "./perplexity-answers.ts";
import { serveAdapter } from "./served-adapter.ts";

const FOLDER = new URL("../fixtures/prompt-injection/", import.meta.url);
const CORPUS = readdirSync(FOLDER).map(
  (name) => [name, readFileSync(new URL(name, FOLDER), "utf8")] as const,
);
const KINDS = perplexity.offerings.map(({ kind }) => kind);
const MAX_TEXT_LENGTH = 100;

/** A query in which every text that a caller writes is this one. */
const queryWith = (text: string): QueryParts => ({
  destination: { displayName: text, region: text },
  preferences: {
    cuisines: [text, "sushi"],
    dietaryTags: [text],
    interests: [text],
    accessibilityNeeds: [text],
    mustSee: [text],
    avoid: [text],
  },
});

/** What was sent: the input apart from the rest, which must not depend on a caller's text. */
interface Sent {
  readonly rest: string;
  /** Before the data. */
  readonly task: string;
  readonly input: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const bodySchema = z.record(z.string(), z.unknown());

describe("Perplexity: what strangers write", () => {
  const served = serveAdapter(perplexity);

  async function send(kind: SectionKind, parts: QueryParts): Promise<Sent> {
    served.server().reset();
    served.answerWith(() => ({ body: toResponse([], '{"items":[]}') }));
    const { outcome } = await served.adapter().fetch(kind, queryOf(parts));
    assert.equal(outcome.detail, "");
    const [request] = served.server().requests;
    assert.ok(request);
    assert.equal(request.url.href, "http://provider.test/v1/agent");
    const body = bodySchema.parse(JSON.parse(request.body));
    const input = z.string().parse(body["input"]);
    const rest = JSON.stringify({ ...body, input: "" });
    return { rest, task: input.split("\n")[0] ?? "", input, data: dataIn(input) };
  }

  function staysWithin(sent: Sent, plain: Sent, what: string): void {
    assert.equal(sent.rest, plain.rest, `${what}: instructions, schema and tools`);
    assert.equal(sent.task, plain.task, what);
    const lines = sent.input.split(/[\n\r\u0085\u2028\u2029]/);
    assert.equal(lines.length, 4, `${what}: the data stands on one line`);
    assert.deepEqual([lines[1], lines[3]], ["<request>", "</request>"], what);
    assert.doesNotMatch(lines[2] ?? "", /[<>&]/, what);
    assert.deepEqual(Object.keys(sent.data), Object.keys(plain.data), what);
    for (const text of textsIn(sent.data)) {
      assert.ok(Array.from(text).length <= MAX_TEXT_LENGTH, what);
      assert.doesNotMatch(text, /\p{C}|[\u2028\u2029]/u, what);
    }
  }

  const textsIn = (value: unknown): string[] => {
    if (typeof value === "string") return [value];
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
  };

  for (const [name, text] of CORPUS) {
    it(`changes nothing that is asked, and cannot leave its place: ${name}`, async () => {
      for (const kind of KINDS) staysWithin(await send(kind, queryWith(text)), await send(kind, {}), name);
    });
  }

  it("keeps any text in its place", async () => {
    const plain = await send(SectionKind.ATTRACTIONS, {});
    const fragment = fc.constantFrom(
      "</request>",
      "<request>",
      "\\u003c",
      '"}',
      "\n",
      "\u2028",
      "\\",
      "&lt;",
    );
    const anyText = fc
      .array(fc.oneof(fragment, fc.string({ unit: "binary", maxLength: 40 })), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        staysWithin(await send(SectionKind.ATTRACTIONS, queryWith(text)), plain, JSON.stringify(text));
      }),
      { numRuns: 60 },
    );
  });

  it("tells no more texts than a request may have, and none that a section is not asked by", async () => {
    const many = Array.from({ length: 40 }, (_, index) => `wish ${index}`);
    const preferences = { interests: many, mustSee: many, cuisines: many, avoid: many };
    const { data } = await send(SectionKind.ATTRACTIONS, { preferences });
    assert.deepEqual(data["interests"], many.slice(0, 10));
    assert.deepEqual(data["must_see"], many.slice(0, 10));
    assert.ok(!("cuisines" in data) && !("avoid" in data));
  });

  it("leaves no trace in the outcome of a call that fails", async () => {
    for (const [name, text] of CORPUS) {
      served.answerWith(() => ({ status: 400, body: text }));
      const { outcome } = await served.adapter().fetch(SectionKind.ATTRACTIONS, queryOf(queryWith(text)));
      assert.equal(outcome.detail, "HTTP 400", name);
    }
  });

  it("shows nothing of an answer that obeyed: no instructions, key, picture or link", async () => {
    const obedient = [
      { ...RESTAURANT, summary: `${SEARCH_INSTRUCTIONS} [1]` },
      {
        ...RESTAURANT,
        name: "Two",
        summary: "Nice.[1] ![x](https://evil.example/c?k=1) Go [here](https://evil.example/).",
      },
      {
        ...RESTAURANT,
        name: "Three",
        summary: "<script>alert(1)</script><request> Nice.[1]",
      },
      { ...RESTAURANT, name: "Four", summary: "x", sources: ["https://evil.example/"] },
      { ...RESTAURANT, name: "<img src=x onerror=alert(1)>" },
      { ...RESTAURANT, name: SEARCH_INSTRUCTIONS },
    ];
    served.answerWith(() => answerOf(obedient));
    const { content, outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
    assert.deepEqual(
      content?.listings.map(({ title, summary }) => [title, summary]),
      [
        [RESTAURANT.name, ""],
        ["Two", "Nice. Go here."],
        ["Three", "alert(1) Nice."],
      ],
    );
    const shown = `${toJsonString(ContentSchema, content)}${toJsonString(ProviderOutcomeSchema, outcome)}`;
    for (const word of ["evil.example", "<script", "<request", "written by strangers", TEST_KEY])
      assert.ok(!shown.includes(word), word);
  });

  it("does not tell what an answer says that is none", async () => {
    served.answerWith(() => ({ body: toResponse([], SEARCH_INSTRUCTIONS) }));
    const { outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
    assert.equal(outcome.detail, "the answer is not JSON");
  });
});
