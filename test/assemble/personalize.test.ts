import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { TripSchema } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { assembleGuide } from "../../services/guide-composer/assemble/guide.ts";
import { personalize } from "../../services/guide-composer/personalize/personalize.ts";
import { listing, near, NOW_MS, planFor, section } from "./make.ts";

const HOUR_MS = 3_600_000;

describe("personalizing", () => {
  const places = [900, 100, 500].map((eastM) =>
    listing(`At ${eastM}`, { key: String(eastM), location: near(eastM) }),
  );
  const guide = assembleGuide(
    planFor({}, {}),
    [section(SectionKind.ATTRACTIONS, [...places, listing("Nowhere", { key: "nowhere" })])],
    [],
    NOW_MS,
  );

  it("lists the way from the lodging to each place, nearest first", () => {
    const { lodgingDistances } = personalize(guide, create(TripSchema, { lodging: { location: near(0) } }));
    assert.deepEqual(
      lodgingDistances.map(({ listingKey, distanceM }) => [listingKey, distanceM]),
      [
        ["100", 100],
        ["500", 500],
        ["900", 900],
      ],
    );
    assert.deepEqual(
      personalize(guide, create(TripSchema, { lodging: { displayName: "Inn" } })).lodgingDistances,
      [],
    );
  });

  it("starts after the arrival and ends before the departure", () => {
    const [arrivalMs, departureMs] = [Date.UTC(2026, 11, 2, 13), Date.UTC(2026, 11, 3, 12)];
    const { itineraryDays } = personalize(
      guide,
      create(TripSchema, {
        arrivalTime: timestampFromMs(arrivalMs),
        departureTime: timestampFromMs(departureMs),
      }),
    );
    assert.equal(itineraryDays.length, 4);
    const windows = itineraryDays.flatMap(({ stops }) => stops.flatMap(({ window }) => window ?? []));
    assert.ok(windows.length > 0);
    for (const { startTime, endTime } of windows) {
      assert.ok(startTime && timestampMs(startTime) >= arrivalMs);
      assert.ok(endTime && timestampMs(endTime) <= departureMs);
    }
  });

  it("heads the trip with the names of the travellers", () => {
    const heading = (...travelerNames: string[]): string =>
      personalize(guide, create(TripSchema, { travelerNames })).heading;
    assert.equal(heading(), "Lisbon");
    assert.equal(heading("Ada", " ", "Grace"), "Lisbon for Ada and Grace");
  });

  it("leaves the guide as it is for everybody", () => {
    const before = structuredClone(guide);
    personalize(
      guide,
      create(TripSchema, { lodging: { location: near(0) }, arrivalTime: timestampFromMs(NOW_MS + HOUR_MS) }),
    );
    assert.deepEqual(guide, before);
  });
});
