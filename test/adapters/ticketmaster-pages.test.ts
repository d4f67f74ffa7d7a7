import assert from "node:assert/strict";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { ticketmaster } from "../../services/content-fetcher/providers/ticketmaster/ticketmaster.ts";
import { fixture } from "./fixtures.ts";
import { NOW_MS, queryOf } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";
import { EVENT, onDay, page } from "./ticketmaster-events.ts";

describe("Ticketmaster's pages and refusals", () => {
  const served = serveAdapter(ticketmaster);
  const titles = (listings: readonly Listing[]): string[] => listings.map(({ title }) => title);

  const NUMBERED = (number: number): object =>
    onDay("2026-12-02", { name: `Show ${number}`, id: `S${number}` });
  const pageOf = (url: URL): number => Number(url.searchParams.get("page"));

  it("asks for further pages only until there are listings enough", async () => {
    served.answerWith(({ url }) => ({ body: page([NUMBERED(pageOf(url))], 9) }));
    const fetch = (maxListingCount: number) =>
      served.adapter().fetch(SectionKind.EVENTS, queryOf({ maxListingCount }));
    const { content, outcome } = await fetch(2);
    assert.equal(outcome.kind, OutcomeKind.CONTENT);
    assert.deepEqual(titles(content?.listings ?? []), ["Show 0", "Show 1"]);
    assert.deepEqual(
      served.server().requests.map(({ url }) => pageOf(url)),
      [0, 1],
    );
  });

  it("takes an answer without page numbers for the only page", async () => {
    served.answerWith(() => ({ body: JSON.stringify({ _embedded: { events: [EVENT] } }) }));
    const { content } = await served.adapter().fetch(SectionKind.EVENTS);
    assert.deepEqual(titles(content?.listings ?? []), ["Banda Exemplo"]);
    assert.equal(served.server().requests.length, 1);
  });

  it("stops at the last page", async () => {
    served.answerWith(({ url }) => ({ body: page([NUMBERED(pageOf(url))], 2) }));
    const { content } = await served.adapter().fetch(SectionKind.EVENTS);
    assert.deepEqual(titles(content?.listings ?? []), ["Show 0", "Show 1"]);
  });

  it("keeps what has come when a further page fails, and says that it is cut off", async () => {
    served.answerWith(({ url }) =>
      pageOf(url) === 0
        ? { body: page([NUMBERED(0)], 3) }
        : { status: 429, body: fixture("ticketmaster/error-429-quota.json") },
    );
    const { content, outcome } = await served.adapter().fetch(SectionKind.EVENTS);
    assert.equal(outcome.kind, OutcomeKind.PARTIAL_CONTENT);
    assert.deepEqual(titles(content?.listings ?? []), ["Show 0"]);
  });

  it("fails when nothing has come before a page fails", async () => {
    served.answerWith(({ url }) =>
      pageOf(url) === 0 ? { body: page([onDay("2027-01-01")], 3) } : { status: 401, body: "{}" },
    );
    const { outcome } = await served.adapter().fetch(SectionKind.EVENTS);
    assert.equal(toReason(outcome.reason), "PROVIDER_ACCESS_DENIED");
  });

  it("says nothing found for an answer without events", async () => {
    served.answerWith(() => ({ body: fixture("ticketmaster/events-empty.200.json") }));
    const { outcome } = await served.adapter().fetch(SectionKind.EVENTS);
    assert.equal(outcome.kind, OutcomeKind.NOTHING_FOUND);
    served.answerWith(() => ({ body: JSON.stringify({ _embedded: {}, page: { totalPages: 0 } }) }));
    const other = await served.adapter().fetch(SectionKind.EVENTS);
    assert.equal(other.outcome.kind, OutcomeKind.NOTHING_FOUND);
  });

  const fault = (faultstring: string, errorcode: string): string =>
    JSON.stringify({ fault: { faultstring, detail: { errorcode } } });
  const refused = (code: string, detail: string): string =>
    JSON.stringify({ errors: [{ code, detail, status: "400 BAD_REQUEST" }] });
  const REFUSALS: readonly (readonly [
    status: number,
    body: string,
    reason: string,
    delaySeconds?: bigint,
  ])[] = [
    [401, fixture("ticketmaster/error-401-invalid-apikey.json"), "PROVIDER_ACCESS_DENIED"],
    [
      401,
      fault("Failed to resolve API Key", "steps.oauth.v2.FailedToResolveAPIKey"),
      "PROVIDER_ACCESS_DENIED",
    ],
    [429, fixture("ticketmaster/error-429-quota.json"), "PROVIDER_RATE_LIMITED", 3_600n],
    [
      429,
      fault("Spike arrest violation", "policies.ratelimit.SpikeArrestViolation"),
      "PROVIDER_RATE_LIMITED",
      1n,
    ],
    [400, refused("DIS1015", "Query param with date must be of valid format"), "PROVIDER_RESPONSE_INVALID"],
    [400, refused("DIS1035", "Max paging depth exceeded"), "PROVIDER_RESPONSE_INVALID"],
    [404, refused("DIS1004", "Resource not found"), "PROVIDER_RESPONSE_INVALID"],
    [503, "<html>busy</html>", "PROVIDER_UNAVAILABLE"],
    [200, fault("Invalid ApiKey", "oauth.v2.InvalidApiKey"), "PROVIDER_RESPONSE_INVALID"],
    [200, JSON.stringify({ _embedded: { events: [{ id: 7 }] } }), "PROVIDER_RESPONSE_INVALID"],
    [200, refused("DIS1015", "Query param with date must be of valid format"), "PROVIDER_RESPONSE_INVALID"],
  ];
  for (const [status, body, reason, delaySeconds] of REFUSALS) {
    it(`names a ${status} ${reason}: ${body.replaceAll(/\s+/g, " ").slice(0, 60)}`, async () => {
      served.answerWith(() => ({ status, body }));
      // Less than the shortest pause, so that the refusal stands.
      const options = { leftMs: 900 };
      const { outcome } = await served.adapter().fetch(SectionKind.EVENTS, queryOf(), options);
      assert.equal(toReason(outcome.reason), reason);
      if (delaySeconds !== undefined) assert.equal(outcome.retryDelay?.seconds, delaySeconds);
      assert.doesNotMatch(outcome.detail, /apikey|Identifier/i);
    });
  }

  it("heeds what its answers say of the day's calls", async () => {
    served.answerWith(() => ({
      headers: {
        "rate-limit": "5000",
        "rate-limit-available": "0",
        "rate-limit-over": "0",
        "rate-limit-reset": String(NOW_MS + 7_200_000),
      },
      body: page([EVENT]),
    }));
    await served.adapter().fetch(SectionKind.EVENTS);
    const { outcome } = await served.adapter().fetch(SectionKind.EVENTS);
    assert.equal(toReason(outcome.reason), "PROVIDER_RATE_LIMITED");
    assert.equal(outcome.kind, OutcomeKind.SKIPPED);
    assert.ok((outcome.retryDelay?.seconds ?? 0n) > 7_000n);
    assert.equal(served.server().requests.length, 1);
  });
});
