import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  createRpm50Bucket,
  inverseNormal,
  lognormalMs,
  NOMINAL_COMPLETION_CHARACTERS,
  profileLatencyMs,
  PROFILES,
  tokensMs,
  type Draw,
} from "./profiles.ts";

const lisbon = (kind: string, n = 1): Draw => ({
  seed: 1,
  provider: "perplexity",
  kind,
  destination: "Lisbon",
  n,
});

describe("latency profiles", () => {
  it("draw the values that the baseline documents", () => {
    const drawn = [
      lisbon("content"),
      lisbon("events"),
      lisbon("neighborhoods"),
      lisbon("itinerary"),
      lisbon("content", 2),
    ].map((draw) => lognormalMs(draw).toFixed(1));
    assert.deepEqual(drawn, ["5258.6", "2999.6", "5159.8", "5497.9", "6585.4"]);
  });

  it("have the median and the 95 % point of the table", () => {
    const draws = Array.from({ length: 4000 }, (_, n) => lognormalMs(lisbon("content", n))).sort(
      (a, b) => a - b,
    );
    assert.ok(Math.abs((draws[2000] ?? 0) - 4000) < 200, `median ${draws[2000]}`);
    assert.ok(Math.abs((draws[3800] ?? 0) - 8000) < 600, `p95 ${draws[3800]}`);
  });

  it("invert the normal distribution", () => {
    // Points of the distribution, from tables.
    for (const [u, z] of [
      [0.5, 0],
      [0.8413447460685429, 1],
      [0.95, 1.6448536],
      [0.9772498680518208, 2],
      [0.0013498980316301, -3],
    ] as const)
      assert.ok(Math.abs(inverseNormal(u) - z) < 1e-6, `${u}`);
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 0.5, noNaN: true }), (u) => {
        assert.ok(Math.abs(inverseNormal(u) + inverseNormal(1 - u)) < 1e-6);
      }),
    );
  });

  it("stay between 200 ms and 30 s, and weather is the second column", () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), fc.constantFrom(...PROFILES), (seed, destination, profile) => {
        const draw = { seed, provider: "overpass", kind: "query", destination, n: 1 };
        const ms = profileLatencyMs(profile, "text", draw);
        assert.ok(ms >= 200 && ms <= 30_000);
        assert.equal(
          profileLatencyMs(profile, "weather", draw),
          profile === "fast" || profile === "fenced" ? 50 : 250,
        );
      }),
    );
  });

  it("count tokens up to a minute", () => {
    assert.equal(tokensMs(0), 1500);
    assert.equal(tokensMs(5), 1516);
    assert.equal(tokensMs(1e9), 60_000);
    assert.equal(tokensMs(NOMINAL_COMPLETION_CHARACTERS), 6028);
  });

  it("let 50 requests through at once, then 50 a minute", () => {
    let nowMs = 0;
    const take = createRpm50Bucket(() => nowMs);
    assert.equal(Array.from({ length: 60 }, take).filter(Boolean).length, 50);
    nowMs += 1200;
    assert.deepEqual([take(), take()], [true, false]);
    nowMs += 3_600_000;
    assert.equal(Array.from({ length: 60 }, take).filter(Boolean).length, 50);
  });
});
