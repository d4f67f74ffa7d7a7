/** WGS84 degrees. */
export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

const EARTH_RADIUS_KM = 6371;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance, kilometres. */
export function distanceKm(a: Point, b: Point): number {
  const dLat = radians(b.latitude - a.latitude);
  const dLon = radians(b.longitude - a.longitude);
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Positions on the unit sphere, three numbers each: what is near is found by products, without trigonometry. */
export interface Positions {
  readonly xyz: Float64Array;
  readonly count: number;
}

export function toPositions(points: readonly Point[]): Positions {
  const xyz = new Float64Array(points.length * 3);
  points.forEach((point, index) => xyz.set(unitVector(point), index * 3));
  return { xyz, count: points.length };
}

function unitVector({ latitude, longitude }: Point): readonly [number, number, number] {
  const [phi, lambda] = [radians(latitude), radians(longitude)];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

/** Indexes of the positions up to a distance from a point, and of the nearest one however far, in no order. */
export function indexesNear({ xyz, count }: Positions, point: Point, maxKm: number): number[] {
  const [x, y, z] = unitVector(point);
  const minProduct = Math.cos(maxKm / EARTH_RADIUS_KM);
  const found: number[] = [];
  let nearest = -1;
  let best = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index += 1) {
    const at = index * 3;
    const product = x * (xyz[at] ?? 0) + y * (xyz[at + 1] ?? 0) + z * (xyz[at + 2] ?? 0);
    if (product >= minProduct) found.push(index);
    if (product > best) [nearest, best] = [index, product];
  }
  if (found.length === 0 && nearest >= 0) found.push(nearest);
  return found;
}

const DIRECTIONS = [
  "north",
  "northeast",
  "east",
  "southeast",
  "south",
  "southwest",
  "west",
  "northwest",
] as const;

/** Direction in which `to` lies, seen from `from`. */
export function directionTo(from: Point, to: Point): string {
  const dLon = radians(to.longitude - from.longitude);
  const y = Math.sin(dLon) * Math.cos(radians(to.latitude));
  const x =
    Math.cos(radians(from.latitude)) * Math.sin(radians(to.latitude)) -
    Math.sin(radians(from.latitude)) * Math.cos(radians(to.latitude)) * Math.cos(dLon);
  const bearing = (Math.atan2(y, x) * 180) / Math.PI;
  return DIRECTIONS[Math.round(((bearing + 360) % 360) / 45) % 8] ?? "north";
}
