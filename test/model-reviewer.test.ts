import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { createLookup } from "../services/guide-composer/cache/lookup.ts";
import { createMemoryStore } from "../services/guide-composer/cache/memory-store.ts";
import { createSpendGuard } from "../services/guide-composer/cost/spend-guard.ts";
import { createContentClient } from "../services/guide-composer/fetch/content-client.ts";
import { holdMessage } from "../services/guide-composer/held-guide.ts";
import { createBackground } from "../services/guide-composer/model-review/background.ts";
import { createModelReviewer } from "../services/guide-composer/model-review/model-reviewer.ts";
import { reviewedSections } from "../services/guide-composer/model-review/reviewed-sections.ts";
import { ServiceError, toReason } from "../shared/errors.ts";
import { GuideSchema, type Guide } from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
} from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { inSpan } from "../shared/telemetry/spans.ts";
import { until } from "./support/until.ts";

const unexpected = (error: unknown): void => assert.fail(String(error));
const monotonicNow = (): number => performance.now();
const guideOf = (title: string, summary = ""): Guide =>
  create(GuideSchema, {
    name: "guides/x",
    sections: [
      { kind: SectionKind.WEATHER },
      { kind: SectionKind.ATTRACTIONS, listings: Array.from({ length: 50 }, () => ({ title, summary })) },
      { kind: SectionKind.PRACTICAL, facts: [{ key: "currency", label: "Currency", value: "Euro" }] },
    ],
  });

describe("what of a guide is reviewed", () => {
  it("is some of each section, on one line, short, and what a request may hold", () => {
    const sections = reviewedSections(
      guideOf(`Tower\n\u0007${"x".repeat(300)}`, "\ud800 words ".repeat(100)),
    );
    assert.deepEqual(
      sections.map(({ sectionKind, texts }) => [sectionKind, texts.length]),
      [
        [SectionKind.ATTRACTIONS, 12],
        [SectionKind.PRACTICAL, 1],
      ],
    );
    for (const { title, summary } of sections.flatMap(({ texts }) => texts)) {
      assert.ok(title.length > 0 && title.length <= 200 && summary.length <= 600);
      assert.doesNotMatch(title + summary, /\p{Cc}/u);
      assert.ok(title.isWellFormed() && summary.isWellFormed());
    }
    assert.deepEqual(reviewedSections(guideOf("")).length, 1);
  });
});

describe("a reviewer of guides", () => {
  /** Nobody listens there: whoever calls it fails. */
  const client = createContentClient("127.0.0.1:1", [], Date.now);
  after(() => client.close());

  const review = async (guide: Guide, takenCount: number, remainingMs = 5_000) => {
    const guard = createSpendGuard(1, () => true, monotonicNow);
    guard.take(takenCount, "caller");
    const lookup = createLookup({
      tiers: [createMemoryStore(1 << 20, 0, Date.now)],
      clusterLoad: undefined,
      refreshAhead: undefined,
      now: Date.now,
      onTierError: assert.fail,
    });
    const reviewer = createModelReviewer({
      provider: "providers/model",
      lookup,
      client,
      guard,
      inSpan,
      now: Date.now,
      monotonicNow,
      onError: unexpected,
    });
    const { outcome, ...rest } = await reviewer.review(
      { guide: holdMessage(guide), key: "k", entry: undefined, modelReviewed: false },
      { review: "blocking", mode: "prefer-cache" },
      { signal: new AbortController().signal, remainingMs: () => remainingMs },
    );
    await reviewer.close();
    await lookup.close();
    assert.equal(rest.askedNow, false);
    return [outcome?.kind, toReason(outcome?.reason ?? 0)];
  };

  it("counts with the spend guard like any paid call", async () => {
    assert.deepEqual(await review(guideOf("Tower"), 1), [OutcomeKind.SKIPPED, "BUDGET_EXHAUSTED"]);
    assert.deepEqual(await review(guideOf("Tower"), 0), [OutcomeKind.FAILED, "CONTENT_SERVICE_UNAVAILABLE"]);
  });

  it("asks nobody when there is nothing to review, or no time", async () => {
    assert.deepEqual(await review(create(GuideSchema), 0), [OutcomeKind.NOTHING_FOUND, undefined]);
    assert.deepEqual(await review(guideOf("Tower"), 0, 99), [OutcomeKind.SKIPPED, "DEADLINE_TOO_SHORT"]);
  });
});

describe("reviews behind calls", () => {
  it("run two at a time, wait in bounds, and end when they are closed", async () => {
    const background = createBackground(monotonicNow);
    const { promise, resolve: release } = Promise.withResolvers<void>();
    let [running, most, done] = [0, 0, 0];
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await promise;
      running -= 1;
      done += 1;
    };
    const started = Array.from({ length: 200 }, () => background.start(work, unexpected));
    const count = started.filter(Boolean).length;
    assert.ok(count >= 100 && count <= 102, String(count));
    await until(() => running === 2);
    release();
    await until(() => done === count);
    assert.equal(most, 2);
    const ended: unknown[] = [];
    background.start(async ({ signal }) => {
      const { promise: forever, reject } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      running = 1;
      await forever.finally(() => ended.push(signal.reason));
    }, unexpected);
    await until(() => running === 1);
    await background.close();
    assert.ok(ended[0] instanceof ServiceError && ended[0].reason === "SHUTTING_DOWN");
    assert.equal(background.start(work, unexpected), false);
  });

  it("go on after one that fails, which is told", async () => {
    const background = createBackground(monotonicNow);
    const told: unknown[] = [];
    const error = new Error("a defect");
    const tell = (caught: unknown): void => void told.push(caught);
    background.start(() => Promise.reject(error), tell);
    await until(() => told.length === 1);
    let ran = false;
    background.start(() => Promise.resolve(void (ran = true)), tell);
    await until(() => ran);
    assert.deepEqual(told, [error]);
    await background.close();
  });
});
