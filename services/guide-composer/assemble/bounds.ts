import { create } from "@bufbuild/protobuf";
import { MapBoundsSchema, type MapBounds } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { LatLng } from "../../../shared/gen/google/type/latlng_pb.ts";

/** Smallest box around the points; it crosses the antimeridian when that makes it narrower. Absent without points. */
export function mapBounds(points: readonly Pick<LatLng, "latitude" | "longitude">[]): MapBounds | undefined {
  if (points.length === 0) return undefined;
  const latitudes = points.map(({ latitude }) => latitude);
  const longitudes = points.map(({ longitude }) => longitude).sort((a, b) => a - b);
  let [west, east] = [longitudes[0] ?? 0, longitudes.at(-1) ?? 0];
  // The widest gap between neighbours on the circle is what the box leaves out.
  let widest = 360 - (east - west);
  for (const [index, longitude] of longitudes.entries()) {
    const next = longitudes[index + 1];
    if (next !== undefined && next - longitude > widest) {
      widest = next - longitude;
      [west, east] = [next, longitude];
    }
  }
  return create(MapBoundsSchema, {
    southwest: { latitude: Math.min(...latitudes), longitude: west },
    northeast: { latitude: Math.max(...latitudes), longitude: east },
  });
}
