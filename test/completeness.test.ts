import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  OmissionSchema,
  OmittedSectionsSchema,
  SectionSchema,
  type Omission,
} from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ErrorReason } from "../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { ServiceError } from "../shared/errors.ts";
import { checkComplete } from "../services/guide-composer/completeness.ts";

const { OVERVIEW, WEATHER, RESTAURANTS } = SectionKind;
const {
  PROVIDER_TIMEOUT: TIMEOUT,
  CONTENT_SERVICE_UNAVAILABLE: UNREACHED,
  DEADLINE_EXPIRED: LATE,
} = ErrorReason;

const overview = [create(SectionSchema, { kind: OVERVIEW })];
const omission = (kind: SectionKind, reason: ErrorReason, ...retryDelaysMs: readonly number[]): Omission =>
  create(OmissionSchema, {
    kind,
    reason,
    providerOutcomes: retryDelaysMs.map((delayMs) => ({ retryDelay: durationFromMs(delayMs) })),
  });
const failure = (...call: Parameters<typeof checkComplete>): ServiceError => {
  try {
    checkComplete(...call);
  } catch (error) {
    assert.ok(error instanceof ServiceError);
    return error;
  }
  return assert.fail("it is complete");
};

describe("whether what could be had is a guide", () => {
  it("is one with a single section, and with omissions that nobody required", () => {
    checkComplete("destinations/1", overview, [omission(WEATHER, TIMEOUT)], [OVERVIEW]);
    checkComplete("destinations/1", [], [], []);
  });

  it("is none without any section; the earliest useful time to try again is told", () => {
    const error = failure(
      "destinations/1",
      [],
      [omission(WEATHER, TIMEOUT, 9_000), omission(RESTAURANTS, LATE, 2_000)],
      [],
    );
    assert.equal(error.reason, "NO_CONTENT");
    assert.equal(error.retryDelayMs, 2_000);
    assert.deepEqual(error.metadata, { destination: "destinations/1" });
  });

  it("is none without a required section; required omissions come first in the details", () => {
    const omissions = [omission(WEATHER, TIMEOUT), omission(RESTAURANTS, TIMEOUT)];
    const error = failure("destinations/1", overview, omissions, [RESTAURANTS]);
    assert.equal(error.reason, "REQUIRED_SECTION_MISSING");
    assert.deepEqual(error.metadata, { destination: "destinations/1", section_kinds: "RESTAURANTS" });
    assert.equal(error.retryDelayMs, undefined);
    const [detail] = error.details;
    assert.equal(detail?.desc, OmittedSectionsSchema);
    assert.deepEqual(
      create(OmittedSectionsSchema, { ...detail?.value }).omissions.map(({ kind }) => kind),
      [RESTAURANTS, WEATHER],
    );
  });

  for (const [reason, own] of [
    ["CONTENT_SERVICE_UNAVAILABLE", UNREACHED],
    ["DEADLINE_EXPIRED", LATE],
    ["CALLER_GONE", ErrorReason.CALLER_GONE],
  ] as const)
    it(`fails with ${reason} when that is all that stands behind it`, () => {
      assert.equal(failure("d", [], [omission(WEATHER, own), omission(RESTAURANTS, own)], []).reason, reason);
      assert.equal(
        failure("d", [], [omission(WEATHER, own), omission(RESTAURANTS, TIMEOUT)], []).reason,
        "NO_CONTENT",
      );
    });

  it("looks past sections that no provider serves", () => {
    const unserved = omission(RESTAURANTS, ErrorReason.PROVIDER_NOT_CONFIGURED);
    assert.equal(
      failure("d", [], [omission(WEATHER, UNREACHED), unserved], []).reason,
      "CONTENT_SERVICE_UNAVAILABLE",
    );
    assert.equal(failure("d", [], [unserved], []).reason, "NO_CONTENT");
  });
});
