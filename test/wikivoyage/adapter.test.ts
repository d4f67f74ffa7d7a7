import assert from "node:assert/strict";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  SectionKindSchema,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toReason } from "../../shared/errors.ts";
import { wikivoyage } from "../../services/content-fetcher/providers/wikivoyage/wikivoyage.ts";
import { NOW_MS, queryOf } from "../adapters/harness.ts";
import { serveAdapter } from "../adapters/served-adapter.ts";
import { BOSTON, smallWiki, type WikiOptions, type WikiPage } from "./small-wiki.ts";

const KINDS = wikivoyage.offerings.map(({ kind }) => kind);
const CENTRE = [38.717, -9.133] as const;

const district = (name: string, wikitext: string): Record<string, WikiPage> => ({
  [`Lisbon/${name}`]: { wikitext, at: [38.71, -9.13], wikidataId: `Q${name.charCodeAt(2)}` },
});
const CITY = `'''Lisbon''' is a city.
==Districts==
{{Regionlist
| region1name=[[Lisbon/Alfama|Alfama]] | region1description=Old, with the '''castle'''.
| region2name=[[Lisbon/Baixa|Baixa]]
| region3name=West | region3items=[[Lisbon/Belém|Belém]], [[lisbon/Ajuda]]
| region4name=[[Sintra]]
}}
* [[Cascais]] — by the sea
==Get in==
By train.
==See==
The sights are in the districts.
* {{see|name=River}}
==Do==
===Events===
{{event|name=Saint Anthony|year=annual|month=June|date=12}}
{{IsPartOf|Lisbon Region}}`;
const WIKI: WikiOptions = {
  pages: {
    Lisbon: { wikitext: CITY, at: CENTRE },
    ...district("Alfama", "Lanes.\n==See==\n{{see|name=Castle}}\n==Eat==\n{{eat|name=Tasca}}"),
    ...district("Baixa", "'''Baixa''' is flat.\n\nIts streets are straight.\n==See==\n{{see|name=Arch}}"),
    ...district("Belém", "==See==\n{{see|name=Tower}}\n==Drink==\n{{drink|name=Bar}}"),
    Sintra: {
      wikitext: "Palaces.\n==See==\n{{see|name=Palace}}\n{{IsPartOf|Lisbon Region}}",
      at: [38.8, -9.4],
    },
    Cascais: { wikitext: "Beaches.", at: [38.7, -9.42] },
  },
};

describe("Wikivoyage", () => {
  const served = serveAdapter(wikivoyage);
  const requestCount = (): number => served.server().requests.length;
  const titlesAsked = (index: number): string[] =>
    (served.server().requests[index]?.url.searchParams.get("titles") ?? "").split("|");

  it("answers every kind of a guide with two requests", async () => {
    served.answerWith(smallWiki(WIKI));
    const results = await served.adapter().fetchAll(KINDS, queryOf({ startDate: "2027-06-11" }));
    for (const [index, { outcome }] of results.entries())
      assert.equal(outcome.kind, OutcomeKind.CONTENT, `kind ${KINDS[index]}`);
    assert.equal(requestCount(), 2);
    assert.deepEqual(titlesAsked(1), [
      "Lisbon/Alfama",
      "Lisbon/Baixa",
      "Lisbon/Belém",
      "lisbon/Ajuda",
      "Sintra",
    ]);
    for (const { url } of served.server().requests) {
      assert.equal(url.searchParams.get("maxlag"), "5");
      assert.equal(url.searchParams.get("redirects"), "1");
    }
  });

  it("asks for one page when no kind needs the districts", async () => {
    served.answerWith(smallWiki(WIKI));
    await served
      .adapter()
      .fetchAll(
        [SectionKind.OVERVIEW, SectionKind.EVENTS, SectionKind.PRACTICAL],
        queryOf({ startDate: "2027-06-11" }),
      );
    assert.equal(requestCount(), 1);
  });

  it("lists what the city and its districts have, each cited with its own article", async () => {
    served.answerWith(smallWiki(WIKI));
    const [sights, food, out] = await served
      .adapter()
      .fetchAll([SectionKind.ATTRACTIONS, SectionKind.RESTAURANTS, SectionKind.EXPERIENCES]);
    assert.deepEqual(
      sights?.content?.listings.map(({ title, citations }) => [title, citations[0]?.title]),
      [
        ["River", "Wikivoyage: Lisbon"],
        ["Castle", "Wikivoyage: Lisbon/Alfama"],
        ["Arch", "Wikivoyage: Lisbon/Baixa"],
        ["Tower", "Wikivoyage: Lisbon/Belém"],
      ],
    );
    assert.equal(sights?.content?.narratives[0]?.text, "The sights are in the districts.");
    assert.deepEqual(
      food?.content?.listings.map(({ title }) => title),
      ["Tasca"],
    );
    assert.deepEqual(
      out?.content?.listings.map(({ title }) => title),
      ["Bar"],
    );
    const { attribution, fetchTime } = sights?.content ?? {};
    assert.deepEqual(
      [attribution?.text, attribution?.uri, attribution?.license],
      [
        'Wikivoyage, "Lisbon", CC BY-SA 4.0, modified',
        "https://en.wikivoyage.org/wiki/Lisbon",
        "CC-BY-SA-4.0",
      ],
    );
    assert.ok(fetchTime && timestampMs(fetchTime) === NOW_MS);
  });

  it("describes districts by the city's article, else by their own, with its position and item", async () => {
    served.answerWith(smallWiki(WIKI));
    const { content } = await served.adapter().fetch(SectionKind.NEIGHBORHOODS);
    assert.deepEqual(
      content?.listings.map(({ title, summary, location, wikidataId, citations }) => [
        title,
        summary,
        location?.latitude,
        wikidataId,
        citations.map((citation) => citation.title.replace("Wikivoyage: ", "")),
      ]),
      [
        ["Alfama", "Old, with the castle.", 38.71, "Q102", ["Lisbon", "Lisbon/Alfama"]],
        ["Baixa", "Baixa is flat. Its streets are straight.", 38.71, "Q105", ["Lisbon/Baixa"]],
        ["Belém", "", 38.71, "Q108", ["Lisbon", "Lisbon/Belém"]],
      ],
    );
  });

  it("takes a page as a district when the page says so, under whatever title", async () => {
    const pages = {
      Lisbon: {
        wikitext: "==Districts==\n{{Regionlist|region1name=[[North Bank]]|region2name=[[Old Name]]}}",
        at: CENTRE,
      },
      "North Bank": { wikitext: "==See==\n{{see|name=Quay}}\n{{IsPartOf|Lisbon}}", at: CENTRE },
      "Old Name": { redirectTo: "Lisbon/New" },
      "Lisbon/New": { wikitext: "New.\n==See==\n{{see|name=Dock}}", at: CENTRE },
    } as const;
    served.answerWith(smallWiki({ pages }));
    const [sights, districts] = await served
      .adapter()
      .fetchAll([SectionKind.ATTRACTIONS, SectionKind.NEIGHBORHOODS]);
    assert.deepEqual(
      sights?.content?.listings.map(({ title }) => title),
      ["Quay", "Dock"],
    );
    assert.deepEqual(
      districts?.content?.listings.map(({ title, summary }) => [title, summary]),
      [
        ["North Bank", ""],
        ["Old Name", "New."],
      ],
    );
  });

  it("reads lists of districts of smaller cities", async () => {
    const wikitext = `==Districts==
* [[Lisbon/Alfama|Alfama]] – Old '''lanes'''.
* '''Baixa''': Flat streets.
* {{marker|type=city|name=[[Lisbon/Belém|Belém]]|lat=38.69|long=-9.21}} — Monuments.
* [[Sintra]] - a town of its own.
* Not a district but a long sentence that only happens to stand in the list.
** '''Nested''' - too deep.`;
    served.answerWith(smallWiki({ pages: { Lisbon: { wikitext, at: CENTRE } } }));
    const { content } = await served.adapter().fetch(SectionKind.NEIGHBORHOODS);
    assert.deepEqual(
      content?.listings.map(({ title, summary, location }) => [title, summary, location?.longitude]),
      [
        ["Alfama", "Old lanes.", undefined],
        ["Baixa", "Flat streets.", undefined],
        ["Belém", "Monuments.", -9.21],
      ],
    );
  });

  it("gives every district its share of a small answer", async () => {
    const many = (name: string): string =>
      `==See==\n${Array.from({ length: 30 }, (_, index) => `{{see|name=${name} ${index}}}`).join("\n")}`;
    const pages = {
      Lisbon: { wikitext: `${CITY}\n${many("City")}`, at: CENTRE },
      ...district("Alfama", many("Alfama")),
      ...district("Baixa", many("Baixa")),
    };
    served.answerWith(smallWiki({ pages }));
    const { content } = await served
      .adapter()
      .fetch(SectionKind.ATTRACTIONS, queryOf({ maxListingCount: 7 }));
    assert.deepEqual(
      content?.listings.map(({ title }) => title),
      ["River", "City 0", "City 1", "Alfama 0", "Alfama 1", "Baixa 0", "Baixa 1"],
    );
  });

  it("follows continuations within its eight calls, and says when it had to stop", async () => {
    served.answerWith(smallWiki({ ...WIKI, maxTextCount: 2 }));
    const whole = await served.adapter().fetch(SectionKind.ATTRACTIONS);
    assert.equal(whole.outcome.kind, OutcomeKind.CONTENT);
    assert.equal(whole.content?.listings.length, 4);
    assert.equal(requestCount(), 4);

    served.server().reset();
    const names = Array.from({ length: 20 }, (_, index) => `D${index}`);
    const regions = names.map((name, index) => `|region${index + 1}name=[[Lisbon/${name}]]`).join("");
    const pages = Object.assign(
      { Lisbon: { wikitext: `==Districts==\n{{Regionlist${regions}}}`, at: CENTRE } },
      ...names.map((name) => district(name, `==See==\n{{see|name=${name}}}`)),
    ) as Record<string, WikiPage>;
    served.answerWith(smallWiki({ pages, maxTextCount: 1 }));
    const cut = await served.adapter().fetch(SectionKind.ATTRACTIONS);
    assert.equal(cut.outcome.kind, OutcomeKind.PARTIAL_CONTENT);
    assert.equal(cut.content?.listings.length, 7);
    assert.equal(requestCount(), 8);
  });

  it("asks for as many districts as one request takes", async () => {
    const regions = Array.from(
      { length: 60 },
      (_, index) => `|region${index + 1}name=[[Lisbon/${"é".repeat(index === 0 ? 1 : 60)}${index}]]`,
    ).join("");
    const pages = { Lisbon: { wikitext: `==Districts==\n{{Regionlist${regions}}}`, at: CENTRE } } as const;
    served.answerWith(smallWiki({ pages }));
    await served.adapter().fetch(SectionKind.NEIGHBORHOODS);
    assert.ok(titlesAsked(1).length > 5 && titlesAsked(1).length <= 50);
    assert.ok((served.server().requests[1]?.url.search.length ?? 0) < 8_000);
  });

  it("answers from the city's page when those of the districts cannot be had", async () => {
    const wiki = smallWiki(WIKI);
    served.answerWith((request) =>
      request.url.searchParams.get("titles") === "Lisbon" ? wiki(request) : { status: 404, body: "" },
    );
    const [sights, food, overview] = await served
      .adapter()
      .fetchAll([SectionKind.ATTRACTIONS, SectionKind.RESTAURANTS, SectionKind.OVERVIEW]);
    assert.equal(sights?.outcome.kind, OutcomeKind.PARTIAL_CONTENT);
    assert.deepEqual(
      sights.content?.listings.map(({ title }) => title),
      ["River"],
    );
    // Nothing on one page is no "nothing there" while others are missing.
    assert.equal(food?.outcome.kind, OutcomeKind.FAILED);
    assert.equal(toReason(food.outcome.reason), "PROVIDER_RESPONSE_INVALID");
    assert.equal(overview?.outcome.kind, OutcomeKind.CONTENT);
  });

  it("leaves other titles with a page that is about another place alone", async () => {
    served.answerWith(smallWiki({ pages: { Lisbon: { wikitext: CITY, at: [46.9, -97.7] } } }));
    const results = await served.adapter().fetchAll(KINDS);
    for (const { outcome } of results) assert.equal(outcome.kind, OutcomeKind.NOTHING_FOUND);
    assert.ok(requestCount() <= 8);
  });

  const ERRORS = {
    maxlag: ["PROVIDER_UNAVAILABLE", 30_000],
    readonly: ["PROVIDER_UNAVAILABLE", 30_000],
    internal_api_error_DBQueryError: ["PROVIDER_UNAVAILABLE", 30_000],
    ratelimited: ["PROVIDER_RATE_LIMITED", 30_000],
    blocked: ["PROVIDER_ACCESS_DENIED", undefined],
    badvalue: ["PROVIDER_RESPONSE_INVALID", undefined],
    "<b>no code</b>": ["PROVIDER_RESPONSE_INVALID", undefined],
  } as const;
  for (const [code, [reason, delayMs]] of Object.entries(ERRORS)) {
    it(`takes the error ${code} of a 200 for what it is`, async () => {
      served.answerWith(() => ({
        headers: { "retry-after": "30", "mediawiki-api-error": code },
        body: JSON.stringify({ error: { code, info: "Secret words of the server.", docref: "…" } }),
      }));
      const { outcome } = await served.adapter().fetch(SectionKind.OVERVIEW);
      assert.equal(outcome.kind, OutcomeKind.FAILED);
      assert.equal(toReason(outcome.reason), reason);
      assert.equal(outcome.retryDelay && durationMs(outcome.retryDelay), delayMs);
      assert.doesNotMatch(outcome.detail, /Secret|<b>/);
      assert.equal(requestCount(), 1);
    });
  }

  it("waits a minute after a refusal that names no time", async () => {
    served.answerWith(() => ({ body: JSON.stringify({ error: { code: "ratelimited", info: "" } }) }));
    const { outcome } = await served.adapter().fetch(SectionKind.OVERVIEW);
    assert.equal(outcome.retryDelay && durationMs(outcome.retryDelay), 60_000);
  });

  it("gives the whole of Boston, of its recorded article alone", async () => {
    const pages = { Boston: { wikitext: BOSTON, at: [42.359, -71.056], wikidataId: "Q100" } } as const;
    served.answerWith(smallWiki({ pages }));
    const destination = {
      displayName: "Boston",
      region: "Massachusetts",
      countryCode: "US",
      timeZone: "America/New_York",
      location: { $typeName: "google.type.LatLng" as const, latitude: 42.3584, longitude: -71.0598 },
    };
    const results = await served
      .adapter()
      .fetchAll(KINDS, queryOf({ destination, startDate: "2026-12-30", dayCount: 3, maxListingCount: 100 }));
    assert.deepEqual(served.adapter().defects, []);
    const counts = results.map(({ content }, index) => [
      SectionKindSchema.value[KINDS[index] ?? 0]?.localName,
      content?.narratives.length,
      content?.facts.length,
      content?.listings.length,
    ]);
    assert.deepEqual(counts, [
      ["OVERVIEW", 1, 2, 0],
      ["ATTRACTIONS", 1, 0, 0],
      ["RESTAURANTS", 1, 0, 0],
      ["NEIGHBORHOODS", 0, 0, 14],
      ["EVENTS", 0, 0, 1],
      ["EXPERIENCES", 3, 0, 0],
      ["PRACTICAL", 7, 0, 0],
    ]);
  });
});
