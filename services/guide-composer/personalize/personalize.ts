import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  PersonalizationSchema,
  type Guide,
  type Personalization,
  type Trip,
} from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { PreferencesSchema } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM } from "../assemble/distance.ts";
import { planItinerary } from "../assemble/itinerary/itinerary.ts";

/** What a trip adds to a guide that is the same for everybody. Nothing of it goes into the guide. */
export function personalize(guide: Guide, trip: Trip): Personalization {
  const { destination, spec, sections } = guide;
  const lodging = trip.lodging?.location;
  const names = trip.travelerNames.map((name) => name.trim()).filter((name) => name !== "");
  const place = destination?.displayName ?? "";
  const startDate = spec?.startDate;
  const itineraryDays =
    startDate === undefined || destination === undefined
      ? []
      : planItinerary({
          sections,
          preferences: spec?.preferences ?? create(PreferencesSchema),
          startDate,
          dayCount: spec?.dayCount ?? 0,
          timeZone: destination.timeZone,
          earliestMs: trip.arrivalTime && timestampMs(trip.arrivalTime),
          latestMs: trip.departureTime && timestampMs(trip.departureTime),
          center: destination.location,
          lodging,
        });
  const lodgingDistances =
    lodging === undefined
      ? []
      : sections
          .flatMap(({ listings }) => listings)
          .flatMap(({ key, location }) =>
            location ? [{ listingKey: key, distanceM: Math.round(distanceM(lodging, location)) }] : [],
          )
          .sort((a, b) => a.distanceM - b.distanceM);
  return create(PersonalizationSchema, {
    heading: names.length === 0 ? place : `${place} for ${new Intl.ListFormat("en").format(names)}`,
    itineraryDays,
    lodgingDistances,
  });
}
