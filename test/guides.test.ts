import assert from "node:assert/strict";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { PROVIDERS } from "../services/content-fetcher/providers.ts";
import {
  AmbiguousDestinationSchema,
  CacheDecision,
  CacheMode,
  SectionStatus,
  type ComposeGuideResponse,
  type Guide,
  type Section,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { ErrorReason } from "../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { PROVIDER_IDS } from "./providers/servers.ts";
import { startTestProviders, type TestProviders } from "./providers/test-providers.ts";
import type { Fault } from "./support/faults.ts";
import { startPairFor, type PairUnderTest } from "./support/pair.ts";

const ALL_KINDS = Object.values(SectionKind).filter((kind) => kind !== SectionKind.UNSPECIFIED);
const DAY_COUNT = 4;
const DAY_MS = 86_400_000;

const inDays = (count: number) => {
  const date = new Date(Date.now() + count * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
};

describe("guides from the keyless providers", function () {
  this.timeout(60_000);
  let providers: TestProviders;
  let pair: PairUnderTest;

  before(async () => {
    providers = await startTestProviders({ seed: 1, now: Date.now });
  });
  after(() => providers.close());
  beforeEach(async () => {
    providers.reset();
    pair = await startPairFor(PROVIDERS, providers.settings, {
      composer: { WARMING_CALLS_PER_MINUTE: "0" },
    });
  });
  afterEach(() => pair.close());

  const compose = (query: string, more: object = {}): Promise<ComposeGuideResponse> =>
    pair.client.composeGuide({
      spec: {
        destination: { case: "destinationQuery", value: query },
        startDate: inDays(2),
        dayCount: DAY_COUNT,
      },
      ...more,
    });
  const guideOf = (response: ComposeGuideResponse): Guide => {
    assert.ok(response.guide);
    return response.guide;
  };
  const sectionOf = (guide: Guide, kind: SectionKind): Section => {
    const section = guide.sections.find((each) => each.kind === kind);
    assert.ok(section, String(kind));
    return section;
  };
  const contentProvidersAsked = (): string[] =>
    providers
      .requests()
      .filter(({ provider, url }) => provider !== "nominatim" && url.pathname !== "/v1/search")
      .map(({ provider }) => provider);

  for (const query of ["Lisbon", "Boston, Massachusetts", "東京", "München"]) {
    it(`has all there is to ${query}`, async () => {
      const guide = guideOf(await compose(query));
      assert.deepEqual(
        guide.sections.map(({ kind }) => kind),
        ALL_KINDS,
        JSON.stringify(guide.omissions.map(({ kind, reason }) => [kind, reason])),
      );
      for (const section of guide.sections) assert.notEqual(section.status, SectionStatus.PARTIAL);
      assert.ok(sectionOf(guide, SectionKind.RESTAURANTS).listings.length >= 10);
      assert.ok(sectionOf(guide, SectionKind.ATTRACTIONS).listings.length >= 10);
      assert.ok(sectionOf(guide, SectionKind.NEIGHBORHOODS).listings.length >= 5);
      assert.equal(sectionOf(guide, SectionKind.WEATHER).forecasts.length, DAY_COUNT);
      assert.ok(sectionOf(guide, SectionKind.OVERVIEW).narratives.length > 0);
      assert.ok(sectionOf(guide, SectionKind.PRACTICAL).narratives.length > 0);
      assert.ok(sectionOf(guide, SectionKind.EXPERIENCES).listings.length > 0);
      assert.equal(guide.itineraryDays.length, DAY_COUNT);
      const keys = new Set<string>();
      for (const section of guide.sections) {
        assert.ok(section.attributions.length > 0 || section.status === SectionStatus.EMPTY);
        for (const { key, citations } of section.listings) {
          keys.add(key);
          assert.ok(citations.length > 0, key);
          for (const { provider, title, fetchTime } of citations)
            assert.ok(provider.startsWith("providers/") && title !== "" && fetchTime !== undefined);
        }
      }
      let last = new Set<string>();
      for (const { stops } of guide.itineraryDays) {
        assert.ok(stops.length > 0);
        for (const { listingKey } of stops) assert.ok(keys.has(listingKey) && !last.has(listingKey));
        last = new Set(stops.map(({ listingKey }) => listingKey));
      }
    });
  }

  it("makes at most 8 calls to Wikimedia and one to Overpass for a guide", async () => {
    await compose("Boston, Massachusetts");
    assert.ok(providers.server("wikivoyage").requests.length <= 8);
    assert.equal(providers.server("overpass").requests.length, 1);
  });

  it("has one guide for all spellings of a destination", async () => {
    const munich = await compose("Munich");
    providers.reset();
    const muenchen = await compose("münchen ");
    assert.equal(guideOf(muenchen).name, guideOf(munich).name);
    assert.deepEqual(muenchen.report?.guideDecisions, [CacheDecision.HIT_MEMORY]);
    assert.deepEqual(muenchen.guide, munich.guide);
    assert.equal(providers.requests().length, 0);
  });

  it("asks back about Springfield, and does not know asdfqwer, without asking for any content", async () => {
    const failed = async (query: string): Promise<ConnectError> => {
      const error: unknown = await compose(query).catch((cause: unknown) => cause);
      return ConnectError.from(error);
    };
    const springfield = await failed("Springfield");
    assert.equal(springfield.code, Code.InvalidArgument);
    const [ambiguous] = springfield.findDetails(AmbiguousDestinationSchema);
    assert.ok(ambiguous !== undefined && ambiguous.candidates.length >= 2);
    assert.equal((await failed("asdfqwer")).code, Code.NotFound);
    assert.deepEqual(contentProvidersAsked(), []);
  });

  it("fetches only what the read mask needs, and does not keep it as a guide", async () => {
    const { guide } = await compose("Lisbon", {
      readMask: { paths: ["sections.forecasts", "packing_items"] },
    });
    assert.deepEqual(new Set(contentProvidersAsked()), new Set(["open-meteo", "met-norway"]));
    assert.equal(guide?.name, "");
    providers.reset();
    const whole = await compose("Lisbon");
    assert.deepEqual(whole.report?.guideDecisions, [CacheDecision.MISS_COLD]);
    assert.deepEqual(new Set(contentProvidersAsked()), new Set(["overpass", "wikivoyage"]));
  });

  it("streams the guide that it composes", async () => {
    const whole = guideOf(await compose("Lisbon"));
    const sections: Section[] = [];
    const cases: (string | undefined)[] = [];
    let completed: Guide | undefined;
    for await (const { event } of pair.client.streamGuide({
      request: {
        spec: {
          destination: { case: "destinationName", value: "destinations/2267057" },
          startDate: inDays(2),
          dayCount: DAY_COUNT,
        },
        cacheMode: CacheMode.REFRESH,
      },
    })) {
      cases.push(event.case);
      if (event.case === "section") sections.push(event.value);
      if (event.case === "completion") completed = event.value.guide;
    }
    assert.equal(cases[0], "plan");
    assert.equal(cases.at(-1), "completion");
    assert.ok(cases.includes("progress"));
    assert.equal(completed?.etag, whole.etag);
    assert.deepEqual(
      sections.map(({ kind, etag }) => [kind, etag]).sort(([a], [b]) => Number(a) - Number(b)),
      whole.sections.map(({ kind, etag }) => [kind, etag]),
    );
  });

  it("keeps what has arrived when the deadline comes, and names what has not", async () => {
    providers.setFault("overpass", { kind: "hang" });
    const startMs = performance.now();
    const { guide } = await pair.client.composeGuide(
      { spec: { destination: { case: "destinationQuery", value: "Lisbon" } } },
      { timeoutMs: 1_500 },
    );
    assert.ok(performance.now() - startMs < 1_500 + 50);
    assert.ok(guide !== undefined && guide.sections.length > 0);
    const late = [...guide.sections, ...guide.omissions].flatMap(({ providerOutcomes }) =>
      providerOutcomes.filter(({ provider }) => provider === "providers/overpass"),
    );
    assert.ok(late.length > 0);
    for (const { reason } of late) assert.equal(reason, ErrorReason.DEADLINE_EXPIRED);
  });

  it("tells typical weather from a forecast beyond its reach", async () => {
    const { guide } = await pair.client.composeGuide({
      spec: {
        destination: { case: "destinationQuery", value: "Lisbon" },
        startDate: inDays(100),
        dayCount: 3,
        sectionKinds: [SectionKind.WEATHER],
      },
    });
    const [weather] = guide?.sections ?? [];
    assert.equal(weather?.forecasts.length, 3);
    for (const { basis, sampleYearCount } of weather.forecasts)
      assert.ok(basis === 2 && sampleYearCount === 5);
  });

  it("is whole again after any faults, because no failure was kept", async () => {
    const fault = fc.constantFrom<Fault | undefined>(
      undefined,
      { kind: "status", status: 500 },
      { kind: "status", status: 403 },
      { kind: "html" },
      { kind: "empty" },
      { kind: "truncated" },
      { kind: "wrong-schema" },
      { kind: "cut" },
      { kind: "reset" },
    );
    const faults = fc.tuple(...PROVIDER_IDS.map(() => fault));
    await fc.assert(
      fc.asyncProperty(faults, async (of) => {
        // Circuits, pauses and caches of a run are none of the next one's.
        const own = await startPairFor(PROVIDERS, providers.settings, {
          composer: { WARMING_CALLS_PER_MINUTE: "0" },
        });
        try {
          providers.reset();
          for (const [index, id] of PROVIDER_IDS.entries()) providers.setFault(id, of[index]);
          const spec = { destination: { case: "destinationQuery" as const, value: "Lisbon" } };
          const first = guideOf(await own.client.composeGuide({ spec }));
          const kinds = [...first.sections, ...first.omissions].map(({ kind }) => kind);
          assert.deepEqual(
            kinds.sort((a, b) => a - b),
            ALL_KINDS,
          );
          for (const { kind, reason, providerOutcomes } of first.omissions)
            assert.ok(reason !== ErrorReason.UNSPECIFIED && providerOutcomes.length > 0, String(kind));
          const broken =
            first.omissions.length > 0 ||
            first.sections.some(({ status }) => status === SectionStatus.PARTIAL);
          providers.reset();
          const { guide, report } = await own.client.composeGuide({ spec });
          if (broken) assert.ok(!report?.guideDecisions.includes(CacheDecision.HIT_MEMORY));
          // What failed is asked for again, whatever the breakers say of it: nothing of the failure is served.
          for (const section of guide?.sections ?? []) {
            assert.ok(
              section.freshness?.expireTime && timestampMs(section.freshness.expireTime) > Date.now(),
            );
            if (section.status === SectionStatus.COMPLETE)
              assert.ok(
                section.narratives.length +
                  section.facts.length +
                  section.listings.length +
                  section.forecasts.length >
                  0,
              );
          }
        } finally {
          await own.close();
        }
      }),
      { numRuns: 6 },
    );
  });
});
