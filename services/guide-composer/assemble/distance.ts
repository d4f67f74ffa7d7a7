import type { LatLng } from "../../../shared/gen/google/type/latlng_pb.ts";

const EARTH_RADIUS_M = 6_371_000;

/** Distance in a straight line over the ground, metres. */
export function distanceM(
  a: Pick<LatLng, "latitude" | "longitude">,
  b: Pick<LatLng, "latitude" | "longitude">,
): number {
  const radians = Math.PI / 180;
  const dLat = (b.latitude - a.latitude) * radians;
  const dLon = (b.longitude - a.longitude) * radians;
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
