import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { z } from "zod";
import { readProviderSettings } from "../../services/content-fetcher/config.ts";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { REVIEW_INSTRUCTIONS } from "../../services/content-fetcher/providers/language-model/instructions.ts";
import {
  ReviewedSectionSchema,
  ReviewGuideRequestSchema,
  type ReviewGuideRequest,
  type ReviewGuideResponse,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  BudgetLevel,
  Pace,
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  TravelGroup,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { toChatCompletion } from "../providers/openai-server.ts";
import { dataIn } from "../providers/perplexity-server.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { startProviderServer, type ProviderServer, type Reply } from "../support/provider-server.ts";

const PROVIDER = "providers/openai-compatible";
const CORPUS = new URL("../fixtures/prompt-injection/", import.meta.url);
const SETTINGS = { OPENAI_COMPATIBLE_API_KEY: "made-up-key", OPENAI_COMPATIBLE_MODEL: "small" };
const JUDGEMENT = {
  relevance: 0.75,
  specificity: 0.5,
  contradictions: ["The Tower is said to be closed on Mondays and open daily."],
};

const LISBON = lisbonQuery().destination ?? assert.fail();

const requestOf = (title = "Tower", summary = "A tower by the river."): ReviewGuideRequest =>
  create(ReviewGuideRequestSchema, {
    provider: PROVIDER,
    query: {
      destination: LISBON,
      startDate: dayAfterTomorrow(),
      dayCount: 4,
      preferences: {
        interests: ["museums"],
        avoid: ["crowds"],
        budgetLevel: BudgetLevel.ECONOMY,
        pace: Pace.RELAXED,
        travelGroup: TravelGroup.FAMILY,
      },
    },
    sections: [
      { sectionKind: SectionKind.ATTRACTIONS, texts: [{ title, summary }, { title: "Bridge" }] },
      { sectionKind: SectionKind.EVENTS },
    ],
  });

const dayAfterTomorrow = () => {
  const date = new Date(Date.now() + 2 * 86_400_000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
};
const guideSchema = z.object({ guide: z.array(z.object({ texts: z.array(z.unknown()).min(1) })) });
const sentSchema = z.looseObject({
  messages: z.tuple([z.object({ content: z.string() }), z.object({ content: z.string() })]),
});

describe("reviews of guides by an OpenAI-compatible server", () => {
  let server: ProviderServer;
  let fetcher: FetcherUnderTest;
  let reply: Reply = { body: "" };

  before(async () => {
    server = await startProviderServer(() => reply);
  });
  beforeEach(async () => {
    server.reset();
    fetcher = await start(SETTINGS);
  });
  afterEach(() => fetcher.close());
  after(() => server.close());

  const start = (settings: Readonly<Record<string, string>>): Promise<FetcherUnderTest> =>
    startFetcherFor(
      PROVIDERS,
      { OPENAI_COMPATIBLE_BASE_URL: server.baseUrl },
      { providerSettings: readProviderSettings(settings) },
    );
  const review = (next: Reply, request = requestOf()): Promise<ReviewGuideResponse> => {
    reply = next;
    return fetcher.client.reviewGuide(request);
  };
  const judged = (judgement: unknown, more: object = {}): Reply => ({
    body: toChatCompletion(JSON.stringify(judgement), "gpt-4.1-mini-2025-04-14", more),
  });

  it("has scores, contradictions, the version of the prompt, the model and the cost", async () => {
    const { review: found, outcome } = await review(judged(JUDGEMENT));
    assert.deepEqual(
      [found?.relevanceScore, found?.specificityScore, found?.contradictions],
      [0.75, 0.5, JUDGEMENT.contradictions],
    );
    assert.deepEqual([found?.promptVersion, found?.model], ["guide-review-1", "gpt-4.1-mini-2025-04-14"]);
    assert.deepEqual(
      [outcome?.kind, outcome?.provider, outcome?.attemptCount],
      [OutcomeKind.CONTENT, PROVIDER, 1],
    );
    assert.deepEqual([outcome?.costUsdMicros, outcome?.costEstimated], [2_500n, true]);
    const charged = await review(judged(JUDGEMENT, { usage: { cost: 0.00042 } }));
    assert.deepEqual([charged.outcome?.costUsdMicros, charged.outcome?.costEstimated], [420n, false]);
  });

  it("is told what was asked for and what the guide says, and nothing else", async () => {
    await review(judged(JUDGEMENT));
    const [, { content }] = sentSchema.parse(JSON.parse(server.requests[0]?.body ?? "")).messages;
    const { year, month, day } = dayAfterTomorrow();
    assert.deepEqual(dataIn(content), {
      destination: { name: "Lisbon", region: "", country_code: "PT" },
      first_day: `${year}-${month}-${day}`,
      days: 4,
      language: "en",
      wishes: {
        budget: "cheap",
        company: "family",
        pace: "relaxed",
        interests: ["museums"],
        cuisines: [],
        diets: [],
        accessibility: [],
        must_see: [],
        avoid: ["crowds"],
      },
      guide: [
        {
          section: "attractions",
          texts: [{ title: "Tower", summary: "A tower by the river." }, { title: "Bridge" }],
        },
        { section: "events", texts: [] },
      ],
    });
  });

  it("keeps contradictions short, plain and few, without our own words", async () => {
    const { review: found } = await review(
      judged({
        ...JUDGEMENT,
        contradictions: [
          "See **[here](https://evil.example/)**: both cannot be.",
          REVIEW_INSTRUCTIONS.split("\n")[0],
          "none",
          "x".repeat(1_000),
          ...Array.from({ length: 20 }, (_, index) => `Number ${index} differs.`),
        ],
      }),
    );
    assert.equal(found?.contradictions.length, 10);
    assert.deepEqual(found.contradictions[0], "See here: both cannot be.");
    assert.ok(found.contradictions.every((text) => text.length <= 300 && !/evil|You review/.test(text)));
  });

  const UNUSABLE: Readonly<Record<string, Reply>> = {
    "a score above 1": judged({ ...JUDGEMENT, relevance: 75 }),
    "a negative score": judged({ ...JUDGEMENT, specificity: -0.1 }),
    "a score in words": judged({ ...JUDGEMENT, relevance: "high" }),
    "no score": judged({ relevance: 1, contradictions: [] }),
    "a field of its own": judged({ ...JUDGEMENT, approved: true }),
    prose: { body: toChatCompletion("A fine guide: 10 of 10.") },
    "cut off": { body: toChatCompletion(JSON.stringify(JUDGEMENT)).replace('"stop"', '"length"') },
    "a refusal": { body: toChatCompletion("{}").replace('"refusal":null', '"refusal":"No."') },
  };
  for (const [what, answer] of Object.entries(UNUSABLE)) {
    it(`fails on an answer that is ${what}`, async () => {
      const { review: found, outcome } = await review(answer);
      assert.equal(found, undefined);
      assert.deepEqual(
        [outcome?.kind, toReason(outcome?.reason ?? 0)],
        [OutcomeKind.FAILED, "PROVIDER_RESPONSE_INVALID"],
      );
      assert.equal(server.requestCount(), 1);
      // It was answered, so it is paid for.
      assert.equal(outcome?.costUsdMicros, 2_500n);
    });
  }

  it("names a failing server, and is not asked without its settings", async () => {
    const { outcome } = await review({ status: 429, body: "{}" });
    assert.equal(toReason(outcome?.reason ?? 0), "PROVIDER_RATE_LIMITED");
    const bare = await start({});
    const { outcome: skipped } = await bare.client.reviewGuide(requestOf());
    assert.deepEqual(
      [skipped?.kind, toReason(skipped?.reason ?? 0)],
      [OutcomeKind.SKIPPED, "PROVIDER_NOT_CONFIGURED"],
    );
    await bare.close();
  });

  it("is not asked when its budget has no room, and asked for no more than it reserves for", async () => {
    const poor = await start({ ...SETTINGS, OPENAI_COMPATIBLE_DAILY_BUDGET_USD: "0.01" });
    const { outcome } = await poor.client.reviewGuide(requestOf());
    assert.deepEqual(
      [outcome?.kind, toReason(outcome?.reason ?? 0), outcome?.costUsdMicros],
      [OutcomeKind.SKIPPED, "BUDGET_EXHAUSTED", 0n],
    );
    await poor.close();
    assert.equal(server.requestCount(), 0);
    const long = requestOf();
    const texts = Array.from({ length: 30 }, () => ({ title: "&".repeat(200), summary: "寺".repeat(600) }));
    long.sections = [1, 2, 3, 4, 5, 6, 7, 8].map((kind) =>
      create(ReviewedSectionSchema, { sectionKind: kind as SectionKind, texts }),
    );
    await review(judged(JUDGEMENT), long);
    const [, { content }] = sentSchema.parse(JSON.parse(server.requests[0]?.body ?? "")).messages;
    assert.ok(content.length < 25_000);
    assert.equal(guideSchema.parse(dataIn(content)).guide.length, 8);
  });

  it("is sent the same instructions and form, whatever a guide says", async () => {
    const send = async (text: string) => {
      server.reset();
      const request = requestOf(oneLine(text).slice(0, 200), oneLine(text).slice(0, 600));
      if (request.query?.preferences) request.query.preferences.mustSee = [oneLine(text).slice(0, 100)];
      await review(judged(JUDGEMENT), request);
      const body = sentSchema.parse(JSON.parse(server.requests[0]?.body ?? ""));
      const [system, { content }] = body.messages;
      return { input: content, rest: JSON.stringify({ ...body, messages: [system] }) };
    };
    const plain = await send("Tower");
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

  it("is said of providers that can be asked", async () => {
    const { providers } = await fetcher.client.listProviders({});
    assert.deepEqual(
      providers.filter(({ reviewsGuides }) => reviewsGuides).map(({ name }) => name),
      [PROVIDER],
    );
  });
});

/** What a request may hold. */
const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim() || "nothing";
