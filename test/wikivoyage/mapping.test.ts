import assert from "node:assert/strict";
import * as fc from "fast-check";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import {
  attractionCategoryOf,
  cuisinesOf,
  dietsOf,
  priceLevelOf,
} from "../../services/content-fetcher/providers/wikivoyage/headings.ts";
import { listingsOf } from "../../services/content-fetcher/providers/wikivoyage/listings.ts";
import { toPrice } from "../../services/content-fetcher/providers/price.ts";
import {
  detailsOf,
  fairShare,
  kindOf,
  toListing,
  type ListingInit,
} from "../../services/content-fetcher/providers/wikivoyage/to-listing.ts";
import { articleOf } from "./small-wiki.ts";

/** Listings of an article, each with its kind. */
const read = (
  wikitext: string,
  countryCode = "PT",
): Map<string, ListingInit & { kind: SectionKind | undefined }> => {
  const article = articleOf("Lisbon", wikitext, { location: { latitude: 38.7, longitude: -9.1 } });
  return new Map(
    listingsOf(article).map((raw) => [
      raw.name,
      { ...toListing(raw, article, detailsOf(raw, countryCode, kindOf(raw))), kind: kindOf(raw) },
    ]),
  );
};

describe("listings of an article", () => {
  it("belong to the kind of their section, or of their own template within such sections", () => {
    const found = read(`
==See==
{{listing|name=a}}{{do|name=b}}{{sleep|name=c}}
===Parks===
{{see|name=d}}{{listing|type=eat|name=e}}{{listing|type=nonsense|name=f}}
==Drink==
{{drink|name=g}}{{drink|name=Kayaba Coffee}}
===Cafés===
{{drink|name=h}}
==Sleep==
{{see|name=i}}{{eat|name=j}}
==Get in==
{{see|name=k}}
==Go next==
{{see|name=l}}
==Buy==
{{buy|name=m}}
==Eat and drink==
{{listing|name=n}}`);
    const { ATTRACTIONS, EXPERIENCES, RESTAURANTS } = SectionKind;
    assert.deepEqual(Object.fromEntries([...found].map(([name, { kind }]) => [name, kind])), {
      a: ATTRACTIONS,
      b: EXPERIENCES,
      c: undefined,
      d: ATTRACTIONS,
      e: RESTAURANTS,
      f: ATTRACTIONS,
      g: EXPERIENCES,
      "Kayaba Coffee": RESTAURANTS,
      h: RESTAURANTS,
      i: undefined,
      j: undefined,
      k: undefined,
      l: undefined,
      m: EXPERIENCES,
      n: RESTAURANTS,
    });
  });

  it("have the categories that their headings state, and no others", () => {
    const found = read(`
==See==
{{see|name=Plain}}
===Museums and galleries===
{{see|name=City Museum}}{{see|name=Something}}
===Old town===
{{see|name=The Castle}}
==Do==
{{do|name=Swim}}
===Tours===
{{do|name=Ride}}
==Drink==
{{drink|name=Bar}}
==Buy==
{{buy|name=Shop}}`);
    const category = (name: string): string | undefined => {
      const details = found.get(name)?.details;
      return details?.case === "attraction" || details?.case === "experience" ? details.value.category : "?";
    };
    assert.deepEqual(
      [...found.keys()].map((name) => [name, category(name)]),
      [
        ["Plain", ""],
        ["City Museum", "museum"],
        ["Something", ""],
        ["The Castle", ""],
        ["Swim", "activity"],
        ["Ride", "tour"],
        ["Bar", "nightlife"],
        ["Shop", "shopping"],
      ],
    );
  });

  it("have price levels, cuisines and diets of their headings", () => {
    const found = read(`
==Eat==
===Budget===
{{eat|name=a}}
===Mid-range===
====Italian food====
{{eat|name=b}}
===Splurge===
{{eat|name=c}}
===Vegetarian and vegan===
{{eat|name=d}}
===Old town===
{{eat|name=e}}`);
    const details = (name: string): unknown => found.get(name)?.details;
    const restaurant = (
      priceLevel: number,
      cuisines: string[] = [],
      dietaryTags: string[] = [],
    ): unknown => ({
      case: "restaurant",
      value: { cuisines, priceLevel, dietaryTags },
    });
    assert.deepEqual(details("a"), restaurant(1));
    assert.deepEqual(details("b"), restaurant(2, ["italian"]));
    assert.deepEqual(details("c"), restaurant(4));
    assert.deepEqual(details("d"), restaurant(0, [], ["vegetarian"]));
    assert.deepEqual(details("e"), restaurant(0));
  });

  it("carry what the template says, and drop what is computed or cannot be", () => {
    const found = read(`
==See==
{{see
| name=Tower | alt=''Torre'' | url=https://tower.test/ | email=
| address=1 Quay | lat=38.69159 | long=-9.21598 | directions=tram 15
| phone= | tollfree=+351 800 | hours=Tu-Su 10AM-5PM | price=€15
| wikidata=Q215003 | content=Old [[tower]].
}}
{{see|name=Computed|lat={{#invoke:x|lat}}|long={{#invoke:x|long}}|url={{#invoke:x|url}}|wikidata=none}}
{{see|name={{label|Q1|en}}|content=x}}
{{see|name=Degrees|lat=38°41′30″N|long=9°12′57″W|url=www.x.test}}
{{see|name=Lost sign|lat=38.7|long=9.1|url=javascript:alert(1)}}
{{see|name=Half|lat=38.7|long=|directions=${"far ".repeat(30)}}}
{{see|name=Nowhere|lat=0|long=0}}`);
    const { kind: _kind, citations: _citations, details: _details, ...tower } = found.get("Tower") ?? {};
    assert.deepEqual(tower, {
      key: "q215003",
      title: "Tower",
      alternateTitles: ["Torre"],
      summary: "Also: Torre. Old tower.",
      languageCode: "en",
      location: { latitude: 38.69159, longitude: -9.21598 },
      address: "1 Quay (tram 15)",
      phone: "+351 800",
      websiteUri: "https://tower.test/",
      openingHours: "Tu-Su 10AM-5PM",
      wikidataId: "Q215003",
    });
    assert.deepEqual([...found.keys()], ["Tower", "Computed", "Degrees", "Lost sign", "Half", "Nowhere"]);
    const computed = found.get("Computed");
    assert.deepEqual(
      [computed?.location, computed?.websiteUri, computed?.wikidataId],
      [undefined, "", undefined],
    );
    const degrees = found.get("Degrees");
    assert.ok(Math.abs((degrees?.location?.latitude ?? 0) - 38.69167) < 1e-4);
    assert.ok(Math.abs((degrees?.location?.longitude ?? 0) + 9.21583) < 1e-4);
    assert.equal(degrees?.websiteUri, "");
    assert.deepEqual([found.get("Lost sign")?.location, found.get("Lost sign")?.websiteUri], [undefined, ""]);
    assert.equal(found.get("Half")?.location, undefined);
    assert.equal(found.get("Half")?.address, "");
    assert.match(found.get("Half")?.summary ?? "", /^far far/);
    assert.equal(found.get("Nowhere")?.location, undefined);
  });

  it("are cited with their own article, its licence and its last edit", () => {
    const citation = read("==See==\n{{see|name=a}}").get("a")?.citations?.[0];
    assert.equal(citation?.uri, "https://en.wikivoyage.org/wiki/Lisbon");
    assert.equal(citation.title, "Wikivoyage: Lisbon");
    assert.equal(citation.license, "CC-BY-SA-4.0");
    assert.equal(citation.provider, "providers/wikivoyage");
    assert.equal(citation.publishTime?.seconds, BigInt(Date.parse("2026-10-02T08:14:11Z") / 1000));
  });

  it("have summaries of at most 600 characters, cut at a sentence", () => {
    const sentence = "This place is worth a visit on any day of the week. ";
    const summary = read(`==See==\n{{see|name=a|content=${sentence.repeat(20)}}}`).get("a")?.summary ?? "";
    assert.ok(summary.length <= 600 && summary.length > 540 && summary.endsWith("week."));
  });
});

describe("headings", () => {
  it("count innermost first, and only whole", () => {
    assert.equal(priceLevelOf(["eat", "splurge", "budget"]), 1);
    assert.equal(priceLevelOf(["eat", "budget hotels"]), 0);
    assert.deepEqual(cuisinesOf(["eat", "chinese", "dim sum"]), ["dim-sum"]);
    assert.deepEqual(cuisinesOf(["eat", "chinatown"]), []);
    assert.deepEqual(dietsOf(["eat", "halal food"]), ["halal"]);
    assert.equal(attractionCategoryOf(["see", "parks & gardens"], "Royal Park"), "");
    assert.equal(attractionCategoryOf(["see", "parks and gardens"], "Royal Park"), "park");
    assert.equal(attractionCategoryOf(["see", "constructor"], "x"), "");
  });
});

describe("prices", () => {
  const amounts = (text: string, countryCode = "US"): unknown => {
    const { minAmount, maxAmount } = toPrice(text, countryCode);
    return minAmount === undefined
      ? undefined
      : [minAmount, maxAmount].map(
          (money) => `${money?.currencyCode} ${Number(money?.units ?? -1n) + (money?.nanos ?? 0) / 1e9}`,
        );
  };

  it("are read when they are one amount or one range", () => {
    assert.deepEqual(amounts("$99 one way"), ["USD 99", "USD 99"]);
    assert.deepEqual(amounts("€12.50"), ["EUR 12.5", "EUR 12.5"]);
    assert.deepEqual(amounts("5-8 €"), ["EUR 5", "EUR 8"]);
    assert.deepEqual(amounts("€5–€8"), ["EUR 5", "EUR 8"]);
    assert.deepEqual(amounts("¥1,500", "JP"), ["JPY 1500", "JPY 1500"]);
    assert.deepEqual(amounts("¥30", "CN"), ["CNY 30", "CNY 30"]);
    assert.deepEqual(amounts("CHF 20"), ["CHF 20", "CHF 20"]);
    assert.deepEqual(amounts("£7", "GB"), ["GBP 7", "GBP 7"]);
    assert.deepEqual(amounts("120 kr", "SE"), ["SEK 120", "SEK 120"]);
    assert.deepEqual(amounts("Free"), ["USD 0", "USD 0"]);
    assert.deepEqual(amounts("free admission", "PT"), ["EUR 0", "EUR 0"]);
  });

  it("stay text when anything is uncertain", () => {
    for (const text of [
      "$10/one day, $20/month",
      "from $79 one way",
      "Between $3 and $9 to airport, Free returns",
      "€12, children free",
      "adults €8 / students €4",
      "$5+",
      "about €10",
      "15",
      "€8-5",
      "€10 or ¥20",
      "Free, museum €2.50",
      "1.500 €",
      "donation",
      "Mains €",
    ])
      assert.equal(amounts(text), undefined, text);
    // Dollars of a country whose own money is another.
    assert.equal(amounts("$5", "KH"), undefined);
    assert.equal(amounts("Free", ""), undefined);
  });

  it("keep their text, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom("US", "PT", ""), (text, country) => {
        assert.equal(toPrice(text, country).text, text);
      }),
    );
  });
});

describe("a fair share", () => {
  const list = (name: string, count: number): ListingInit[] =>
    Array.from({ length: count }, (_, index) => ({ key: `${name}${index}`, title: name }));
  const keys = (listings: readonly ListingInit[]): string => listings.map(({ key }) => key).join(" ");

  it("gives every article its turn, and keeps the order of the articles", () => {
    assert.equal(keys(fairShare([list("a", 5), list("b", 1), list("c", 3)], 6)), "a0 a1 a2 b0 c0 c1");
    assert.equal(keys(fairShare([list("a", 2), list("b", 2)], 10)), "a0 a1 b0 b1");
    assert.equal(keys(fairShare([], 10)), "");
  });
  it("takes each key once", () => {
    assert.equal(keys(fairShare([list("a", 2), list("a", 3)], 10)), "a0 a1 a2");
  });
  it("never exceeds the limit, and fills it when there is enough", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(8), { maxLength: 8 }), fc.nat(40), (sizes, max) => {
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const shared = fairShare(
          sizes.map((size, index) => list(String.fromCodePoint(97 + index), size)),
          max,
        );
        assert.equal(shared.length, Math.min(max, total));
      }),
    );
  });
});
