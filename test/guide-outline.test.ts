import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { outlineOf } from "../services/guide-composer/guide-outline.ts";
import { GuideSchema, type Guide } from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";

const KINDS = [SectionKind.OVERVIEW, SectionKind.WEATHER, SectionKind.RESTAURANTS];

const outcome = fc.record({
  provider: fc.stringMatching(/^providers\/[a-z]{1,12}$/),
  attemptCount: fc.integer({ min: 0, max: 3 }),
  detail: fc.string(),
  costUsdMicros: fc.bigInt({ min: 0n, max: 1_000_000n }),
  costEstimated: fc.boolean(),
});
const section = fc.record({
  kind: fc.constantFrom(...KINDS),
  title: fc.string(),
  listings: fc.array(fc.record({ title: fc.string(), summary: fc.string() }), { maxLength: 5 }),
  providerOutcomes: fc.array(outcome, { maxLength: 4 }),
  leftOutListingCount: fc.nat({ max: 100 }),
});
const guides: fc.Arbitrary<Guide> = fc
  .record({
    name: fc.string(),
    etag: fc.string(),
    qualityReview: fc.constantFrom(undefined, {}, { score: 1 }, { modelReview: {} }),
    sections: fc.array(section, { maxLength: 6 }),
    expireMs: fc.option(fc.nat({ max: 2_000_000_000_000 }), { nil: undefined }),
  })
  .map(({ expireMs, qualityReview, ...guide }) =>
    create(GuideSchema, {
      ...guide,
      ...(qualityReview && { qualityReview }),
      ...(expireMs !== undefined && { freshness: { expireTime: timestampFromMs(expireMs) } }),
    }),
  );

describe("outline of an encoded guide", () => {
  it("says what the decoded guide says", () => {
    fc.assert(
      fc.property(guides, (guide) => {
        const expireTime = guide.freshness?.expireTime;
        assert.deepEqual(outlineOf(toBinary(GuideSchema, guide)), {
          calls: guide.sections.flatMap(({ kind, providerOutcomes }) =>
            providerOutcomes
              .filter(({ attemptCount }) => attemptCount > 0)
              .map(({ provider, costUsdMicros, costEstimated }) => ({
                kind,
                provider,
                costUsdMicros,
                costEstimated,
              })),
          ),
          expireMs: expireTime && timestampMs(expireTime),
          leftOutListingCount: guide.sections.reduce((sum, each) => sum + each.leftOutListingCount, 0),
          modelReviewed: guide.qualityReview?.modelReview !== undefined,
        });
      }),
    );
  });

  it("throws for bytes that are cut off", () => {
    const bytes = toBinary(GuideSchema, create(GuideSchema, { sections: [{ title: "Eat" }] }));
    assert.throws(() => outlineOf(bytes.subarray(0, -1)));
  });
});
