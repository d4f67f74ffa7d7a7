import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Destination } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { loadGazetteer } from "../services/guide-composer/destination/gazetteer.ts";
import { kmBetween } from "../services/guide-composer/destination/nearby.ts";
import { resolveQuery } from "../services/guide-composer/destination/resolve.ts";

interface TravellerPlace {
  readonly query: string;
  readonly countryCode: string;
  readonly latitude: number;
  readonly longitude: number;
}

const PLACES: readonly TravellerPlace[] = readFileSync(
  new URL("fixtures/gazetteer/traveller-places.txt", import.meta.url),
  "utf8",
)
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [query = "", countryCode = "", latitude, longitude] = line.split("|");
    return { query, countryCode, latitude: Number(latitude), longitude: Number(longitude) };
  });

const SAME_PLACE_KM = 30;

/** Namesakes of better known villages that only the geocoders have. Each one more is a wrong guide: look at it. */
const KNOWN_WRONG = ["Baños", "Manali", "Shirakawa"];

describe("gazetteer, for travellers", () => {
  const gazetteer = loadGazetteer();
  const isMeant = (place: TravellerPlace, { location, countryCode }: Destination): boolean =>
    location !== undefined &&
    countryCode === place.countryCode &&
    kmBetween(place.latitude, place.longitude, location.latitude, location.longitude) < SAME_PLACE_KM;
  const outcomes = PLACES.map((place) => {
    const answer = resolveQuery(gazetteer, place.query);
    switch (answer.state) {
      case "resolved":
        return { query: place.query, outcome: isMeant(place, answer.destination) ? "found" : "wrong" };
      case "ambiguous":
        return {
          query: place.query,
          outcome: answer.candidates.some((candidate) => isMeant(place, candidate)) ? "asked" : "lost",
        };
      case "country":
      case "unknown":
        return { query: place.query, outcome: "unknown" };
    }
  });
  const queriesWith = (wanted: string): string[] =>
    outcomes.filter(({ outcome }) => outcome === wanted).map(({ query }) => query);

  it("finds five of six places that guidebooks have, without network", () => {
    const share = (queriesWith("found").length + queriesWith("asked").length) / PLACES.length;
    assert.ok(share > 5 / 6, `${share}: unknown are ${queriesWith("unknown").join(", ")}`);
  });

  it("resolves none of them to a place elsewhere", () =>
    assert.deepEqual(queriesWith("wrong").sort(), KNOWN_WRONG));

  it("offers the right place whenever it asks back", () => assert.deepEqual(queriesWith("lost"), []));

  it("finds those that travellers ask for most", () => {
    const found = new Set(queriesWith("found"));
    for (const query of ["Hallstatt", "Positano", "Oia", "Zermatt", "Luang Prabang", "Cusco", "Machu Picchu"])
      assert.ok(found.has(query), query);
  });
});
