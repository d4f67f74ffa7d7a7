import assert from "node:assert/strict";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { googlePlaces } from "../../services/content-fetcher/providers/google-places/google-places.ts";
import { fixture, type Answerer } from "./fixtures.ts";
import { NOW_MS, queryOf, TEST_KEY, type QueryParts } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";

const CONSTRUCTED = fixture("google-places/lisbon-constructed.200.json");

describe("Google Places", () => {
  const served = serveAdapter(googlePlaces);
  const fetch = async (kind: SectionKind, answer: Answerer, parts: QueryParts = {}) => {
    served.answerWith(answer);
    return await served.adapter().fetch(kind, queryOf(parts));
  };
  const listingsOf = async (kind: SectionKind): Promise<Listing[]> => {
    const { content, outcome } = await fetch(kind, () => ({ body: CONSTRUCTED }));
    assert.equal(outcome.kind, OutcomeKind.CONTENT, outcome.detail);
    return content?.listings ?? [];
  };
  const byTitle = (listings: readonly Listing[], title: string): Listing => {
    const found = listings.find((listing) => listing.title === title);
    assert.ok(found, `${title} is among ${listings.map((listing) => listing.title).join(", ")}`);
    return found;
  };

  it("reads a restaurant field by field", async () => {
    const listing = byTitle(await listingsOf(SectionKind.RESTAURANTS), "Tasca do Exemplo");
    assert.equal(listing.key, "tasca-do-exemplo@38.711,-9.137");
    assert.deepEqual([listing.location?.latitude, listing.location?.longitude], [38.7110001, -9.1370002]);
    assert.equal(listing.address, "Rua do Exemplo 7, 1100-001 Lisboa");
    assert.equal(listing.phone, "+351 21 000 0001");
    assert.equal(listing.websiteUri, "https://tasca.example/");
    assert.equal(
      listing.openingHours,
      "Monday: Closed; Tuesday: 12:00 – 3:00\u202fPM, 7:00 – 11:00\u202fPM; Sunday: 12:00 – 10:00\u202fPM",
    );
    assert.deepEqual([listing.ratingScore, listing.ratingCount], [0.9, 2345]);
    assert.deepEqual(listing.accessibilityTags, ["no-wheelchair"]);
    assert.deepEqual([listing.summary, listing.languageCode], ["", ""]);
    assert.deepEqual(
      listing.providerIds.map(({ provider, id }) => [provider, id]),
      [["providers/google-places", "ChIJexample000000000000001"]],
    );
    assert.ok(listing.details.case === "restaurant");
    assert.deepEqual(listing.details.value.cuisines, ["seafood", "portuguese", "burger"]);
    assert.equal(listing.details.value.priceLevel, 3);
    const [citation] = listing.citations;
    assert.equal(citation?.uri, "https://maps.google.com/?cid=1000000000000000001");
    assert.equal(citation.title, "Google Maps: Tasca do Exemplo");
    assert.equal(citation.license, "");
    assert.ok(citation.fetchTime && timestampMs(citation.fetchTime) === NOW_MS);
  });

  it("lists what is there, or will be again, and neither what is gone nor what is no place to eat", async () => {
    const listings = await listingsOf(SectionKind.RESTAURANTS);
    assert.deepEqual(
      listings.map(({ title }) => title),
      ["Tasca do Exemplo", "Casa em Obras", "Zero"],
    );
    const closed = byTitle(listings, "Casa em Obras");
    assert.equal(closed.openingHours, "Temporarily closed");
    assert.ok(closed.details.case === "restaurant");
    assert.deepEqual(closed.details.value.dietaryTags, ["vegan", "vegetarian"]);
    assert.deepEqual([closed.details.value.cuisines, closed.details.value.priceLevel], [[], 0]);
    assert.equal(closed.ratingScore, undefined);
  });

  it("tells apart from the listings what is gone, and not what is to come", async () => {
    const { content } = await fetch(SectionKind.RESTAURANTS, () => ({ body: CONSTRUCTED }));
    assert.deepEqual(
      content?.closedListings.map(({ title, providerIds }) => [title, providerIds[0]?.id]),
      [["Loja Fechada", "ChIJexample000000000000002"]],
    );
  });

  it("reads what JSON leaves out, and what it only calls", async () => {
    const zero = byTitle(await listingsOf(SectionKind.RESTAURANTS), "Zero");
    assert.deepEqual([zero.location?.latitude, zero.location?.longitude], [0, 9.5]);
    assert.deepEqual([zero.ratingScore, zero.ratingCount], [0, 0]);
    assert.ok(zero.details.case === "restaurant");
    assert.deepEqual(zero.details.value.cuisines, ["sushi"]);
    assert.equal(
      zero.citations[0]?.uri,
      "https://www.google.com/maps/place/?q=place_id:ChIJexample000000000000006",
    );
  });

  it("reads attractions, without places to eat or stay", async () => {
    const listings = await listingsOf(SectionKind.ATTRACTIONS);
    assert.deepEqual(
      listings.map(({ title }) => title),
      ["Museu Exemplar"],
    );
    const museum = byTitle(listings, "Museu Exemplar");
    assert.ok(museum.details.case === "attraction");
    assert.equal(museum.details.value.category, "museum");
    assert.deepEqual(
      [museum.details.value.fee?.text, museum.details.value.fee?.minAmount?.units],
      ["free", 0n],
    );
  });

  const titlesOf = async (kind: SectionKind, places: readonly object[]): Promise<string[]> => {
    const { content } = await fetch(kind, () => ({ body: JSON.stringify({ places }) }));
    return (content?.listings ?? []).map(({ title }) => title);
  };
  const typed = (primaryType: string | undefined, ...types: readonly string[]): object => ({
    id: `ChIJ${primaryType}`,
    displayName: { text: primaryType ?? "none" },
    primaryType,
    types: primaryType === undefined ? types : [primaryType, ...types],
  });

  it("lists as eateries what is one first of all", async () => {
    assert.deepEqual(
      await titlesOf(SectionKind.RESTAURANTS, [
        typed("museum", "cafe"),
        typed("supermarket", "cafe", "food"),
        typed("gas_station", "food"),
        typed("hotel", "restaurant"),
        typed("night_club", "bar"),
        typed("meal_takeaway", "restaurant"),
        typed("wine_bar"),
        typed("tourist_attraction", "restaurant"),
        typed(undefined, "point_of_interest", "restaurant"),
      ]),
      ["meal_takeaway", "wine_bar", "tourist_attraction", "none"],
    );
  });

  it("lists no agency as a sight, and nothing at zero degrees", async () => {
    const sights = [
      typed("travel_agency", "tourist_attraction"),
      typed("corporate_office", "museum"),
      { ...typed("bridge", "tourist_attraction"), location: {} },
    ];
    assert.deepEqual(await titlesOf(SectionKind.ATTRACTIONS, sights), ["bridge"]);
    const { content } = await fetch(SectionKind.ATTRACTIONS, () => ({
      body: JSON.stringify({ places: sights }),
    }));
    assert.equal(content?.listings[0]?.location, undefined);
  });

  it("passes over a place that cannot be read", async () => {
    const place = typed("museum");
    assert.deepEqual(
      await titlesOf(SectionKind.ATTRACTIONS, [
        { ...place, id: undefined },
        { ...place, displayName: "Museu" },
        { ...place, displayName: { text: "美術館", languageCode: "ja" }, businessStatus: "SOMETHING_NEW" },
      ]),
      ["美術館"],
    );
  });

  it("lets nobody keep its content, and estimates what the call costs", async () => {
    const { content, outcome } = await fetch(SectionKind.RESTAURANTS, () => ({ body: CONSTRUCTED }));
    assert.equal(googlePlaces.terms.storable, false);
    assert.ok(content?.storeUntilTime && content.fetchTime);
    assert.equal(timestampMs(content.storeUntilTime), timestampMs(content.fetchTime));
    assert.deepEqual(
      [content.attribution?.text, content.attribution?.uri],
      ["Google Maps", "https://www.google.com/maps"],
    );
    assert.deepEqual([outcome.costUsdMicros, outcome.costEstimated], [35_000n, true]);
  });

  it("asks for the most popular places around, by a mask of fields, with the key in a header", async () => {
    await listingsOf(SectionKind.RESTAURANTS);
    const [request] = served.server().requests;
    assert.equal(request?.url.pathname, "/v1/places:searchNearby");
    assert.equal(request.url.search, "");
    assert.equal(request.headers["x-goog-api-key"], TEST_KEY);
    assert.equal(
      request.headers["x-goog-fieldmask"],
      "places.id,places.displayName,places.formattedAddress,places.location,places.types,places.primaryType,places.primaryTypeDisplayName,places.rating,places.userRatingCount,places.priceLevel,places.businessStatus,places.googleMapsUri,places.websiteUri,places.internationalPhoneNumber,places.regularOpeningHours.weekdayDescriptions,places.accessibilityOptions",
    );
    assert.deepEqual(JSON.parse(request.body), {
      includedTypes: ["restaurant", "cafe", "food_court", "ice_cream_shop"],
      maxResultCount: 20,
      rankPreference: "POPULARITY",
      locationRestriction: {
        circle: { center: { latitude: 38.71667, longitude: -9.13333 }, radius: 2500 },
      },
      languageCode: "en",
      regionCode: "PT",
    });
  });

  it("searches by words for wanted cuisines and diets, within the same reach", async () => {
    const preferences = { cuisines: ["fish-and-chips"], dietaryTags: ["vegan"] };
    await fetch(SectionKind.RESTAURANTS, () => ({ body: CONSTRUCTED }), { preferences });
    const [request] = served.server().requests;
    assert.equal(request?.url.pathname, "/v1/places:searchText");
    const body = z
      .object({
        textQuery: z.string(),
        pageSize: z.number(),
        locationRestriction: z.object({
          rectangle: z.object({
            low: z.object({ latitude: z.number(), longitude: z.number() }),
            high: z.object({ latitude: z.number(), longitude: z.number() }),
          }),
        }),
      })
      .parse(JSON.parse(request.body));
    assert.equal(body.textQuery, "vegan, fish and chips restaurant");
    assert.equal(body.pageSize, 20);
    const { low, high } = body.locationRestriction.rectangle;
    assert.deepEqual(
      [low.latitude, low.longitude, high.latitude, high.longitude].map((degrees) => degrees.toFixed(3)),
      ["38.694", "-9.162", "38.739", "-9.105"],
    );
  });

  it("says nothing found for an answer with nothing in it, but not for one of another shape", async () => {
    const { outcome } = await fetch(SectionKind.ATTRACTIONS, () => ({
      body: fixture("google-places/searchText-empty.200.json"),
    }));
    assert.equal(outcome.kind, OutcomeKind.NOTHING_FOUND);
    for (const body of [
      '{"results":[],"status":"ZERO_RESULTS"}',
      '{"places":[{"displayName":{"text":"x"}}]}',
    ]) {
      const other = await fetch(SectionKind.ATTRACTIONS, () => ({ body }));
      assert.equal(toReason(other.outcome.reason), "PROVIDER_RESPONSE_INVALID");
    }
  });

  const refusal = (code: number, status: string, details: readonly object[] = []): string =>
    JSON.stringify({ error: { code, message: "a message with words of its own", status, details } });
  const REFUSALS: readonly (readonly [status: number, body: string, reason: string])[] = [
    [400, fixture("google-places/error-400-invalid-key.json"), "PROVIDER_ACCESS_DENIED"],
    [400, fixture("google-places/error-400-missing-fieldmask.json"), "PROVIDER_RESPONSE_INVALID"],
    [400, '{"error":{"code":400,"message":"API key expired. Please renew it."}}', "PROVIDER_ACCESS_DENIED"],
    [400, "<html>Bad Request</html>", "PROVIDER_RESPONSE_INVALID"],
    [401, refusal(401, "UNAUTHENTICATED"), "PROVIDER_ACCESS_DENIED"],
    [403, refusal(403, "PERMISSION_DENIED", [{ reason: "SERVICE_DISABLED" }]), "PROVIDER_ACCESS_DENIED"],
    [404, refusal(404, "NOT_FOUND"), "PROVIDER_RESPONSE_INVALID"],
    [429, refusal(429, "RESOURCE_EXHAUSTED"), "PROVIDER_RATE_LIMITED"],
    [500, refusal(500, "INTERNAL"), "PROVIDER_UNAVAILABLE"],
    [503, refusal(503, "UNAVAILABLE"), "PROVIDER_UNAVAILABLE"],
  ];
  for (const [status, body, reason] of REFUSALS) {
    const unserved = status < 500;
    const cost = unserved ? "pays nothing for it" : "counts it, because it may be charged";
    it(`names a refusal with status ${status} ${reason}, and ${cost}`, async () => {
      const { outcome } = await fetch(SectionKind.RESTAURANTS, () => ({ status, body }));
      assert.equal(toReason(outcome.reason), reason);
      assert.equal(outcome.kind, OutcomeKind.FAILED);
      assert.equal(outcome.detail, `HTTP ${status}`);
      assert.equal(outcome.attemptCount, 1);
      assert.deepEqual(
        [outcome.costUsdMicros, outcome.costEstimated],
        unserved ? [0n, false] : [35_000n, true],
      );
    });
  }

  const DELAYS: readonly (readonly [what: string, detail: object, delayMs: number])[] = [
    ["the delay that it names", { retryDelay: "34.5s" }, 34_500],
    ["the minute of its quota", { metadata: { quota_unit: "1/min/{project}" } }, 60_000],
    ["an hour of the day of its quota", { metadata: { quota_unit: "1/d/{project}" } }, 3_600_000],
  ];
  for (const [what, detail, delayMs] of DELAYS) {
    it(`stays away for ${what}`, async () => {
      const body = refusal(429, "RESOURCE_EXHAUSTED", [detail]);
      const { outcome } = await fetch(SectionKind.RESTAURANTS, () => ({ status: 429, body }));
      assert.ok(outcome.retryDelay);
      assert.equal(durationMs(outcome.retryDelay), delayMs);
    });
  }
});
