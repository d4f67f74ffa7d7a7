import assert from "node:assert/strict";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Section } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  SectionKind,
  Verification_Verdict as Verdict,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { planItinerary } from "../../services/guide-composer/assemble/itinerary/itinerary.ts";
import { LISBON, listing, preferencesOf, section } from "./make.ts";

describe("the itinerary and what was checked", () => {
  const stopsOf = (sections: readonly Section[], mustSee: readonly string[] = []): string[] =>
    planItinerary({
      sections,
      preferences: preferencesOf({ preferences: { mustSee: [...mustSee] } }),
      startDate: { year: 2026, month: 12, day: 1 },
      dayCount: 2,
      timeZone: "Europe/Lisbon",
      center: LISBON.location,
    }).flatMap(({ stops }) => stops.map(({ listingKey }) => listingKey));
  const verdict = (value: Verdict) => ({ verification: { verdict: value } });
  const tower = listing("Old Tower", verdict(Verdict.UNVERIFIABLE));
  const startTime = timestampFromMs(Date.UTC(2026, 11, 1, 20));
  const concert = listing("Concert", {
    ...verdict(Verdict.UNVERIFIABLE),
    details: { case: "event", value: { window: { startTime } } },
  });
  const sections = [
    section(SectionKind.ATTRACTIONS, [tower, listing("Museum", verdict(Verdict.PLAUSIBLE))]),
    section(SectionKind.EVENTS, [concert]),
  ];

  it("goes to no place or event that nobody vouches for", () => {
    assert.deepEqual(stopsOf(sections), ["museum"]);
    assert.deepEqual(stopsOf([section(SectionKind.ATTRACTIONS, [tower])]), []);
  });

  it("goes there all the same when the traveller named it", () =>
    assert.deepEqual(stopsOf(sections, ["Old Tower", "Concert"]).sort(), ["concert", "museum", "old-tower"]));
});
