import assert from "node:assert/strict";
import { createLatencyWindow } from "../../services/content-fetcher/resilience/latency-window.ts";

describe("latency window", () => {
  function setUp(maxSampleCount = 500) {
    const time = { nowMs: 0 };
    return { time, window: createLatencyWindow(() => time.nowMs, { reachMs: 1000, maxSampleCount }) };
  }

  it("knows nothing without samples, or without enough of them", () => {
    const { window } = setUp();
    assert.equal(window.quantileMs(0.5), undefined);
    window.add(1);
    assert.equal(window.quantileMs(0.5), 1);
    assert.equal(window.quantileMs(0.5, 2), undefined);
  });

  it("tells quantiles by nearest rank", () => {
    const { window } = setUp();
    for (const latencyMs of [5, 1, 4, 2, 3]) window.add(latencyMs);
    assert.deepEqual(
      [0, 0.5, 0.8, 0.95, 1].map((share) => window.quantileMs(share)),
      [1, 3, 4, 5, 5],
    );
  });

  it("forgets what is older than its reach", () => {
    const { time, window } = setUp();
    window.add(10);
    time.nowMs = 600;
    window.add(20);
    time.nowMs = 1000;
    assert.equal(window.quantileMs(0), 10);
    time.nowMs = 1001;
    assert.equal(window.quantileMs(0), 20);
    time.nowMs = 1601;
    assert.equal(window.quantileMs(0), undefined);
  });

  it("keeps the newest samples, and looks at many of them once a second", () => {
    const { time, window } = setUp(100);
    for (let latencyMs = 0; latencyMs < 200; latencyMs += 1) window.add(latencyMs);
    assert.equal(window.quantileMs(0), 100);
    window.add(0);
    assert.equal(window.quantileMs(0), 100);
    time.nowMs = 1000;
    assert.equal(window.quantileMs(0), 0);
  });
});
