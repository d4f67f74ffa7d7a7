import assert from "node:assert/strict";
import { climateFacts } from "../../services/content-fetcher/providers/wikivoyage/climate.ts";
import {
  districtEntries,
  neighborhoodsOf,
} from "../../services/content-fetcher/providers/wikivoyage/districts.ts";
import { eventsOf } from "../../services/content-fetcher/providers/wikivoyage/events.ts";
import { listingsOf, type RawListing } from "../../services/content-fetcher/providers/wikivoyage/listings.ts";
import {
  EAT_EXCERPTS,
  EXPERIENCE_EXCERPTS,
  introductionOf,
  narrativesOf,
  PRACTICAL_EXCERPTS,
  SEE_EXCERPTS,
} from "../../services/content-fetcher/providers/wikivoyage/narratives.ts";
import { kindOf, toListing } from "../../services/content-fetcher/providers/wikivoyage/to-listing.ts";
import { templatesOf } from "../../services/content-fetcher/providers/wikivoyage/wikitext/parse-wikitext.ts";
import {
  passagesMarkdown,
  toPassages,
} from "../../services/content-fetcher/providers/wikivoyage/wikitext/passages.ts";
import { inlineTemplates } from "../../services/content-fetcher/providers/wikivoyage/wikitext/runs.ts";
import { queryOf } from "../adapters/harness.ts";
import { articleOf, BOSTON } from "./small-wiki.ts";

const boston = articleOf("Boston", BOSTON);
const listings = listingsOf(boston);
const inBoston = { countryCode: "US", timeZone: "America/New_York" };

/** Counts by looking for the opening braces alone, without the parser. */
const countInText = (name: string): number =>
  BOSTON.split(new RegExp(String.raw`\{\{\s*${name}\s*[|}\n]`, "i")).length - 1;
/** Names as the lines of the file have them, without the parser. */
const namesInText = (): string[] =>
  [...BOSTON.matchAll(/\{\{\s*(?:listing|see|do|buy|eat|drink|sleep|go|event)\b[^{}]*?\|\s*name=([^|\n]*)/gi)]
    .map(([, name = ""]) => name.replaceAll(/[[\]]|''/g, "").trim())
    .filter((name) => name !== "");

const byName = (name: string): RawListing => {
  const found = listings.find((listing) => listing.name === name);
  assert.ok(found, `${name} is among the listings`);
  return found;
};
/** All values but the template and the section, which stands as its path. */
const fields = ({ template: _template, section, ...rest }: RawListing): object => ({
  ...rest,
  path: section.path,
});

describe("Wikivoyage's article on Boston", () => {
  it("has every listing template with a name, and every template at all", () => {
    const counts = { listing: 74, go: 2, event: 9 };
    for (const [name, count] of Object.entries(counts)) assert.equal(countInText(name), count, name);
    assert.equal(listings.length, 85);
    assert.deepEqual(
      listings.map(({ name }) => name),
      namesInText(),
    );
    const names = boston.sections.flatMap(({ nodes }) => [...templatesOf(nodes())].map(({ name }) => name));
    for (const name of [
      "listing",
      "event",
      "seeDistricts",
      "Regionlist",
      "flag",
      "dead link",
      "infobox",
      "climate",
    ])
      assert.equal(names.filter((each) => each === name.toLowerCase()).length, countInText(name), name);
  });

  it("gives each listing its section", () => {
    const counts = new Map<string, number>();
    for (const { section } of listings)
      counts.set(section.path.join(" > "), (counts.get(section.path.join(" > ")) ?? 0) + 1);
    assert.deepEqual(Object.fromEntries(counts), {
      "talk > visitor information": 6,
      "get in > by plane": 1,
      "get in > by plane > ground transportation": 2,
      "get in > by train": 3,
      "get in > by bus": 11,
      "get around > by public transit > the ride": 1,
      "get around > by bicycle": 3,
      "do > events": 9,
      "cope > publications": 8,
      "cope > consulates": 41,
    });
    assert.deepEqual(
      listings.filter((listing) => kindOf(listing) !== undefined),
      [],
      "stations, consulates and newspapers are no places to choose",
    );
  });

  it("gives each value that is there, and each position", () => {
    const filled = (key: string): number =>
      [...BOSTON.matchAll(new RegExp(String.raw`\| *${key} *= *([^|\s])`, "g"))].length;
    assert.equal(listings.filter(({ hours }) => hours !== "").length, filled("hours"));
    assert.equal(listings.filter(({ price }) => price !== "").length, filled("price"));
    assert.equal(listings.filter(({ address }) => address !== "").length, filled("address"));
    assert.equal(listings.filter(({ location }) => location !== undefined).length, filled("lat"));
    assert.equal(listings.filter(({ wikidataId }) => wikidataId !== undefined).length, filled("wikidata"));
    assert.equal(listings.filter(({ content }) => content !== "").length, filled("content"));
  });

  it("is read field by field: a visitors' centre", () => {
    assert.deepEqual(fields(byName("Boston Common Visitors Center")), {
      type: "listing",
      path: ["talk", "visitor information"],
      name: "Boston Common Visitors Center",
      alt: "",
      url: "",
      address: "139 Tremont St",
      directions: "T: Park Street",
      phone: "",
      hours: "M-Sa 8:30AM-5PM, Su 9AM-6PM",
      price: "Free",
      content: "",
      location: { latitude: 42.355468, longitude: -71.063905 },
      wikidataId: undefined,
    });
  });

  it("is read field by field: a link as name, a template as other name, a mistyped parameter", () => {
    const { content, ...rest } = fields(byName("Boston Logan International Airport")) as { content: string };
    assert.deepEqual(rest, {
      type: "listing",
      path: ["get in", "by plane"],
      name: "Boston Logan International Airport",
      alt: "IATA: BOS",
      url: "",
      address: "",
      directions: "",
      phone: "+1 800 23-LOGAN",
      hours: "",
      price: "",
      location: undefined,
      wikidataId: undefined,
    });
    assert.match(
      content,
      /^It's modern, clean, .* Of course this is America after all, .* a hundred other things\.$/,
    );
  });

  it("is read field by field: a type, long directions, a station with its item, a dead link", () => {
    const bus = byName("Flixbus");
    assert.equal(bus.type, "go");
    assert.match(bus.directions, /^Pickup area is in an LAZ parking lot\./);
    assert.equal(
      bus.content,
      "Only to/from New York. They also have another stop at 38 Professors Row in Tufts University.",
    );
    const { location, wikidataId, address } = byName("South Station");
    assert.deepEqual(
      [location, wikidataId, address],
      [{ latitude: 42.3519, longitude: -71.0551 }, "Q54453", "700 Atlantic Ave"],
    );
    assert.equal(byName("LimoLiner").url, "");
    assert.equal(byName("Logan Express").price, "Between $3 and $9 to airport, Free returns");
    assert.equal(byName("Massachusetts Bay Transportation Authority").alt, '"The T" Ⓣ');
    assert.equal(byName("Colombia").phone, "+1 617-536-6222 (Ext. 202)");
  });

  it("has the districts of the region list and of its items, and not the towns beside", () => {
    const entries = districtEntries(boston);
    assert.deepEqual(
      entries.map(({ name, title }) => [name, title]),
      [
        ["Central", undefined],
        ["Downtown", "Boston/Downtown"],
        ["North End–West End", "Boston/North End"],
        ["Back Bay–Beacon Hill", "Boston/Back Bay-Beacon Hill"],
        ["Fenway/Kenmore", "Boston/Fenway-Kenmore"],
        ["South End", "Boston/South End"],
        ["South Boston", "Boston/South Boston"],
        ["Charlestown", "Boston/Charlestown"],
        ["East Boston", "Boston/East Boston"],
        ["Allston/Brighton", "Boston/Allston-Brighton"],
        ["Jamaica Plain–Mission Hill", "Boston/Jamaica Plain-Mission Hill"],
        ["Dorchester", "Boston/Dorchester"],
        ["Roxbury", "Boston/Roxbury"],
        ["Outer Neighborhoods", "Boston/Outer Neighborhoods"],
      ],
    );
    const neighborhoods = neighborhoodsOf(boston, { articles: [], renamed: new Map() });
    assert.deepEqual(
      neighborhoods.map(({ title }) => title),
      entries.map(({ name }) => name),
    );
    const fenway = neighborhoods.find(({ title }) => title === "Fenway/Kenmore");
    assert.match(
      fenway?.summary ?? "",
      /^Perhaps most recognized as the home of Fenway Park and .* in the world\.$/,
    );
    assert.deepEqual(fenway?.details, {
      case: "neighborhood",
      value: { highlights: ["Fenway Park", "Museum of Fine Arts"] },
    });
  });

  it("has the events that fall on the days of the trip", () => {
    const titles = (startDate: string, dayCount: number): (string | undefined)[] =>
      eventsOf(boston, queryOf({ startDate, dayCount, destination: inBoston })).map(({ title }) => title);
    assert.deepEqual(titles("2026-12-29", 5), ["First Night"]);
    assert.deepEqual(titles("2027-01-01", 1), ["First Night"]);
    assert.deepEqual(titles("2027-03-15", 4), ["Evacuation Day"]);
    assert.deepEqual(titles("2027-07-01", 30), ["Independence Day"]);
    assert.deepEqual(titles("2027-09-01", 2), ["Allston Christmas"]);
    // Six are dated in words only.
    assert.deepEqual(titles("2027-04-01", 30), []);
  });

  it("has a climate table, in the units of the rest of the guide", () => {
    const facts = climateFacts(boston, queryOf({ startDate: "2026-12-30", dayCount: 4 }));
    assert.deepEqual(
      facts.map(({ key, label, value }) => [key, label, value]),
      [
        [
          "climate-december",
          "Climate in December",
          "Daily highs 5.7 °C (42 °F), nightly lows -1.6 °C (29 °F), precipitation 109 mm (4.3 in), snowfall 23 cm (9 in)",
        ],
        [
          "climate-january",
          "Climate in January",
          "Daily highs 2.7 °C (37 °F), nightly lows -4.9 °C (23 °F), precipitation 86 mm (3.4 in), snowfall 36 cm (14.3 in)",
        ],
      ],
    );
  });

  const narratives = [
    introductionOf(boston) ?? {},
    ...[PRACTICAL_EXCERPTS, SEE_EXCERPTS, EAT_EXCERPTS, EXPERIENCE_EXCERPTS].flatMap((excerpts) =>
      narrativesOf(boston, excerpts),
    ),
  ];

  it("has its texts under stable keys, each within the limit and ending with a sentence or an item", () => {
    assert.deepEqual(
      narratives.map(({ key, heading }) => [key, heading]),
      [
        ["introduction", ""],
        ["visitor-information", "Tourist information"],
        ["talk", "Talk"],
        ["get-in", "Get in"],
        ["get-around", "Get around"],
        ["connect", "Connect"],
        ["stay-safe", "Stay safe"],
        ["cope", "Cope"],
        ["see", "See"],
        ["eat", "Eat"],
        ["do", "Do"],
        ["drink", "Drink"],
        ["buy", "Buy"],
      ],
    );
    for (const { key, text = "", languageCode } of narratives) {
      assert.ok(text.length > 50 && text.length <= 4000, `${key}: ${text.length}`);
      assert.equal(languageCode, "en");
      if (key !== "cope" && key !== "visitor-information") assert.match(text, /[.!?)"]$/, String(key));
    }
  });

  it("tells of every way to get in, although the section is five times too long", () => {
    const { text = "" } = narratives.find(({ key }) => key === "get-in") ?? {};
    for (const heading of ["By plane", "Ground transportation", "By train", "By bus", "By car", "By boat"])
      assert.match(text, new RegExp(String.raw`^\*\*${heading}\*\*$`, "m"));
    assert.match(text, /^- \*\*Amtrak\*\*, \+1 215-856-7924\. Boston is served by the national/m);
    assert.doesNotMatch(text, /Terminal !!|wikitable/);
  });

  it("has no wiki markup left in any text", () => {
    const texts = [
      ...listings.flatMap((raw) => {
        const { title, summary, address } = toListing(raw, boston, { case: undefined });
        return [
          raw.name,
          raw.alt,
          raw.content,
          raw.hours,
          raw.price,
          raw.phone,
          raw.directions,
          title,
          summary,
          address,
        ];
      }),
      ...narratives.flatMap(({ text, heading }) => [text, heading]),
      ...neighborhoodsOf(boston, { articles: [], renamed: new Map() }).flatMap(({ title, summary }) => [
        title,
        summary,
      ]),
      ...boston.sections.map(({ nodes }) => passagesMarkdown(toPassages(nodes(), inlineTemplates))),
      ...boston.sections.map(({ heading }) => heading),
    ];
    assert.ok(texts.length > 900, String(texts.length));
    const MARKUP =
      /\[\[|\]\]|\{\{|\}\}|''|<\/?[a-z!]|&[a-z#]\w*;|\[https?:|\{\||\|\}|^\||\|\s*\w+\s*=|\|-|==|thumb\||__|File:|lastedit|\b(?:lat|long)=/im;
    for (const text of texts) assert.doesNotMatch(text ?? "", MARKUP);
    // Of plain text and CommonMark alike: Boston's prose has no bar.
    for (const { text } of narratives) assert.doesNotMatch(text ?? "", /\|/);
  });
});
