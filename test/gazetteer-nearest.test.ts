import assert from "node:assert/strict";
import fc from "fast-check";
import { loadGazetteer } from "../services/guide-composer/destination/gazetteer.ts";
import { createNearby, kmBetween } from "../services/guide-composer/destination/nearby.ts";
import { nearestDestination } from "../services/guide-composer/destination/nearest.ts";

const MAX_KM = 50;

describe("the destination of a point", () => {
  const gazetteer = loadGazetteer();
  const at = (latitude: number, longitude: number): string =>
    nearestDestination(gazetteer, latitude, longitude, MAX_KM)?.displayName ?? "none";

  const POINTS = [
    ["Praça do Comércio", 38.7075, -9.1364, "Lisbon"],
    ["Alfama", 38.7118, -9.13, "Lisbon"],
    ["the monastery of Belém", 38.6979, -9.2068, "Lisbon"],
    ["the palace of Sintra", 38.7876, -9.3906, "Sintra"],
    ["Trafalgar Square", 51.508, -0.1281, "London"],
    ["St Paul's Cathedral", 51.5138, -0.0984, "London"],
    ["Notre-Dame", 48.853, 2.3499, "Paris"],
    ["Montmartre", 48.8867, 2.3431, "Paris"],
    ["the castle of Versailles", 48.8049, 2.1204, "Versailles"],
    ["Times Square", 40.758, -73.9855, "New York City"],
    ["Shibuya crossing", 35.6595, 139.7005, "Tokyo"],
    ["Marienplatz", 48.1374, 11.5755, "Munich"],
    ["the lake at Hallstatt", 47.5595, 13.6487, "Hallstatt"],
    ["the caldera of Santorini", 36.4612, 25.3756, "Oía"],
    ["the middle of the Atlantic", 30, -40, "none"],
    ["the South Pole", -90, 0, "none"],
  ] as const;
  for (const [what, latitude, longitude, expected] of POINTS) {
    it(`of ${what} is ${expected}`, () => assert.equal(at(latitude, longitude), expected));
  }

  it("finds the same points as looking at all of them, across poles and the antimeridian", () => {
    const latitude = fc.oneof(
      fc.double({ min: -90, max: 90, noNaN: true }),
      fc.constantFrom(-90, 90, 89.99, 0),
    );
    const longitude = fc.oneof(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.constantFrom(-180, 180, 179.99, -179.99),
    );
    const point = fc.tuple(latitude, longitude);
    fc.assert(
      fc.property(
        fc.array(point, { minLength: 1, maxLength: 50 }),
        point,
        fc.double({ min: 0, max: 500, noNaN: true }),
        (points, [fromLatitude, fromLongitude], maxKm) => {
          const nearby = createNearby(
            points.length,
            (index) => points[index]?.[0] ?? 0,
            (index) => points[index]?.[1] ?? 0,
          );
          const found: number[] = [];
          nearby.within(fromLatitude, fromLongitude, maxKm, (index) => void found.push(index));
          const all = points.flatMap(([toLatitude, toLongitude], index) =>
            kmBetween(fromLatitude, fromLongitude, toLatitude, toLongitude) <= maxKm ? [index] : [],
          );
          assert.deepEqual(
            found.sort((a, b) => a - b),
            all,
          );
        },
      ),
    );
  });
});
