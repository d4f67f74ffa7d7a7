import assert from "node:assert/strict";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { createReport, type LookedUp } from "../services/guide-composer/report.ts";
import { SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listing, mapped, NOW_MS, planFor, settled } from "./assemble/make.ts";

const { ATTRACTIONS, RESTAURANTS, WEATHER } = SectionKind;

describe("sections that the report calls stale", () => {
  const { sections } = planFor(
    {},
    {
      [ATTRACTIONS]: ["providers/model"],
      [RESTAURANTS]: ["providers/overpass"],
      [WEATHER]: ["providers/sky"],
    },
  );
  const contentOf = (kind: SectionKind) => {
    const [planned] = sections.find((section) => section.kind === kind)?.contents ?? [];
    assert.ok(planned);
    return planned;
  };
  const reportOf = (languageModel: boolean) => {
    const found = [
      settled({ ...contentOf(ATTRACTIONS), languageModel }, { listings: [listing("Castle")] }),
      settled(
        contentOf(RESTAURANTS),
        { listings: [mapped("Grill", "node/1")] },
        { expireMs: NOW_MS - 5_000 },
      ),
      settled(contentOf(WEATHER), {}),
    ];
    const lookedUp = found.map((one): LookedUp => ({
      settled: one,
      decisions: [one.expireMs < NOW_MS ? "HIT_STALE" : "HIT_MEMORY"],
      loadedNow: false,
      latencyMs: 1,
    }));
    return createReport({
      traceId: "",
      startMs: NOW_MS,
      endMs: NOW_MS,
      providerMs: 0,
      guideDecisions: [],
      lookedUp,
      offerings: [],
      leftOutListingCount: 0,
      explain: true,
    });
  };

  it("are those with content past its time, and those whose verdicts rest on such content", () => {
    assert.deepEqual(reportOf(false).staleSectionKinds, [RESTAURANTS]);
    const { staleSectionKinds, sectionReports } = reportOf(true);
    assert.deepEqual(staleSectionKinds, [ATTRACTIONS, RESTAURANTS]);
    assert.deepEqual(
      sectionReports.map(({ staleness }) => staleness && durationMs(staleness)),
      [5_000, 5_000, undefined],
    );
    assert.deepEqual(
      sectionReports.map(({ lookups }) => lookups.length),
      [1, 1, 1],
    );
  });
});
