import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { fromWire } from "../../shared/error-wire.ts";
import { toReason, type ServiceError } from "../../shared/errors.ts";
import type { ComposeGuideResponse } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { startPairFor, type PairUnderTest } from "../support/pair.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { freePort } from "../support/wire-server.ts";

const DEADLINE_MS = 5_000;
const PROVIDERS = [
  plainProvider("first"),
  plainProvider("second", {}, { offerings: [{ kind: SectionKind.PRACTICAL, dependsOn: [] }] }),
];

describe("R11: content-fetcher is gone", () => {
  let provider: ProviderServer;
  let pair: PairUnderTest;
  let returned: FetcherUnderTest | undefined;
  let originUrls: Readonly<Record<string, string>>;

  const listenAt = (address: string) => ({
    settings: {
      FETCHER_LISTEN: { host: "127.0.0.1", port: Number(address.split(":").at(-1)) },
      OPERATOR_CONTACT: undefined,
      HEDGING: "off" as const,
      MAX_CONCURRENT_CALLS: 1_000,
      SHUTDOWN_DELAY_MS: 0,
    },
  });
  const compose = (
    kinds: readonly SectionKind[],
    city = "Lisbon",
    of: PairUnderTest = pair,
  ): Promise<ComposeGuideResponse> =>
    of.client.composeGuide(
      { spec: { destination: { case: "destinationQuery", value: city }, sectionKinds: [...kinds] } },
      { timeoutMs: DEADLINE_MS },
    );
  const failureOf = async (call: Promise<unknown>): Promise<ServiceError> => {
    const error: unknown = await call.then(
      () => assert.fail("the call was answered"),
      (failed: unknown) => failed,
    );
    return fromWire(error);
  };
  /** Calls until one is answered, for no longer than the channel pauses between two attempts to connect. */
  async function composeOnceBack(of: PairUnderTest, city: string): Promise<ComposeGuideResponse> {
    const startMs = performance.now();
    for (;;) {
      try {
        return await compose([SectionKind.OVERVIEW], city, of);
      } catch (error) {
        if (performance.now() - startMs > 3_000) throw error;
        await delay(20);
      }
    }
  }

  before(async () => {
    provider = await startProviderServer(() => PLAIN_ANSWER);
    originUrls = { [plainOrigin("first")]: provider.baseUrl, [plainOrigin("second")]: provider.baseUrl };
    pair = await startPairFor(PROVIDERS, originUrls, { composer: { WARMING_CALLS_PER_MINUTE: "0" } });
    await compose([SectionKind.OVERVIEW]);
    await pair.fetcher.close();
  });
  after(async () => {
    await pair.close();
    await returned?.close();
    await provider.close();
  });

  it("still serves guides that are cached", async () => {
    const { guide, report } = await compose([SectionKind.OVERVIEW]);
    assert.equal(guide?.sections.length, 1);
    assert.equal(report?.providerCallCount, 0);
  });

  it("serves what is cached of a guide, and says why the rest is missing", async () => {
    const { guide } = await compose([SectionKind.OVERVIEW, SectionKind.PRACTICAL]);
    assert.deepEqual(
      guide?.sections.map(({ kind }) => kind),
      [SectionKind.OVERVIEW],
    );
    const [omission] = guide?.omissions ?? [];
    assert.equal(omission && toReason(omission.reason), "CONTENT_SERVICE_UNAVAILABLE");
  });

  it("fails the other calls before their deadline, with the reason and a time to come back", async () => {
    const composed = await failureOf(compose([SectionKind.OVERVIEW], "Porto"));
    const events = pair.client.streamGuide(
      { request: { spec: { destination: { case: "destinationQuery", value: "Porto" } } } },
      { timeoutMs: DEADLINE_MS },
    );
    const streamed = await failureOf(Array.fromAsync(events));
    // No gazetteer knows it, so the geocoders would be asked.
    const geocoded = await failureOf(compose([SectionKind.OVERVIEW], "Qwxzyvian Hamlet"));
    for (const { reason, retryDelayMs } of [composed, streamed, geocoded]) {
      assert.equal(reason, "CONTENT_SERVICE_UNAVAILABLE");
      assert.ok((retryDelayMs ?? 0) > 0);
    }
  });

  it("goes on as soon as it is back", async () => {
    returned = await startFetcherFor(PROVIDERS, originUrls, listenAt(pair.fetcher.address));
    const { guide } = await composeOnceBack(pair, "Porto");
    assert.equal(guide?.sections.length, 1);
  });

  it("does not keep a composer from starting, which works as soon as it comes", async () => {
    const target = `127.0.0.1:${await freePort()}`;
    const early = await startPairFor(PROVIDERS, originUrls, {
      composer: { FETCHER_TARGET: target, WARMING_CALLS_PER_MINUTE: "0" },
    });
    let late: FetcherUnderTest | undefined;
    try {
      const { reason } = await failureOf(compose([SectionKind.OVERVIEW], "Lisbon", early));
      assert.equal(reason, "CONTENT_SERVICE_UNAVAILABLE");
      late = await startFetcherFor(PROVIDERS, originUrls, listenAt(target));
      const { guide } = await composeOnceBack(early, "Lisbon");
      assert.equal(guide?.sections.length, 1);
    } finally {
      await early.close();
      await late?.close();
    }
  });
});
