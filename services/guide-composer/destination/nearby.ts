const CELLS_PER_ROW = 360;
const ROW_COUNT = 180;
const KM_PER_DEGREE = 111.195;

/** Degrees by which a sum of coordinates may miss a cell's edge. */
const ROUNDING_DEGREES = 1e-9;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Distance of two points, kilometres; exact to a percent up to some hundred kilometres, where it is used. */
export function kmBetween(
  latitude: number,
  longitude: number,
  toLatitude: number,
  toLongitude: number,
): number {
  const turn = ((toLongitude - longitude + 540) % 360) - 180;
  const middle = radians((latitude + toLatitude) / 2);
  return KM_PER_DEGREE * Math.hypot(toLatitude - latitude, turn * Math.cos(middle));
}

/** Points of the globe in cells of one degree: who is near is answered without looking at all. */
export interface Nearby {
  /** Calls `visit` with each point at most so far away, in no order. */
  readonly within: (
    latitude: number,
    longitude: number,
    maxKm: number,
    visit: (point: number, km: number) => void,
  ) => void;
}

const rowOf = (latitude: number): number => Math.min(ROW_COUNT - 1, Math.max(0, Math.floor(latitude + 90)));
const columnOf = (longitude: number): number =>
  (((Math.floor(longitude) + 180) % CELLS_PER_ROW) + CELLS_PER_ROW) % CELLS_PER_ROW;

/** @param latitudeOf, longitudeOf degrees of point 0 to `count` - 1 */
export function createNearby(
  count: number,
  latitudeOf: (point: number) => number,
  longitudeOf: (point: number) => number,
): Nearby {
  // Points sorted by cell; those of a cell lie between its offset and the next one's.
  const offsets = new Uint32Array(ROW_COUNT * CELLS_PER_ROW + 1);
  const cells = new Uint32Array(count);
  for (let point = 0; point < count; point += 1) {
    const cell = rowOf(latitudeOf(point)) * CELLS_PER_ROW + columnOf(longitudeOf(point));
    cells[point] = cell;
    offsets[cell + 1] = (offsets[cell + 1] ?? 0) + 1;
  }
  for (let cell = 1; cell < offsets.length; cell += 1)
    offsets[cell] = (offsets[cell] ?? 0) + (offsets[cell - 1] ?? 0);
  const next = offsets.slice();
  const points = new Uint32Array(count);
  for (let point = 0; point < count; point += 1) {
    const cell = cells[point] ?? 0;
    const at = next[cell] ?? 0;
    points[at] = point;
    next[cell] = at + 1;
  }

  return {
    within: (latitude, longitude, maxKm, visit) => {
      const reach = maxKm / KM_PER_DEGREE + ROUNDING_DEGREES;
      const firstRow = rowOf(latitude - reach);
      const lastRow = rowOf(latitude + reach);
      // Meridians lie closest at the end that is nearer to a pole; there, all of them may be near.
      const narrowest = Math.cos(radians(Math.min(90, Math.abs(latitude) + reach)));
      const turn = narrowest * 180 <= reach ? 180 : reach / narrowest + ROUNDING_DEGREES;
      const firstColumn = columnOf(longitude - turn);
      const columnCount = Math.min(CELLS_PER_ROW, Math.ceil(2 * turn) + 1);
      for (let row = firstRow; row <= lastRow; row += 1) {
        for (let step = 0; step < columnCount; step += 1) {
          const cell = row * CELLS_PER_ROW + ((firstColumn + step) % CELLS_PER_ROW);
          for (let at = offsets[cell] ?? 0; at < (offsets[cell + 1] ?? 0); at += 1) {
            const point = points[at] ?? 0;
            const km = kmBetween(latitude, longitude, latitudeOf(point), longitudeOf(point));
            if (km <= maxKm) visit(point, km);
          }
        }
      }
    },
  };
}
