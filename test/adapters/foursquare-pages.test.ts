import assert from "node:assert/strict";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { foursquare } from "../../services/content-fetcher/providers/foursquare/foursquare.ts";
import { queryOf } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";

const CALL_COST_USD_MICROS = 18_750n;

const NAMED = (number: number): object => ({
  fsq_place_id: `ffff${number}`,
  name: `Casa ${number}`,
  categories: [{ name: "Restaurant" }],
});
const page = (...numbers: readonly number[]): string => JSON.stringify({ results: numbers.map(NAMED) });
/** As the provider's header `Link` names the next page. */
const linkTo = (cursor: string): Record<string, string> => ({
  link: `<https://places-api.foursquare.com/places/search?ll=1%2C2&limit=50&cursor=${encodeURIComponent(cursor)}>; rel="next"`,
});

describe("Foursquare's pages and refusals", () => {
  const served = serveAdapter(foursquare);
  const titles = (listings: readonly Listing[]): string[] => listings.map(({ title }) => title);

  it("follows the link to the next page as far as the wanted listings need, and counts what that costs", async () => {
    served.answerWith(({ url }) =>
      url.searchParams.get("cursor") === null
        ? { headers: linkTo("c3I6NTA="), body: page(1, 2) }
        : { headers: linkTo("further"), body: page(2, 3) },
    );
    const fetch = (maxListingCount: number) =>
      served.adapter().fetch(SectionKind.RESTAURANTS, queryOf({ maxListingCount }));
    const few = await fetch(50);
    assert.deepEqual(titles(few.content?.listings ?? []), ["Casa 1", "Casa 2"]);
    assert.deepEqual([few.outcome.costUsdMicros, few.outcome.costEstimated], [CALL_COST_USD_MICROS, true]);
    const many = await fetch(100);
    assert.deepEqual(titles(many.content?.listings ?? []), ["Casa 1", "Casa 2", "Casa 3"]);
    assert.equal(many.outcome.costUsdMicros, 2n * CALL_COST_USD_MICROS);
    assert.deepEqual(
      served.server().requests.map(({ url }) => url.searchParams.get("cursor")),
      [null, null, "c3I6NTA="],
    );
  });

  it("returns no more listings than asked for", async () => {
    served.answerWith(() => ({ body: page(1, 2, 3) }));
    const { content } = await served
      .adapter()
      .fetch(SectionKind.RESTAURANTS, queryOf({ maxListingCount: 2 }));
    assert.deepEqual(titles(content?.listings ?? []), ["Casa 1", "Casa 2"]);
  });

  for (const [what, first, kind] of [
    ["keeps what has come when the next page fails", page(1), OutcomeKind.PARTIAL_CONTENT],
    ["fails when nothing has come before the next page fails", page(), OutcomeKind.FAILED],
  ] as const) {
    it(what, async () => {
      served.answerWith(({ url }) =>
        url.searchParams.get("cursor") === null
          ? { headers: linkTo("next"), body: first }
          : { status: 503, body: "" },
      );
      const { outcome } = await served
        .adapter()
        .fetch(SectionKind.RESTAURANTS, queryOf({ maxListingCount: 100 }));
      assert.equal(outcome.kind, kind);
    });
  }

  it("does not send a request again that may have been charged", async () => {
    served.answerWith(() => ({ status: 503, body: "" }));
    const { outcome } = await served.adapter().fetch(SectionKind.RESTAURANTS);
    assert.equal(outcome.attemptCount, 1);
    assert.deepEqual([outcome.costUsdMicros, outcome.costEstimated], [CALL_COST_USD_MICROS, true]);
  });

  const message = (text: string): string => JSON.stringify({ message: text });
  const REFUSALS: readonly (readonly [
    status: number,
    body: string,
    reason: string,
    delaySeconds?: bigint,
  ])[] = [
    [400, message("ll must be specified as latitude,longitude"), "PROVIDER_RESPONSE_INVALID"],
    [401, message("Invalid request token."), "PROVIDER_ACCESS_DENIED"],
    [402, message("Payment required"), "PROVIDER_ACCESS_DENIED"],
    [403, message("The requested information is restricted"), "PROVIDER_ACCESS_DENIED"],
    [404, message("Endpoint does not exist."), "PROVIDER_RESPONSE_INVALID"],
    [410, message("This endpoint is no longer supported"), "PROVIDER_RESPONSE_INVALID"],
    [429, message("Too many requests"), "PROVIDER_RATE_LIMITED"],
    [429, message("Your account has no API credits remaining."), "PROVIDER_RATE_LIMITED", 3_600n],
    [500, message("Internal Server Error"), "PROVIDER_UNAVAILABLE"],
    [200, message("Invalid request token."), "PROVIDER_RESPONSE_INVALID"],
    // The API before 2025 had other ids.
    [200, JSON.stringify({ results: [{ fsq_id: "1", name: "Casa" }] }), "PROVIDER_RESPONSE_INVALID"],
  ];
  for (const [status, body, reason, delaySeconds] of REFUSALS) {
    it(`names a ${status} ${reason}: ${body.slice(0, 50)}`, async () => {
      served.answerWith(() => ({ status, body }));
      const { outcome } = await served.adapter().fetch(SectionKind.ATTRACTIONS);
      assert.equal(toReason(outcome.reason), reason);
      if (delaySeconds !== undefined) assert.equal(outcome.retryDelay?.seconds, delaySeconds);
    });
  }
});
