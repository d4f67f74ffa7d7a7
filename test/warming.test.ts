import assert from "node:assert/strict";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import type { Entry } from "../services/guide-composer/cache/store.ts";
import type { CatalogOffering } from "../services/guide-composer/plan.ts";
import { rankCandidates, worthOf, type WarmCandidate } from "../services/guide-composer/warming/ranking.ts";
import { createSpentCalls } from "../services/guide-composer/warming/spent-calls.ts";
import type { Warmed } from "../services/guide-composer/warming/warm.ts";
import { startWarmer } from "../services/guide-composer/warming/warmer.ts";
import { DestinationSchema, SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { until } from "./support/until.ts";

const NAMES = ["destinations/1", "destinations/2", "destinations/3", "destinations/4", "destinations/5"];
const NOW_MS = Date.UTC(2026, 5, 1);
const offeringOf = (kind: SectionKind, storable = true): CatalogOffering => ({
  kind,
  provider: "providers/almanac",
  dependsOn: [],
  medianLatencyMs: undefined,
  expectedCostUsdMicros: 0n,
  storable,
  embedded: true,
  languageModel: false,
});
const OVERVIEW = offeringOf(SectionKind.OVERVIEW);

/** So often it is asked whether there is room for warming: in one round less, so that several have come and gone. */
const LOOK_COUNT = 60;

interface Scene {
  readonly offerings?: readonly CatalogOffering[];
  readonly configured?: readonly string[];
  readonly popular?: readonly string[];
  readonly outcome?: (name: string) => Warmed["outcome"];
  readonly providerCallCount?: number;
  readonly mayRun?: (asked: readonly string[]) => boolean;
  readonly entry?: (key: string) => Entry | undefined;
  readonly monotonicNow?: () => number;
  readonly beforeWarm?: () => Promise<void>;
}

/** Lets the warmer go through several rounds; says what it warmed, in which order. */
async function warmed(maxCallsPerMinute: number, scene: Scene = {}): Promise<readonly string[]> {
  const asked: string[] = [];
  const looked = Promise.withResolvers<void>();
  let lookCount = 0;
  const { offerings = [OVERVIEW], popular = NAMES, configured = [], providerCallCount = 1 } = scene;
  const warmer = startWarmer({
    warm: async (spec) => {
      const name = spec.destination.case === "destinationName" ? spec.destination.value : "";
      asked.push(name);
      await scene.beforeWarm?.();
      const outcome = scene.outcome?.(name) ?? "composed";
      return outcome === "failed"
        ? { outcome, reason: "NO_CONTENT" }
        : { outcome, guide: "", destination: name, providerCallCount };
    },
    popularity: {
      top: () => Promise.resolve(popular.map((member, index) => ({ member, score: popular.length - index }))),
    },
    catalog: { offerings: () => Promise.resolve(offerings), known: () => offerings },
    lookup: { peek: (keys) => Promise.resolve(keys.map((key) => scene.entry?.(key))) },
    destinationOf: (name) => Promise.resolve(create(DestinationSchema, { name, timeZone: "UTC" })),
    configured,
    maxCallsPerMinute,
    mayRun: () => {
      lookCount += 1;
      if (lookCount === LOOK_COUNT) looked.resolve();
      return scene.mayRun?.(asked) ?? true;
    },
    now: () => NOW_MS,
    monotonicNow: scene.monotonicNow ?? (() => 0),
    onError: (error) => assert.fail(String(error)),
    roundEveryMs: 1,
  });
  await looked.promise;
  await warmer.close();
  return asked;
}

describe("warming", () => {
  it("begins with what is asked for most", async () => {
    assert.deepEqual((await warmed(100)).slice(0, NAMES.length), NAMES);
  });

  it("keeps what is configured warm, whether or not anybody asks for it", async () => {
    const asked = await warmed(100, {
      popular: ["destinations/1", "destinations/2"],
      configured: ["destinations/9"],
    });
    assert.deepEqual(asked.slice(0, 3), ["destinations/1", "destinations/2", "destinations/9"]);
  });

  it("ends with its budget of provider calls", async () => {
    assert.equal((await warmed(4, { providerCallCount: 2 })).length, 2);
  });

  it("composes no more guides than that, when embedded data is all that they take", async () => {
    assert.equal((await warmed(2, { providerCallCount: 0 })).length, 2);
  });

  it("begins no guide that may need more calls than are left, nor one that always does", async () => {
    const kinds = [SectionKind.OVERVIEW, SectionKind.ATTRACTIONS, SectionKind.PRACTICAL];
    const scene = { offerings: kinds.map((kind) => offeringOf(kind)), providerCallCount: kinds.length };
    assert.equal((await warmed(8, scene)).length, 2);
    assert.equal((await warmed(2, scene)).length, 0);
  });

  it("counts what failed too, and leaves it alone for a minute", async () => {
    assert.equal((await warmed(3, { outcome: () => "failed" })).length, 3);
    for (const outcome of ["failed", "incomplete"] as const)
      assert.deepEqual(await warmed(1_000, { outcome: () => outcome }), NAMES);
    let nowMs = 0;
    const later = await warmed(1_000, {
      outcome: () => "incomplete",
      monotonicNow: () => nowMs,
      mayRun: (asked) => {
        if (asked.length === NAMES.length) nowMs = 60_000;
        return true;
      },
    });
    assert.deepEqual(later.slice(0, 2 * NAMES.length), [...NAMES, ...NAMES]);
  });

  it("has more to spend when a minute has passed", async () => {
    let nowMs = 0;
    const asked = await warmed(1, {
      monotonicNow: () => nowMs,
      mayRun: (so) => {
        if (so.length === 1) nowMs = 60_000;
        return true;
      },
    });
    assert.equal(asked.length, 2);
  });

  it("does nothing where it may not run, and stops where it may no longer", async () => {
    assert.deepEqual(await warmed(100, { mayRun: () => false }), []);
    const asked = await warmed(100, { mayRun: (so) => so.length < 2 });
    assert.equal(asked.length, 2);
  });

  it("warms one after the other, one round at a time", async () => {
    let runningCount = 0;
    await warmed(100, {
      beforeWarm: async () => {
        runningCount += 1;
        // Longer than a round's interval.
        for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setTimeout(resolve, 1));
        assert.equal(runningCount, 1);
        runningCount -= 1;
      },
    });
  });

  it("leaves alone what is fresh, and what may not be stored", async () => {
    const entryOf = (remainingShare: number): Entry => ({
      bytes: Buffer.alloc(0),
      storedMs: NOW_MS - (1 - remainingShare) * 1_000,
      expireMs: NOW_MS + remainingShare * 1_000,
      negative: false,
    });
    assert.deepEqual(await warmed(100, { entry: () => entryOf(0.21) }), []);
    assert.ok((await warmed(100, { entry: () => entryOf(0.19) })).length > 0);
    assert.deepEqual(await warmed(100, { offerings: [offeringOf(SectionKind.ATTRACTIONS, false)] }), []);
  });

  it("ends with the composer, in the middle of a guide too", async () => {
    let ended = false;
    const began = Promise.withResolvers<void>();
    const warmer = startWarmer({
      warm: async (_spec, signal) => {
        began.resolve();
        await until(() => signal.aborted);
        ended = true;
        throw signal.reason;
      },
      popularity: { top: () => Promise.resolve([{ member: "destinations/1", score: 1 }]) },
      catalog: { offerings: () => Promise.resolve([OVERVIEW]), known: () => [OVERVIEW] },
      lookup: { peek: (keys) => Promise.resolve(keys.map(() => undefined)) },
      destinationOf: (name) => Promise.resolve(create(DestinationSchema, { name, timeZone: "UTC" })),
      configured: [],
      maxCallsPerMinute: 10,
      mayRun: () => true,
      now: () => NOW_MS,
      monotonicNow: () => 0,
      onError: () => assert.fail("closing is no failure"),
      roundEveryMs: 1,
    });
    await began.promise;
    await warmer.close();
    assert.equal(ended, true);
    await turnOfTheLoop();
  });
});

describe("what warming spends", () => {
  it("exceeds the budget in no minute, whatever was taken and made", () => {
    const step = fc.record({
      afterMs: fc.nat(30_000),
      count: fc.nat(12),
      madeShare: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let nowMs = 0;
        const spent = createSpentCalls(20, () => nowMs);
        const made: { readonly atMs: number; readonly count: number }[] = [];
        for (const { afterMs, count, madeShare } of steps) {
          nowMs += afterMs;
          if (count > spent.leftCount()) continue;
          const settle = spent.take(count);
          nowMs += 1_000;
          const madeCount = Math.floor(count * madeShare);
          made.push({ atMs: nowMs, count: madeCount });
          settle(madeCount);
        }
        for (const { atMs } of made) {
          const sum = made
            .filter((each) => each.atMs > atMs - 60_000 && each.atMs <= atMs)
            .reduce((total, { count }) => total + count, 0);
          assert.ok(sum <= 20, `${sum} in a minute`);
        }
      }),
    );
  });
});

describe("the worth of warming", () => {
  const candidate: fc.Arbitrary<WarmCandidate> = fc.record({
    destination: fc.string({ minLength: 1 }),
    popularity: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
    remainingShare: fc.double({ min: 0, max: 1, noNaN: true }),
    callCount: fc.nat(20),
    costUsdMicros: fc.nat(1_000_000),
    latencyMs: fc.nat(10_000),
  });

  it("grows with callers, with cost and wait, and as the end comes nearer", () =>
    fc.assert(
      fc.property(candidate, (one) => {
        const worth = worthOf(one);
        assert.ok(worthOf({ ...one, popularity: one.popularity * 2 }) >= worth);
        assert.ok(worthOf({ ...one, costUsdMicros: one.costUsdMicros + 10_000 }) >= worth);
        assert.ok(worthOf({ ...one, latencyMs: one.latencyMs + 1_000 }) >= worth);
        assert.ok(worthOf({ ...one, remainingShare: one.remainingShare / 2 }) >= worth);
      }),
    ));

  it("orders what is due, whatever order it comes in, and leaves out the rest", () =>
    fc.assert(
      fc.property(fc.uniqueArray(candidate, { selector: ({ destination }) => destination }), (all) => {
        const ranked = rankCandidates(all);
        assert.deepEqual(ranked, rankCandidates(all.toReversed()));
        assert.deepEqual(
          new Set(ranked),
          new Set(all.filter(({ remainingShare }) => remainingShare <= 1 - 0.8)),
        );
        for (const [index, each] of ranked.entries()) {
          const next = ranked[index + 1];
          if (next !== undefined) assert.ok(worthOf(each) >= worthOf(next));
        }
      }),
    ));
});
