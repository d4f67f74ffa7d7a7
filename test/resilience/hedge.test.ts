import assert from "node:assert/strict";
import { createHedge, type HedgeOptions } from "../../services/content-fetcher/resilience/hedge.ts";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import type { CallScope } from "../../services/content-fetcher/resilience/policy.ts";
import { callScope } from "../support/call-scope.ts";
import { openLink } from "../support/link.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { PLAIN_ANSWER, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { until } from "../support/until.ts";

function setUp(change: Partial<HedgeOptions> = {}) {
  const clock = createManualClock();
  const copies: (PromiseWithResolvers<string> & { readonly signal: AbortSignal })[] = [];
  const hedge = createHedge({
    clock,
    delayMs: () => 100,
    budget: { earn: () => {}, spend: () => true },
    takeQuota: () => true,
    ...change,
  });
  const run = (scope: Partial<CallScope> = {}): Promise<string> =>
    hedge.execute(({ signal }) => {
      const copy = Promise.withResolvers<string>();
      copies.push({ ...copy, signal });
      return copy.promise;
    }, callScope(scope));
  return { clock, copies, run };
}

describe("hedge", () => {
  it("sends a second copy after the usual time, takes the first answer and cancels the other copy", async () => {
    const { clock, copies, run } = setUp();
    const call = run();
    await clock.advance(99);
    assert.equal(copies.length, 1);
    await clock.advance(1);
    copies[1]?.resolve("second");
    assert.equal(await call, "second");
    assert.equal(copies[0]?.signal.aborted, true);
  });

  it("sends one copy when the answer comes in time or fails", async () => {
    const { clock, copies, run } = setUp();
    const answered = run();
    copies[0]?.resolve("first");
    assert.equal(await answered, "first");
    const failed = run();
    copies[1]?.reject(new Error("failed"));
    await assert.rejects(failed, /failed/);
    await clock.advance(1000);
    assert.equal(copies.length, 2);
    assert.equal(clock.timerCount(), 0);
  });

  it("waits for the other copy when one fails", async () => {
    const { clock, copies, run } = setUp();
    const call = run();
    await clock.advance(100);
    copies[0]?.reject(new Error("first failed"));
    await clock.advance(0);
    copies[1]?.resolve("second");
    assert.equal(await call, "second");
    const failing = run();
    await clock.advance(100);
    copies[3]?.reject(new Error("second failed"));
    copies[2]?.reject(new Error("first failed"));
    await assert.rejects(failing, /first failed/);
  });

  const ONE_COPY: Readonly<Record<string, [Partial<HedgeOptions>, Partial<CallScope>]>> = {
    "while the usual time is not known": [{ delayMs: () => undefined }, {}],
    "without a retry left in the budget": [{ budget: { earn: () => {}, spend: () => false } }, {}],
    "without quota": [{ takeQuota: () => false }, {}],
    "of what may not be repeated": [{}, { repeatable: false }],
    "when the deadline comes before": [{}, { endMs: 100 }],
  };
  for (const [when, [options, scope]] of Object.entries(ONE_COPY)) {
    it(`sends one copy ${when}`, async () => {
      const { clock, copies, run } = setUp(options);
      const call = run(scope);
      await clock.advance(1000);
      assert.equal(copies.length, 1);
      copies[0]?.resolve("first");
      assert.equal(await call, "first");
    });
  }

  it("cancels both copies when the caller leaves", async () => {
    const { clock, copies, run } = setUp();
    const abort = new AbortController();
    const call = run({ signal: abort.signal });
    await clock.advance(100);
    abort.abort(new Error("gone"));
    assert.deepEqual(
      copies.map(({ signal }) => signal.aborted),
      [true, true],
    );
    for (const { signal, reject } of copies) reject(signal.reason);
    await assert.rejects(call, /gone/);
  });
});

describe("hedging of a provider", () => {
  let server: ProviderServer;
  before(async () => {
    server = await startProviderServer(() => PLAIN_ANSWER);
  });
  after(() => server.close());
  beforeEach(() => server.reset());

  /** One call to a provider whose first answer after five quick ones never comes. */
  async function callWithHang(provider: Provider, hedging: boolean) {
    const subject = openLink(provider, server.baseUrl, { hedging });
    for (let call = 0; call < 5; call += 1) await subject.call();
    server.setFault({ kind: "hang" }, 1);
    const abort = new AbortController();
    const call = subject.call({ signal: abort.signal });
    call.catch(() => {});
    await until(() => server.requests.length === 6);
    await subject.clock.advance(100);
    return { call, abort, close: subject.close };
  }

  it("gives a slow read a second copy, and closes the socket of the first", async () => {
    const { call, close } = await callWithHang(plainProvider("plain"), true);
    assert.equal(await call, "An old town on a river.");
    assert.equal(server.requests.length, 7);
    await until(() => server.openSocketCount() === 1);
    await close();
  });

  const OFF: Readonly<Record<string, readonly [Provider, boolean]>> = {
    "unless it is switched on": [plainProvider("plain"), false],
    "of a provider with a key": [plainProvider("plain", {}, { keySetting: "PLAIN_KEY" }), true],
  };
  for (const [when, [provider, hedging]] of Object.entries(OFF)) {
    it(`is off ${when}`, async () => {
      const { call, abort, close } = await callWithHang(provider, hedging);
      abort.abort(new Error("gone"));
      await assert.rejects(call, /gone/);
      assert.equal(server.requests.length, 6);
      await close();
    });
  }
});
