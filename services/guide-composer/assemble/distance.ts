const EARTH_RADIUS_M = 6_371_000;
const RADIANS = Math.PI / 180;

/** A position, WGS84 degrees. */
export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

/** Distance in a straight line over the ground, metres. */
export function distanceM(a: Point, b: Point): number {
  const dLat = (b.latitude - a.latitude) * RADIANS;
  const dLon = (b.longitude - a.longitude) * RADIANS;
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
