import assert from "node:assert/strict";
import { parseRateHeaders } from "../../services/content-fetcher/http/rate-headers.ts";
import { parseRetryAfterMs, readRetryDelayMs } from "../../services/content-fetcher/http/retry-after.ts";

const NOW_MS = Date.UTC(2026, 10, 24, 12);

describe("rate headers", () => {
  const cases = {
    "an instant in seconds": [
      { "x-ratelimit-remaining": "3", "x-ratelimit-reset": String(NOW_MS / 1000 + 20) },
      { remainingCount: 3, resetMs: 20_000 },
    ],
    "an instant in milliseconds": [
      { "rate-limit-available": "0", "rate-limit-reset": String(NOW_MS + 1500) },
      { remainingCount: 0, resetMs: 1500 },
    ],
    "an instant that has passed": [
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_MS / 1000 - 20) },
      { remainingCount: 0, resetMs: 0 },
    ],
    seconds: [
      { "ratelimit-remaining": "7", "ratelimit-reset": "30" },
      { remainingCount: 7, resetMs: 30_000 },
    ],
    "a length in words": [
      { "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "6m0s" },
      { remainingCount: 59, resetMs: 360_000 },
    ],
    "a length in milliseconds": [
      { "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "20ms" },
      { remainingCount: 59, resetMs: 20 },
    ],
    "no renewal": [{ "x-ratelimit-remaining": "3" }, undefined],
    "no number": [{ "x-ratelimit-remaining": "many", "x-ratelimit-reset": "3" }, undefined],
    "tokens, which are no calls": [
      { "x-ratelimit-remaining-tokens": "3", "x-ratelimit-reset-tokens": "1s" },
      undefined,
    ],
    nothing: [{}, undefined],
  } as const;
  for (const [what, [headers, expected]] of Object.entries(cases)) {
    it(`reads ${what}`, () => assert.deepEqual(parseRateHeaders(headers, NOW_MS), expected));
  }
});

describe("Retry-After", () => {
  const cases = {
    "120": 120_000,
    " 0 ": 0,
    "Tue, 24 Nov 2026 12:00:30 GMT": 30_000,
    "Tue, 24 Nov 2026 11:00:00 GMT": 0,
    soon: undefined,
    "": undefined,
    "-5": undefined,
    "1.5": undefined,
  } as const;
  for (const [header, expectedMs] of Object.entries(cases)) {
    it(`reads "${header}"`, () => assert.equal(parseRetryAfterMs(header, NOW_MS), expectedMs));
  }

  it("comes after its sibling in milliseconds, where that can be read", () => {
    const both = { "retry-after": "2", "retry-after-ms": "1250.5" };
    assert.equal(readRetryDelayMs(both, NOW_MS), 1250.5);
    assert.equal(readRetryDelayMs({ ...both, "retry-after-ms": "soon" }, NOW_MS), 2_000);
    assert.equal(readRetryDelayMs({}, NOW_MS), undefined);
  });
});
