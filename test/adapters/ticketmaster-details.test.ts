import assert from "node:assert/strict";
import { SectionKind, type Listing } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ticketmaster } from "../../services/content-fetcher/providers/ticketmaster/ticketmaster.ts";
import { serveAdapter } from "./served-adapter.ts";
import { EVENT, eventOf, page, VENUE } from "./ticketmaster-events.ts";

describe("Ticketmaster's details", () => {
  const served = serveAdapter(ticketmaster);
  const listingsOf = async (events: readonly object[]): Promise<Listing[]> => {
    served.answerWith(() => ({ body: page(events) }));
    const { content } = await served.adapter().fetch(SectionKind.EVENTS);
    assert.deepEqual(served.adapter().defects, []);
    return content?.listings ?? [];
  };

  it("classifies by what people go to, and passes over names that say nothing", async () => {
    const classified = (segment: string, genre: string, name: string): object => ({
      ...EVENT,
      name,
      info: undefined,
      classifications: [
        { segment: { name: segment }, genre: { name: genre }, subGenre: { name: "Undefined" } },
      ],
    });
    const found = await listingsOf([
      classified("Arts & Theatre", "Fairs & Festivals", "A"),
      classified("Arts & Theatre", "Undefined", "B"),
      classified("Undefined", "Undefined", "C"),
      classified("Film", "Drama", "D"),
      { ...EVENT, name: "E", info: null, classifications: null },
    ]);
    assert.deepEqual(
      found.map((listing) => [listing.title, eventOf(listing).category, listing.summary]),
      [
        ["A", "fairs-and-festivals", "Arts & Theatre: Fairs & Festivals."],
        ["B", "arts-and-theatre", "Arts & Theatre."],
        ["C", "", ""],
        ["D", "film", "Film: Drama."],
        ["E", "", ""],
      ],
    );
  });

  it("says which language a summary is in, as far as that is known", async () => {
    const told = (name: string, change: object): object => ({ ...EVENT, name, ...change });
    const classes = (segment: string): object[] => [{ segment: { name: segment } }];
    const found = await listingsOf([
      told("A", { locale: "de-de", info: "Ein Abend." }),
      told("B", { locale: "de-de", info: null, classifications: classes("Music") }),
      told("C", { locale: "de-de", info: null, classifications: classes("Musik") }),
      told("D", { locale: null, info: "?" }),
    ]);
    assert.deepEqual(
      found.map(({ summary, languageCode }) => [summary, languageCode]),
      [
        ["Ein Abend.", "de"],
        ["Music.", "en"],
        ["Musik.", "und"],
        ["?", "und"],
      ],
    );
  });

  it("cuts what organisers write at the end of a sentence", async () => {
    const sentence = `One ${"word ".repeat(59).trim()}.`;
    const [listing] = await listingsOf([{ ...EVENT, info: Array(5).fill(sentence).join(" ") }]);
    assert.equal(listing?.summary, `${sentence} ${sentence}`);
  });

  it("states a price only where it can be read", async () => {
    const priced = (name: string, priceRanges: unknown): object => ({ ...EVENT, name, priceRanges });
    const found = await listingsOf([
      priced("none", null),
      priced("one side", [{ type: "standard", currency: "GBP", min: 12.3, max: null }]),
      priced("no currency", [{ type: "standard", min: 12, max: 15 }]),
      priced("turned round", [{ type: "standard", currency: "GBP", min: 15, max: 12 }]),
      priced("free", [{ type: "standard", currency: "EUR", min: 0, max: 0 }]),
    ]);
    assert.deepEqual(
      found.map((listing) => [listing.title, eventOf(listing).price?.text]),
      [
        ["none", undefined],
        ["one side", "12.30 GBP"],
        ["no currency", undefined],
        ["turned round", undefined],
        ["free", "0 EUR"],
      ],
    );
  });

  it("places nothing at zero degrees, and says of venues only what is stated", async () => {
    const found = await listingsOf([
      {
        ...EVENT,
        name: "A",
        url: "not a page",
        _embedded: { venues: [{ ...VENUE, location: { longitude: "0", latitude: "0" } }] },
      },
      {
        ...EVENT,
        name: "B",
        url: null,
        _embedded: { venues: [{ name: "Undefined", address: {}, location: {} }] },
      },
      { ...EVENT, name: "C", _embedded: null },
    ]);
    assert.deepEqual(
      found.map((listing) => [listing.location, listing.address, eventOf(listing).venue]),
      [
        [undefined, "Rua do Exemplo 9, 1150-002 Lisboa", "Coliseu Exemplar"],
        [undefined, "", ""],
        [undefined, "", ""],
      ],
    );
    assert.deepEqual(
      found.slice(0, 2).map((listing) => [eventOf(listing).ticketUri, listing.citations[0]?.uri]),
      [
        ["", "https://www.ticketmaster.com/"],
        ["", "https://www.ticketmaster.com/"],
      ],
    );
  });
});
