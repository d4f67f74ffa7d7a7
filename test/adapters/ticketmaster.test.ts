import assert from "node:assert/strict";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ticketmaster } from "../../services/content-fetcher/providers/ticketmaster/ticketmaster.ts";
import { fixture } from "./fixtures.ts";
import { NOW_MS, queryOf, TEST_KEY, type QueryParts } from "./harness.ts";
import { serveAdapter } from "./served-adapter.ts";
import { dated, EVENT, eventOf, onDay, page, windowOf } from "./ticketmaster-events.ts";

describe("Ticketmaster", () => {
  const served = serveAdapter(ticketmaster);
  const fetch = async (body: string, parts: QueryParts = {}) => {
    served.answerWith(() => ({ body }));
    return await served.adapter().fetch(SectionKind.EVENTS, queryOf(parts));
  };
  const listingsOf = async (events: readonly object[], parts: QueryParts = {}): Promise<Listing[]> => {
    const { content, outcome } = await fetch(page(events), parts);
    assert.ok(
      outcome.kind === OutcomeKind.CONTENT || outcome.kind === OutcomeKind.NOTHING_FOUND,
      outcome.detail,
    );
    assert.deepEqual(served.adapter().defects, []);
    return content?.listings ?? [];
  };
  const titles = (listings: readonly Listing[]): string[] => listings.map(({ title }) => title);

  it("reads an event field by field", async () => {
    const [listing] = await listingsOf([EVENT]);
    assert.ok(listing);
    assert.equal(listing.title, "Banda Exemplo");
    assert.equal(listing.key, "banda-exemplo@38.717,-9.141-2026-12-02");
    assert.deepEqual(
      [listing.summary, listing.languageCode],
      ["Dois concertos & uma noite. Portas 20h.", "pt"],
    );
    assert.deepEqual([listing.location?.latitude, listing.location?.longitude], [38.7174, -9.1408]);
    assert.equal(listing.address, "Rua do Exemplo 9, 1150-002 Lisboa");
    assert.deepEqual(
      listing.providerIds.map(({ provider, id }) => [provider, id]),
      [["providers/ticketmaster", "Z7r9jZ1A"]],
    );
    const details = eventOf(listing);
    assert.equal(details.category, "concert");
    assert.equal(details.venue, "Coliseu Exemplar");
    assert.equal(details.ticketUri, EVENT.url);
    assert.equal(details.price?.text, "25–60.50 EUR");
    assert.deepEqual(
      [details.price.minAmount, details.price.maxAmount].map((money) => [
        money?.currencyCode,
        money?.units,
        money?.nanos,
      ]),
      [
        ["EUR", 25n, 0],
        ["EUR", 60n, 500_000_000],
      ],
    );
    assert.deepEqual(windowOf(listing), ["2026-12-02T21:00Z", undefined, false]);
    const [citation] = listing.citations;
    assert.deepEqual(
      [citation?.uri, citation?.title, citation?.license],
      [EVENT.url, "Ticketmaster: Banda Exemplo", ""],
    );
    assert.ok(citation?.fetchTime && timestampMs(citation.fetchTime) === NOW_MS);
  });

  it("asks for the trip's days at the destination, and keeps what is found for 12 hours at most", async () => {
    const { content } = await fetch(page([EVENT]), {
      destination: { timeZone: "Europe/Athens", location: undefined, displayName: "Oia", countryCode: "GR" },
    });
    const given = served.server().requests[0]?.url.searchParams;
    assert.equal(given?.get("startDateTime"), "2026-11-30T22:00:00Z");
    assert.equal(given.get("endDateTime"), "2026-12-04T21:59:59Z");
    assert.deepEqual(
      ["city", "countryCode", "latlong", "apikey"].map((name) => given.get(name)),
      ["Oia", "GR", null, TEST_KEY],
    );
    assert.ok(content?.storeUntilTime && timestampMs(content.storeUntilTime) === NOW_MS + 12 * 3_600_000);
    assert.deepEqual(
      [content.attribution?.text, content.attribution?.uri],
      ["Ticketmaster", "https://www.ticketmaster.com/"],
    );
  });

  it("reads the documented search, whose event has a day and no time yet", async () => {
    const { content } = await fetch(fixture("ticketmaster/docs-search-events.200.json"), {
      destination: {
        displayName: "Miami",
        countryCode: "US",
        location: { $typeName: "google.type.LatLng", latitude: 25.77, longitude: -80.19 },
        timeZone: "America/New_York",
      },
      startDate: "2016-03-05",
      // It has one event of thousands of pages.
      maxListingCount: 1,
    });
    const [listing] = content?.listings ?? [];
    assert.ok(listing);
    assert.equal(listing.title, "WGC Cadillac Championship - Sunday Ticket");
    assert.deepEqual([listing.summary, listing.languageCode], ["Sports: Golf, PGA Tour.", "en"]);
    assert.equal(listing.address, "4400 NW 87th Avenue, Miami, FL 33178");
    assert.deepEqual(windowOf(listing), ["2016-03-06T05:00Z", "2016-03-07T05:00Z", true]);
    const { category, venue, price, ticketUri } = eventOf(listing);
    assert.deepEqual([category, venue, price], ["golf", "Trump National Doral", undefined]);
    assert.equal(ticketUri, "http://ticketmaster.com/event/0E0050681F51BA4C");
  });

  it("reads the documented event, which has a time and a price", async () => {
    const body: unknown = JSON.parse(fixture("ticketmaster/docs-get-event.200.json"));
    assert.ok(typeof body === "object" && body !== null);
    const [listing] = await listingsOf([body], {
      destination: { timeZone: "America/New_York" },
      startDate: "2016-07-27",
      dayCount: 1,
    });
    assert.ok(listing);
    assert.deepEqual(windowOf(listing), ["2016-07-27T23:30Z", undefined, false]);
    const { category, venue, price } = eventOf(listing);
    assert.deepEqual([category, venue, price?.text], ["concert", "Madison Square Garden", "80 USD"]);
    assert.deepEqual([price?.minAmount?.units, price?.maxAmount?.units], [80n, 80n]);
  });

  it("leaves out what does not take place, tests, what has no name and what has no settled day", async () => {
    const status = (code: string): object =>
      onDay("2026-12-02", { name: code, dates: { start: { localDate: "2026-12-02" }, status: { code } } });
    const found = await listingsOf([
      status("cancelled"),
      status("canceled"),
      status("postponed"),
      status("offsale"),
      onDay("2026-12-02", { name: "A test", test: true }),
      onDay("2026-12-02", { name: "Undefined" }),
      onDay("2026-12-02", { name: null }),
      { ...EVENT, name: "No dates", dates: null },
      dated({ dateTBA: true }),
      dated({ dateTBD: true, localDate: "2026-12-02", localTime: "20:00:00" }),
      dated({ localDate: "2026-02-30" }),
    ]);
    assert.deepEqual(titles(found), ["offsale"]);
  });

  it("leaves out what is on before or after the trip", async () => {
    const found = await listingsOf([
      onDay("2026-11-30", { name: "Before" }),
      onDay("2026-12-01", { name: "First day" }),
      onDay("2026-12-04", { name: "Last day" }),
      onDay("2026-12-05", { name: "After" }),
      dated({ localDate: "2026-11-20" }, { end: { localDate: "2026-12-01" } }),
    ]);
    assert.deepEqual(titles(found), ["First day", "Last day", "Banda Exemplo"]);
  });

  it("gives packages of one show once, and each show before any repeat", async () => {
    const found = await listingsOf([
      onDay("2026-12-02", { name: "Musical", id: "1" }),
      onDay("2026-12-02", { name: "Musical", id: "2" }),
      onDay("2026-12-03", { name: "Musical", id: "3" }),
      onDay("2026-12-01", { name: "Concert", id: "4" }),
    ]);
    assert.deepEqual(
      found.map(({ providerIds }) => providerIds[0]?.id),
      ["1", "4", "3"],
    );
    assert.equal(new Set(found.map(({ key }) => key)).size, 3);
  });
});
