import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { startPairFor } from "../support/pair.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { until } from "../support/until.ts";

/** How long after its callers have left a provider may still have our socket. */
const CLOSED_WITHIN_MS = 100;
const OVERSHOOT_MS = 50;

const codeOf = async (call: Promise<unknown>): Promise<Code> =>
  await call.then(
    () => assert.fail("the call was answered"),
    (error: unknown) => ConnectError.from(error).code,
  );

describe("R5: a caller that leaves", () => {
  const provider = plainProvider("plain");
  let server: ProviderServer;
  let urls: Readonly<Record<string, string>>;
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
    urls = { [plainOrigin("plain")]: server.baseUrl };
  });
  after(() => server.close());
  beforeEach(() => server.reset());

  const isClosedSoon = async (sinceMs: number): Promise<void> => {
    await until(() => server.openSocketCount() === 0);
    const ms = performance.now() - sinceMs;
    assert.ok(ms <= CLOSED_WITHIN_MS, `${ms} ms`);
  };

  describe("content-fetcher", () => {
    let fetcher: FetcherUnderTest;
    beforeEach(async () => {
      fetcher = await startFetcherFor([provider], urls);
    });
    afterEach(() => fetcher.close());
    const target = { provider: "providers/plain", sectionKind: SectionKind.OVERVIEW };

    it("closes the provider's socket when a caller hangs up", async () => {
      server.setFault({ kind: "hang" });
      const abort = new AbortController();
      const call = codeOf(
        fetcher.client.fetchContent({ target, query: lisbonQuery() }, { signal: abort.signal }),
      );
      await until(() => server.requests.length === 1);
      const leftMs = performance.now();
      abort.abort();
      assert.equal(await call, Code.Canceled);
      await isClosedSoon(leftMs);
    });

    it("closes it when a caller leaves a stream in the middle", async () => {
      const slow = plainProvider("slow");
      const both = await startFetcherFor([provider, slow], {
        ...urls,
        [plainOrigin("slow")]: server.baseUrl,
      });
      server.setGate(() => (server.requests.length === 1 ? PLAIN_ANSWER : undefined));
      server.setFault({ kind: "hang" });
      const targets = [target, { ...target, provider: "providers/slow" }];
      let leftMs = 0;
      const abort = new AbortController();
      const reading = async (): Promise<void> => {
        const stream = both.client.streamContent({ targets, query: lisbonQuery() }, { signal: abort.signal });
        for await (const _ of stream) {
          await until(() => server.requests.length === 2);
          leftMs = performance.now();
          abort.abort();
        }
      };
      assert.equal(await codeOf(reading()), Code.Canceled);
      // The first one is idle, and kept for the next call.
      await until(() => server.openSocketCount() === 1);
      assert.ok(performance.now() - leftMs <= CLOSED_WITHIN_MS);
      await both.close();
    });

    it("ends at the caller's deadline, and closes the socket", async () => {
      server.setFault({ kind: "hang" });
      const startMs = performance.now();
      const code = await codeOf(
        fetcher.client.fetchContent({ target, query: lisbonQuery() }, { timeoutMs: 300 }),
      );
      const ms = performance.now() - startMs;
      assert.equal(code, Code.DeadlineExceeded);
      assert.ok(ms <= 300 + OVERSHOOT_MS, `${ms} ms`);
      await isClosedSoon(startMs + 300);
    });

    it("calls nobody when the deadline leaves no time for work", async () => {
      const code = await codeOf(
        fetcher.client.fetchContent({ target, query: lisbonQuery() }, { timeoutMs: 90 }),
      );
      assert.equal(code, Code.DeadlineExceeded);
      assert.equal(server.requests.length, 0);
    });

    it("forgets a caller that leaves while it waits for its turn", async () => {
      const one = await startFetcherFor([plainProvider("plain", { maxConcurrentCount: 1 })], urls);
      server.setFault({ kind: "hang" });
      const signals = [new AbortController(), new AbortController()];
      const calls = signals.map(({ signal }) =>
        codeOf(one.client.fetchContent({ target, query: lisbonQuery() }, { signal })),
      );
      const queued = async (): Promise<number> =>
        (await one.client.listProviders({})).providers[0]?.queuedCallCount ?? 0;
      while ((await queued()) < 1) await until(() => server.requests.length === 1);
      signals[1]?.abort();
      while ((await queued()) > 0);
      signals[0]?.abort();
      assert.deepEqual(await Promise.all(calls), [Code.Canceled, Code.Canceled]);
      assert.equal(server.requests.length, 1);
      await one.close();
    });
  });

  it("keeps the socket while somebody else waits for the same content, and closes it with the last", async () => {
    const pair = await startPairFor([provider], urls);
    server.setFault({ kind: "hang" });
    const signals = [new AbortController(), new AbortController()];
    const spec = { destination: { case: "destinationQuery" as const, value: "Lisbon" } };
    const calls = signals.map(({ signal }) => codeOf(pair.client.composeGuide({ spec }, { signal })));
    await until(() => server.requests.length === 1);
    // The second caller has joined the load once the composer has had time to read its call.
    await pair.client.searchDestinations({ query: "Lisbon" });
    signals[0]?.abort();
    assert.equal(await calls[0], Code.Canceled);
    await pair.client.searchDestinations({ query: "Lisbon" });
    assert.equal(server.openSocketCount(), 1);
    const leftMs = performance.now();
    signals[1]?.abort();
    assert.equal(await calls[1], Code.Canceled);
    await isClosedSoon(leftMs);
    assert.equal(server.requests.length, 1);
    await pair.close();
  });
});
