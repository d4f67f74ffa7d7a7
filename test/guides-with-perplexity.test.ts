import assert from "node:assert/strict";
import { readProviderSettings } from "../services/content-fetcher/config.ts";
import { PROVIDERS } from "../services/content-fetcher/providers.ts";
import {
  CacheDecision,
  type ComposeGuideResponse,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type ProviderOutcome,
} from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../shared/errors.ts";
import { completionOf } from "./providers/completion.ts";
import { tokensMs } from "./providers/profiles.ts";
import { startTestProviders, type TestProviders } from "./providers/test-providers.ts";
import { startFetcherFor } from "./support/fetcher.ts";
import { startPairFor, type PairUnderTest } from "./support/pair.ts";

const PERPLEXITY = "providers/perplexity";
/** What it is asked about: everything but the weather. */
const KINDS: readonly SectionKind[] = [
  SectionKind.OVERVIEW,
  SectionKind.ATTRACTIONS,
  SectionKind.RESTAURANTS,
  SectionKind.NEIGHBORHOODS,
  SectionKind.EVENTS,
  SectionKind.EXPERIENCES,
  SectionKind.PRACTICAL,
];

const tomorrow = () => {
  const date = new Date(Date.now() + 86_400_000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
};

describe("guides with answers from a web search", function () {
  this.timeout(60_000);
  let providers: TestProviders;
  let pair: PairUnderTest | undefined;

  before(async () => {
    providers = await startTestProviders({ seed: 1, now: Date.now });
  });
  after(() => providers.close());
  beforeEach(() => providers.reset());
  afterEach(async () => {
    await pair?.close();
    pair = undefined;
  });

  const compose = async (
    settings: Readonly<Record<string, string>>,
    interests: readonly string[] = [],
  ): Promise<ComposeGuideResponse> => {
    const key = providers.keys["PERPLEXITY_API_KEY"] ?? "";
    pair ??= await startPairFor(PROVIDERS, providers.settings, {
      fetcher: { providerSettings: readProviderSettings({ PERPLEXITY_API_KEY: key, ...settings }) },
      composer: { WARMING_CALLS_PER_MINUTE: "0" },
    });
    return await pair.client.composeGuide({
      spec: {
        destination: { case: "destinationQuery", value: "Lisbon" },
        startDate: tomorrow(),
        dayCount: 2,
        preferences: { interests: [...interests] },
      },
    });
  };
  const outcomesOf = ({ guide }: ComposeGuideResponse): ProviderOutcome[] =>
    [...(guide?.sections ?? []), ...(guide?.omissions ?? [])].flatMap(({ providerOutcomes }) =>
      providerOutcomes.filter(({ provider }) => provider === PERPLEXITY),
    );

  it("asks one question a section, cites pages, and counts what each has cost", async () => {
    const response = await compose({});
    assert.equal(providers.requestCounts().perplexity, KINDS.length);
    for (const section of response.guide?.sections ?? []) {
      if (!KINDS.includes(section.kind)) continue;
      const items = [...section.listings, ...section.narratives];
      const cited = items.filter(({ citations }) =>
        citations.some(({ provider }) => provider === PERPLEXITY),
      );
      assert.ok(cited.length > 0, `section ${section.kind}`);
      assert.ok(section.attributions.some(({ provider }) => provider === PERPLEXITY));
    }
    const outcomes = outcomesOf(response);
    assert.equal(outcomes.length, KINDS.length);
    const cost = outcomes.reduce((sum, { costUsdMicros }) => sum + costUsdMicros, 0n);
    assert.ok(outcomes.every((outcome) => outcome.costUsdMicros > 0n && !outcome.costEstimated));
    assert.equal(response.report?.costUsdMicros, cost);
  });

  it("asks for so little at once that answers are written within 2.2 seconds", async () => {
    await compose({});
    const { baseUrl } = providers.server("perplexity");
    const requests = providers.requests().filter(({ provider }) => provider === "perplexity");
    assert.equal(requests.length, KINDS.length);
    for (const { url, headers, body } of requests) {
      const { authorization = "" } = headers;
      const reply = await fetch(`${baseUrl}${url.pathname}`, {
        method: "POST",
        headers: { authorization },
        body,
      });
      const written = completionOf({ body: await reply.text() });
      assert.ok(written.length > 0);
      assert.ok(tokensMs(written.length) - tokensMs(0) <= 2_200, written);
    }
  });

  it("pays again only for what depends on what has changed", async () => {
    await compose({});
    const again = await compose({});
    assert.deepEqual(again.report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
    const other = await compose({}, ["museums"]);
    // Attractions and experiences are asked by interests.
    assert.equal(providers.requestCounts().perplexity, KINDS.length + 2);
    assert.ok((other.report?.costAvoidedUsdMicros ?? 0n) > 0n);
  });

  const COUNTS: readonly (readonly [settings: Readonly<Record<string, string>>, count: number])[] = [
    [{}, 2],
    [{ PERPLEXITY_MAX_CONCURRENT_CALLS: "7" }, 7],
  ];
  for (const [settings, count] of COUNTS) {
    it(`may have ${count} questions open at once with ${JSON.stringify(settings)}`, async () => {
      const fetcher = await startFetcherFor(PROVIDERS, providers.settings, {
        providerSettings: readProviderSettings(settings),
      });
      const list = await fetcher.client.listProviders({});
      const perplexity = list.providers.find(({ name }) => name === PERPLEXITY);
      assert.equal(perplexity?.concurrencyLimit, count);
      await fetcher.close();
    });
  }

  it("goes without it where its older API has been retired, and says so", async () => {
    const response = await compose({ PERPLEXITY_API: "chat-completions" });
    const outcomes = outcomesOf(response);
    assert.equal(outcomes.length, KINDS.length);
    for (const outcome of outcomes) {
      assert.equal(outcome.kind, OutcomeKind.FAILED);
      assert.equal(toReason(outcome.reason), "PROVIDER_ACCESS_DENIED");
      assert.equal(outcome.attemptCount, 1);
    }
    assert.equal(response.report?.costUsdMicros, 0n);
    // What nobody else knows of is missing; the rest is there.
    assert.ok((response.guide?.sections ?? []).length >= KINDS.length);
  });
});
