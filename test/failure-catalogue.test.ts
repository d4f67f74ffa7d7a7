import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { REASON_CODE } from "../shared/errors.ts";
import { ErrorReason } from "../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { FAILURE_CATALOGUE } from "./failure-catalogue.ts";
import type { Attributes, Row } from "./support/failure-row.ts";
import { openFailureStage, type FailureStage } from "./support/failure-stage.ts";
import { recordTelemetry, type RecordedTelemetry } from "./support/recorded-telemetry.ts";

const has = (actual: Readonly<Record<string, unknown>>, wanted: Attributes): boolean =>
  Object.entries(wanted).every(([name, value]) => actual[name] === value);

const spanIsThere = (telemetry: RecordedTelemetry, span: Row["span"]): boolean =>
  telemetry.spans().some(({ name, attributes }) => name === span.name && has(attributes, span.attributes));

const describeSpans = (telemetry: RecordedTelemetry): string =>
  telemetry
    .spans()
    .map(({ name, attributes }) => `${name} ${JSON.stringify(attributes)}`)
    .join("\n");

describe("failure catalogue", () => {
  let telemetry: RecordedTelemetry;
  let stage: FailureStage;
  beforeEach(async () => {
    telemetry = recordTelemetry();
    stage = await openFailureStage();
  });
  afterEach(async () => {
    await stage.close();
    await telemetry.close();
  });

  it("has every reason", () => {
    const reasons = Object.keys(ErrorReason).filter((name) => name !== "UNSPECIFIED");
    assert.deepEqual(Object.keys(FAILURE_CATALOGUE).sort(), reasons.sort());
  });

  for (const [reason, rows] of Object.entries(FAILURE_CATALOGUE)) {
    for (const { fault, inject, where, span, metric } of rows satisfies readonly Row[]) {
      it(`${reason}: ${fault}`, async () => {
        const told = await inject(stage);
        assert.ok(
          told.some((found) => found.reason === reason && found.where === where),
          `the caller was told ${JSON.stringify(told)}`,
        );
        // Only reasons with a code may fail a call.
        for (const found of told) {
          if (found.where === "error") assert.notEqual(REASON_CODE[found.reason], undefined);
        }
        // The server's side of a call can end after its caller's.
        for (let turn = 0; turn < 100 && !spanIsThere(telemetry, span); turn += 1) await delay(10);
        assert.ok(spanIsThere(telemetry, span), `no such span among ${describeSpans(telemetry)}`);
        const metrics = await telemetry.metrics();
        assert.ok(
          metrics.some(
            ({ name, attributes, value }) =>
              name === metric.name && value >= 1 && has(attributes, metric.attributes),
          ),
          `no such metric among ${JSON.stringify(metrics.filter(({ name }) => name === metric.name))}`,
        );
      });
    }
  }
});
