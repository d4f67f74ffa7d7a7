import assert from "node:assert/strict";
import type { buildConnector } from "undici";
import { createSocketBudget } from "../../services/content-fetcher/http/socket-budget.ts";
import { createManualClock } from "../support/manual-clock.ts";

const LIMITS = { maxTotalCount: 1, maxPerHostCount: 1, maxWaitingCount: 10, maxWaitMs: 2_000 };
const target = (hostname: string): buildConnector.Options => ({
  hostname,
  host: hostname,
  protocol: "http:",
  port: "80",
});

describe("socket budget", () => {
  it("starts each connection that had to wait once, also when those before it fail as they start", () => {
    const budget = createSocketBudget(LIMITS, createManualClock());
    const started: string[] = [];
    const failed: string[] = [];
    let failFirst = (): void => {};
    const connect = budget.within((options, callback) => {
      started.push(options.hostname);
      const fail = (): void => callback(new Error(options.hostname), null);
      if (started.length === 1) failFirst = fail;
      else fail();
    });
    const ask = (hostname: string): void =>
      connect(target(hostname), (error, _socket) => {
        failed.push(error?.message ?? "");
        // As undici does for a request that is left: it asks again within the callback.
        if (hostname === "b.test" && failed.length < 6) ask("d.test");
      });
    for (const hostname of ["a.test", "b.test", "c.test"]) ask(hostname);
    assert.deepEqual(started, ["a.test"]);
    failFirst();
    assert.deepEqual(started.toSorted(), ["a.test", "b.test", "c.test", "d.test"]);
    assert.deepEqual(failed.toSorted(), started.toSorted());
    assert.deepEqual(budget.counts(), { open: 0, busy: 0, queued: 0 });
    budget.close();
  });
});
