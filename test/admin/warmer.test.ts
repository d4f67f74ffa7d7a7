import assert from "node:assert/strict";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { CacheDecision } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { startTestProviders, type TestProviders } from "../providers/test-providers.ts";
import { startPairFor, type PairUnderTest } from "../support/pair.ts";
import { until } from "../support/until.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

describe("a running composer that warms", function () {
  this.timeout(30_000);
  let providers: TestProviders;
  let pair: PairUnderTest;
  let aheadMs = 0;
  /** To the next noon: an hour later it is still the same day, and so the same guide. */
  const noonShiftMs = DAY_MS - ((Date.now() - DAY_MS / 2) % DAY_MS);
  const now = (): number => Date.now() + noonShiftMs + aheadMs;
  before(async () => {
    providers = await startTestProviders({ seed: 1, now, oneOverpassQueryAtATime: false });
  });
  after(() => providers.close());
  beforeEach(() => {
    providers.reset();
    aheadMs = 0;
  });
  afterEach(() => pair.close());

  const start = (composer: Readonly<Record<string, string>>): Promise<PairUnderTest> =>
    startPairFor(PROVIDERS, providers.settings, {
      composer: { WARMING_CALLS_PER_MINUTE: "1000", ...composer },
      composerOptions: { now, warmEveryMs: 10 },
      fetcher: { now },
    });
  const compose = () =>
    pair.client.composeGuide({ spec: { destination: { case: "destinationQuery", value: "Lisbon" } } });
  /** A caller finds the guide, at the latest when what warms it has written it. */
  async function findsIt(): Promise<void> {
    let decisions: readonly CacheDecision[] = [];
    for (let tries = 0; !decisions.includes(CacheDecision.HIT_MEMORY); tries += 1) {
      assert.ok(tries < 100);
      decisions = (await compose()).report?.guideDecisions ?? [];
    }
  }
  const forecastCount = (): number => providers.requestCounts()["open-meteo"];

  it("refreshes the weather of a popular destination before it expires, and nobody waits for it", async () => {
    pair = await start({});
    await compose();
    assert.equal(forecastCount(), 1);
    // Weather is promised for an hour: with more than a fifth of it left nothing is due.
    aheadMs = 47 * MINUTE_MS;
    for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => setTimeout(resolve, 10));
    assert.equal(forecastCount(), 1);
    aheadMs = 49 * MINUTE_MS;
    await until(() => forecastCount() === 2);
    // Only what was due: attractions live for hours.
    const others = providers.requests().filter(({ provider }) => provider === "overpass").length;
    aheadMs = 61 * MINUTE_MS;
    await findsIt();
    assert.equal(forecastCount(), 2);
    assert.equal(providers.requests().filter(({ provider }) => provider === "overpass").length, others);
  });

  it("has what is configured ready before anybody asks", async () => {
    pair = await start({ WARM_DESTINATIONS: "Lisbon" });
    await until(() => forecastCount() === 1);
    await until(() => providers.requestCounts().overpass > 0);
    await findsIt();
    assert.equal(forecastCount(), 1);
  });

  it("does nothing with a budget of nothing", async () => {
    pair = await start({ WARM_DESTINATIONS: "Lisbon", WARMING_CALLS_PER_MINUTE: "0" });
    for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => setTimeout(resolve, 10));
    assert.equal(providers.requests().length, 0);
  });
});
