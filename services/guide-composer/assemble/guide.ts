import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  GuideSchema,
  SectionStatus,
  type Guide,
  type Omission,
  type Section,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { Plan } from "../plan.ts";
import { review } from "../review/review.ts";
import { mapBounds } from "./bounds.ts";
import { visibleDigest } from "./digest.ts";
import { planItinerary } from "./itinerary/itinerary.ts";
import { packingItems } from "./packing.ts";

const GUIDE_LIFE_MS = 2 * 3_600_000;

/** A guide lives 2 h, and never longer than the shortest remaining life among its sections. */
export const guideExpiryMs = (createMs: number, sectionExpiriesMs: readonly number[]): number =>
  Math.min(createMs + GUIDE_LIFE_MS, ...sectionExpiriesMs);

/**
 * Makes the guide of its sections: itinerary, packing list, map bounds, review, freshness.
 *
 * @param sections in the order of the plan, as are `omissions`; together they cover it
 * @param createMs when it is assembled, milliseconds since the epoch
 */
export function assembleGuide(
  plan: Plan,
  sections: readonly Section[],
  omissions: readonly Omission[],
  createMs: number,
): Guide {
  const { resolved } = plan;
  const itineraryDays = planItinerary({
    sections,
    preferences: resolved.preferences,
    startDate: resolved.startDate,
    dayCount: resolved.dayCount,
    timeZone: resolved.destination.timeZone,
    center: resolved.destination.location,
  });
  const bounds = mapBounds(
    sections.flatMap(({ listings }) => listings.flatMap(({ location }) => location ?? [])),
  );
  const freshness = sections.flatMap((section) => section.freshness ?? []);
  const fetches = freshness.flatMap(({ fetchTime }) => (fetchTime ? [timestampMs(fetchTime)] : []));
  const expiries = freshness.flatMap(({ expireTime }) => (expireTime ? [timestampMs(expireTime)] : []));
  const guide = create(GuideSchema, {
    name: plan.guideName,
    destination: resolved.destination,
    spec: resolved.spec,
    sections: [...sections],
    omissions: [...omissions],
    itineraryDays,
    packingItems: packingItems(sections.flatMap(({ forecasts }) => forecasts)),
    ...(bounds && { mapBounds: bounds }),
    freshness: {
      fetchTime: timestampFromMs(Math.min(createMs, ...fetches)),
      expireTime: timestampFromMs(guideExpiryMs(createMs, expiries)),
    },
    createTime: timestampFromMs(createMs),
  });
  guide.qualityReview = review(guide);
  guide.etag = visibleDigest([
    guide.name,
    guide.destination,
    ...sections.map(({ etag }) => etag),
    ...omissions.map(({ kind }) => `omitted ${kind}`),
    guide.itineraryDays,
    guide.packingItems,
  ]);
  return guide;
}

/** A guide is kept only when nothing is missing in it, nothing is cut, every content may be stored, and it passes its review. */
export const guideIsStorable = (guide: Guide, sectionsStorable: readonly boolean[]): boolean =>
  guide.omissions.length === 0 &&
  guide.sections.every(({ status }) => status !== SectionStatus.PARTIAL) &&
  sectionsStorable.every(Boolean) &&
  guide.qualityReview?.passed === true;
