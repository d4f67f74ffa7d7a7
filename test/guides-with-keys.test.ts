import assert from "node:assert/strict";
import { PROVIDERS } from "../services/content-fetcher/providers.ts";
import { Secret } from "../shared/config.ts";
import {
  CacheDecision,
  type ComposeGuideResponse,
  type Section,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startTestProviders, type TestProviders } from "./providers/test-providers.ts";
import { startPairFor, type PairUnderTest } from "./support/pair.ts";

/** What only these providers answer, with and without a key. */
const KINDS: readonly SectionKind[] = [SectionKind.ATTRACTIONS, SectionKind.RESTAURANTS];

const tomorrow = () => {
  const date = new Date(Date.now() + 86_400_000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
};

describe("guides from providers with a key", function () {
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

  const compose = async (keySettings: readonly string[]): Promise<ComposeGuideResponse> => {
    const keys = new Map(keySettings.map((name) => [name, new Secret(providers.keys[name] ?? "")]));
    pair ??= await startPairFor(PROVIDERS, providers.settings, {
      fetcher: { providerSettings: { keys, switchedOn: new Set() } },
      composer: { WARMING_CALLS_PER_MINUTE: "0" },
    });
    return await pair.client.composeGuide({
      spec: {
        destination: { case: "destinationQuery", value: "Lisbon" },
        startDate: tomorrow(),
        dayCount: 2,
      },
    });
  };
  const sectionsOf = ({ guide }: ComposeGuideResponse): Section[] =>
    (guide?.sections ?? []).filter(({ kind }) => KINDS.includes(kind));
  const tellersOf = ({ listings }: Section): Set<string> =>
    new Set(listings.flatMap(({ citations }) => citations.map(({ provider }) => provider)));

  it("has each object of OpenStreetMap once, whoever of two providers tells of it", async () => {
    const response = await compose(["GEOAPIFY_API_KEY"]);
    for (const section of sectionsOf(response)) {
      assert.ok(tellersOf(section).has("providers/geoapify") && tellersOf(section).has("providers/overpass"));
      const ids = section.listings.flatMap(({ providerIds }) =>
        providerIds.filter(({ provider }) => provider === "providers/overpass").map(({ id }) => id),
      );
      assert.equal(new Set(ids).size, ids.length);
      const titles = section.listings.map(({ title }) => title);
      assert.equal(new Set(titles).size, titles.length);
      const shown = section.attributions.filter(({ provider }) => provider === "providers/geoapify");
      assert.deepEqual(
        shown.map(({ text, uri }) => [text, uri]),
        [
          ["Powered by Geoapify", "https://www.geoapify.com/"],
          ["© OpenStreetMap contributors", "https://www.openstreetmap.org/copyright"],
        ],
      );
    }
    assert.equal(sectionsOf(response).length, 2);
    const again = await compose([]);
    assert.deepEqual(again.report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
    assert.equal(providers.requestCounts().geoapify, 2);
  });

  it("asks Google anew for each guide, and says what that costs", async () => {
    for (const guideCount of [1, 2, 3]) {
      const response = await compose(["GOOGLE_PLACES_API_KEY"]);
      for (const section of sectionsOf(response)) {
        assert.ok(tellersOf(section).has("providers/google-places"));
        assert.ok(section.attributions.some(({ text }) => text === "Google Maps"));
        assert.ok(section.listings.some(({ ratingScore }) => ratingScore !== undefined));
      }
      assert.equal(response.report?.costUsdMicros, 70_000n);
      assert.equal(providers.requestCounts()["google-places"], 2 * guideCount);
      // Nobody else is asked twice.
      assert.equal(providers.requestCounts().overpass, 1);
    }
  });
});
