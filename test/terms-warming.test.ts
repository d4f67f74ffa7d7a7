import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import type { Provider } from "../services/content-fetcher/provider.ts";
import { WarmGuidesResponse_Outcome as WarmOutcome } from "../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import {
  CacheDecision as Decision,
  GuideSpecSchema,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import {
  BOTH_TEXTS,
  KEPT_TEXT,
  openTermsStage,
  textsOf,
  unkeptProvider,
  type TermsStage,
} from "./support/terms-stage.ts";
import { until } from "./support/until.ts";

const LISBON = { case: "destinationName", value: "destinations/2267057" } as const;
const overview = create(GuideSpecSchema, { destination: LISBON, sectionKinds: [SectionKind.OVERVIEW] });
/** Of all sections, as warming composes it. */
const whole = create(GuideSpecSchema, { destination: LISBON });

describe("a provider whose terms do not let its content be kept, and warming", () => {
  let stage: TermsStage;
  afterEach(() => stage.close());

  it("is not asked ahead of demand", async () => {
    stage = await openTermsStage(unkeptProvider());
    assert.equal(await stage.warm(overview), WarmOutcome.COMPOSED);
    assert.deepEqual(stage.requestCounts(), [1, 0]);
    const answer = await stage.compose(overview);
    assert.deepEqual(textsOf(answer.guide), BOTH_TEXTS);
    assert.deepEqual(stage.requestCounts(), [1, 1]);
  });

  for (const [name, spec] of [
    ["of one section", overview],
    ["of all sections", whole],
  ] as const) {
    it(`is in the guide ${name} of a caller who comes while that is warmed`, async () => {
      stage = await openTermsStage(unkeptProvider());
      stage.kept.setLatencyMs(40);
      const warming = stage.warm(spec);
      await until(() => stage.kept.requestCount() === 1);
      const [answer, other] = await Promise.all([stage.compose(spec), stage.compose(spec), warming]);
      assert.deepEqual(textsOf(answer.guide), BOTH_TEXTS);
      assert.deepEqual(textsOf(other.guide), BOTH_TEXTS);
      assert.deepEqual(stage.requestCounts(), [1, 1]);
      // Nor has warming left a guide without it.
      assert.deepEqual(textsOf((await stage.compose(spec)).guide), BOTH_TEXTS);
    });
  }

  const elsewhere = (): Provider =>
    unkeptProvider({ offerings: [{ kind: SectionKind.RESTAURANTS, dependsOn: [] }] });

  it("keeps no guide from being warmed that has none of its sections", async () => {
    stage = await openTermsStage(elsewhere());
    assert.equal(await stage.warm(overview), WarmOutcome.COMPOSED);
    const { report } = await stage.compose(overview);
    assert.deepEqual(report?.guideDecisions, [Decision.HIT_MEMORY]);
    assert.deepEqual(stage.requestCounts(), [1, 0]);
  });

  it("keeps no such guide from being stored when a caller comes while it is warmed", async () => {
    stage = await openTermsStage(elsewhere());
    stage.kept.setLatencyMs(40);
    const warming = stage.warm(overview);
    await until(() => stage.kept.requestCount() === 1);
    const [answer] = await Promise.all([stage.compose(overview), warming]);
    assert.deepEqual(textsOf(answer.guide), [KEPT_TEXT]);
    assert.deepEqual((await stage.compose(overview)).report?.guideDecisions, [Decision.HIT_MEMORY]);
  });
});
