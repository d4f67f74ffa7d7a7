import assert from "node:assert/strict";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { toReason } from "../../shared/errors.ts";
import { ProviderOutcome_Kind as Kind, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { lisbonQuery, startFetcherFor } from "../support/fetcher.ts";
import { openLink, START_MS, type LinkUnderTest } from "../support/link.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { until } from "../support/until.ts";

const TEXT = "An old town on a river.";

describe("R3: a provider that refuses for the rate", () => {
  let server: ProviderServer;
  let subject: LinkUnderTest;
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
  });
  after(() => server.close());
  beforeEach(() => {
    server.reset();
    subject = openLink(plainProvider("plain"), server.baseUrl);
  });
  afterEach(() => subject.close());

  const FORMS = {
    seconds: { retryAfterSeconds: 2 },
    "a date": { retryAtMs: START_MS + 2_000 },
  } as const;
  for (const [form, retryAfter] of Object.entries(FORMS)) {
    it(`is asked again exactly when it says, in ${form}`, async () => {
      const { clock, call } = subject;
      server.setFault({ kind: "rate-limit", ...retryAfter }, 1);
      const answer = call({ endMs: 10_000 });
      await until(() => server.requests.length === 1 && subject.link.status().quotaHeadroomCount === 0);
      await clock.advance(1_999);
      assert.equal(server.requests.length, 1);
      await clock.advance(1);
      assert.equal(await answer, TEXT);
      assert.equal(server.requests.length, 2);
    });
  }

  it("fails the call at once, with its delay, when that is beyond the deadline", async () => {
    server.setFault({ kind: "rate-limit", retryAfterSeconds: 3 });
    const refusal = { reason: "PROVIDER_RATE_LIMITED", retryDelayMs: 3_000 };
    await assert.rejects(subject.call({ endMs: 2_999 }), refusal);
    await assert.rejects(subject.call({ endMs: 2_999 }), refusal);
    assert.equal(server.requests.length, 1);
  });

  it("is left alone for 30 s when it names no time", async () => {
    const { clock, call } = subject;
    server.setFault({ kind: "rate-limit" }, 1);
    await assert.rejects(call(), { reason: "PROVIDER_RATE_LIMITED" });
    await clock.advance(24_000);
    await assert.rejects(call(), { reason: "PROVIDER_RATE_LIMITED", retryDelayMs: 6_000 });
    assert.equal(server.requests.length, 1);
    await clock.advance(6_000);
    assert.equal(await call(), TEXT);
  });

  it("gets no storm of retries from the calls that it refused together", async () => {
    const { clock, call } = subject;
    server.setFault({ kind: "rate-limit", retryAfterSeconds: 1 });
    const calls = Array.from({ length: 20 }, () => call({ endMs: 20_000 }));
    const settled = Promise.allSettled(calls);
    await until(() => server.requests.length === 20);
    await clock.advance(999);
    assert.equal(server.requests.length, 20);
    await clock.advance(1);
    await until(() => server.requests.length > 20);
    await clock.advance(10_000);
    await settled;
    // A tenth of the calls, and the two that a provider gets at the start.
    assert.ok(server.requests.length <= 24, `${server.requests.length} requests`);
  });

  it("stops before it has to refuse, when its answers count down", async () => {
    const { clock, call, link } = subject;
    const counted = await startProviderServer(() => ({
      ...PLAIN_ANSWER,
      headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(START_MS / 1000 + 60) },
    }));
    const other = openLink(plainProvider("counted"), counted.baseUrl);
    assert.equal(await other.call(), TEXT);
    assert.equal(other.link.status().quotaHeadroomCount, 0);
    await assert.rejects(other.call(), { reason: "PROVIDER_RATE_LIMITED", retryDelayMs: 60_000 });
    assert.equal(counted.requests.length, 1);
    await other.close();
    await counted.close();
    assert.equal(link.status().quotaHeadroomCount, undefined);
    assert.equal(await call(), TEXT);
    assert.equal(clock.timerCount(), 0);
  });

  it("is an outcome with the delay to the caller: failed where it was asked, skipped in the pause", async () => {
    const fetcher = await startFetcherFor([plainProvider("plain")], {
      [plainOrigin("plain")]: server.baseUrl,
    });
    server.setFault({ kind: "rate-limit", retryAfterSeconds: 60 });
    const outcomes = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const { outcome } = await fetcher.client.fetchContent({
        target: { provider: "providers/plain", sectionKind: SectionKind.OVERVIEW },
        query: lisbonQuery(),
      });
      outcomes.push(outcome);
    }
    await fetcher.close();
    assert.deepEqual(
      outcomes.map((outcome) => [outcome?.kind, outcome?.attemptCount, outcome && toReason(outcome.reason)]),
      [
        [Kind.FAILED, 1, "PROVIDER_RATE_LIMITED"],
        [Kind.SKIPPED, 0, "PROVIDER_RATE_LIMITED"],
      ],
    );
    for (const outcome of outcomes) {
      const delayMs = outcome?.retryDelay && durationMs(outcome.retryDelay);
      assert.ok(delayMs !== undefined && delayMs > 50_000 && delayMs <= 60_000, `${delayMs}`);
    }
    assert.equal(server.requests.length, 1);
  });
});
