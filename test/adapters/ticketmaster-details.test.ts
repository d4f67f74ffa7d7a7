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

  it("reads what is not in English", async () => {
    const [found, other] = await listingsOf([
      {
        ...EVENT,
        name: "Die &Auml;rzte &amp; Freunde&#8230;",
        locale: "de-de",
        info: null,
        classifications: [
          { segment: { id: "KZFzniwnSyZfZ7v7nJ", name: "Musik" }, genre: { name: "Rock/Pop" } },
        ],
      },
      { ...EVENT, name: "夜のコンサート", locale: "ja-jp", info: "開場は<b>18時</b>。" },
    ]);
    assert.ok(found && other);
    assert.deepEqual(
      [found.title, eventOf(found).category, found.summary, found.languageCode],
      ["Die &Auml;rzte & Freunde…", "concert", "Musik: Rock/Pop.", "und"],
    );
    assert.deepEqual(
      [other.title, other.summary, other.languageCode],
      ["夜のコンサート", "開場は18時。", "ja"],
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
      priced("as text", [{ type: "standard", currency: "JPY", min: "8000", max: "12000.0" }]),
      priced("with fees", [
        { type: "official platinum", currency: "PLN", min: 900, max: 900 },
        { type: "standard including fees", currency: "PLN", min: 139, max: 149.9 },
      ]),
    ]);
    assert.deepEqual(
      found.map((listing) => [listing.title, eventOf(listing).price?.text]),
      [
        ["none", undefined],
        ["one side", "12.30 GBP"],
        ["no currency", undefined],
        ["turned round", undefined],
        ["free", "0 EUR"],
        ["as text", "8000–12000 JPY"],
        ["with fees", "139–149.90 PLN"],
      ],
    );
  });

  it("writes addresses as they are written where the venue is", async () => {
    const at = (change: object): object => ({
      ...EVENT,
      name: JSON.stringify(change),
      _embedded: { venues: [{ ...VENUE, ...change }] },
    });
    const found = await listingsOf([
      at({
        country: { countryCode: "GB" },
        address: { line1: "Peninsula Square", line2: "Greenwich" },
        city: { name: "London" },
        postalCode: "SE10 0DX",
      }),
      at({
        country: { countryCode: "US" },
        address: { line1: "7th Ave & 32nd Street", line2: "New York, NY 10001" },
        city: { name: "New York" },
        state: { name: "New York", stateCode: "NY" },
        postalCode: "10001",
      }),
    ]);
    assert.deepEqual(
      found.map(({ address }) => address),
      ["Peninsula Square, Greenwich, London SE10 0DX", "7th Ave & 32nd Street, New York, NY 10001"],
    );
  });

  it("finds the place of an event without a venue, and the page of one that is resold", async () => {
    const [found] = await listingsOf([
      {
        ...EVENT,
        url: undefined,
        outlets: [
          { url: "https://www.arena.example", type: "venueBoxOffice" },
          { url: "https://www.ticketmaster.com/event/Z7r9", type: "tmMarketPlace" },
        ],
        _embedded: { attractions: [] },
        place: { ...VENUE, name: "Largo do Exemplo" },
      },
    ]);
    assert.ok(found);
    assert.deepEqual([eventOf(found).venue, found.location?.latitude], ["Largo do Exemplo", 38.7174]);
    assert.deepEqual(
      [eventOf(found).ticketUri, found.citations[0]?.uri],
      ["https://www.ticketmaster.com/event/Z7r9", "https://www.ticketmaster.com/event/Z7r9"],
    );
  });

  it("passes over an event that cannot be read", async () => {
    const found = await listingsOf([
      { ...EVENT, id: 7 },
      { ...EVENT, dates: "soon" },
      { ...EVENT, name: "Readable" },
    ]);
    assert.deepEqual(
      found.map(({ title }) => title),
      ["Readable"],
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
