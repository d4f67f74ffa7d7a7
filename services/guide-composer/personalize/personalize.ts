import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  PersonalizationSchema,
  type Guide,
  type Personalization,
  type Trip,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { Pace } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM } from "../assemble/distance.ts";
import { planItinerary } from "../assemble/itinerary.ts";

/** What a trip adds to a guide that is the same for everybody. */
export function personalize(guide: Guide, trip: Trip): Personalization {
  const { destination, spec } = guide;
  const lodging = trip.lodging?.location;
  const names = trip.travelerNames.map((name) => name.trim()).filter((name) => name !== "");
  const place = destination?.displayName ?? "";
  const startDate = spec?.startDate;
  const itineraryDays =
    startDate === undefined || destination === undefined
      ? []
      : planItinerary({
          sections: guide.sections,
          startDate,
          dayCount: spec?.dayCount ?? 0,
          timeZone: destination.timeZone,
          pace: spec?.preferences?.pace ?? Pace.UNSPECIFIED,
          earliestMs: trip.arrivalTime && timestampMs(trip.arrivalTime),
          latestMs: trip.departureTime && timestampMs(trip.departureTime),
          start: lodging ?? destination.location,
        });
  const distances =
    lodging === undefined
      ? []
      : guide.sections
          .flatMap(({ listings }) => listings)
          .flatMap(({ key, location }) =>
            location ? [{ listingKey: key, distanceM: Math.round(distanceM(lodging, location)) }] : [],
          )
          .sort((a, b) => a.distanceM - b.distanceM);
  return create(PersonalizationSchema, {
    heading: names.length === 0 ? place : `${place} for ${new Intl.ListFormat("en").format(names)}`,
    itineraryDays,
    lodgingDistances: distances,
  });
}
